// Command apidoc writes docs/api.md from the contract of the HTTP API.
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/onbehalf/onbehalf/adapters/httpapi"
)

//go:generate go run . ../../../../docs/api.md

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: apidoc FILE")
	}
	doc, err := openapi3.NewLoader().LoadFromData(httpapi.Contract())
	if err != nil {
		log.Fatalf("read the contract: %v", err)
	}
	if err := os.WriteFile(os.Args[1], render(doc), 0o600); err != nil {
		log.Fatal(err)
	}
}

type route struct {
	*openapi3.Operation

	method, path string
}

func render(doc *openapi3.T) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# HTTP API\n\n<!-- Made from adapters/httpapi/openapi.yaml by `make generate`. -->\n\n%s\n", strings.TrimSpace(doc.Info.Description))
	fmt.Fprint(&b, "\nThe contract itself is `adapters/httpapi/openapi.yaml`; a handler serves it as `/openapi.yaml`.\n")
	var routes []route
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			routes = append(routes, route{o, method, path})
		}
	}
	slices.SortFunc(routes, func(x, y route) int { return cmp.Or(cmp.Compare(x.path, y.path), cmp.Compare(x.method, y.method)) })
	fmt.Fprint(&b, "\n## Routes\n")
	for _, tag := range doc.Tags {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| route | does | takes | brings |\n|---|---|---|---|\n", strings.ToUpper(tag.Name[:1])+tag.Name[1:], tag.Description)
		for _, r := range routes {
			if slices.Contains(r.Tags, tag.Name) {
				fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s |\n", r.method, r.path, cell(r.Summary), takes(r), brings(r))
			}
		}
	}
	parameters(&b, doc, routes)
	fmt.Fprint(&b, "\n## Types\n\nFields in bold are always there; those of requests are required.\n")
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		schema(&b, name, doc.Components.Schemas[name].Value)
	}
	return b.Bytes()
}

func takes(r route) string {
	var parts []string
	if r.RequestBody != nil {
		parts = append(parts, typeOf(r.RequestBody.Value.Content.Get("application/json").Schema))
	}
	for _, p := range r.Parameters {
		if p.Value.In == openapi3.ParameterInQuery {
			parts = append(parts, "`"+p.Value.Name+"`")
		}
	}
	for _, p := range r.Parameters {
		if p.Value.In == openapi3.ParameterInHeader {
			parts = append(parts, "`"+p.Value.Name+"`")
		}
	}
	return strings.Join(parts, ", ")
}

func brings(r route) string {
	for _, status := range []string{"200", "201"} {
		got := r.Responses.Value(status)
		if got == nil {
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(got.Value.Content)) {
			if kind == "application/json" {
				return status + " " + typeOf(got.Value.Content[kind].Schema)
			}
			return status + " `" + kind + "`"
		}
	}
	return ""
}

// parameters lists each parameter once, by what it is.
func parameters(b *bytes.Buffer, doc *openapi3.T, routes []route) {
	seen := map[string]*openapi3.Parameter{}
	add := func(p *openapi3.Parameter) { seen[p.In+" "+p.Name] = p }
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Parameters)) {
		add(doc.Components.Parameters[name].Value)
	}
	for _, r := range routes {
		for _, p := range r.Parameters {
			if p.Ref == "" {
				add(p.Value)
			}
		}
	}
	fmt.Fprint(b, "\n## Parameters\n\n| in | name | type | meaning |\n|---|---|---|---|\n")
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		p := seen[key]
		fmt.Fprintf(b, "| %s | `%s` | %s | %s |\n", p.In, p.Name, typeOf(p.Schema), cell(p.Description))
	}
}

func schema(b *bytes.Buffer, name string, s *openapi3.Schema) {
	fmt.Fprintf(b, "\n### %s\n\n", name)
	if s.Description != "" {
		fmt.Fprintf(b, "%s\n", s.Description)
	}
	if len(s.Properties) == 0 {
		if text := plain(s); text != "" {
			fmt.Fprintf(b, "%s%s.\n", map[bool]string{true: "\n"}[s.Description != ""], text)
		}
		return
	}
	if s.Description != "" {
		fmt.Fprintln(b)
	}
	fmt.Fprint(b, "| field | type | meaning |\n|---|---|---|\n")
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[field]
		shown := "`" + field + "`"
		if slices.Contains(s.Required, field) {
			shown = "**" + shown + "**"
		}
		meaning := ""
		if p.Ref == "" {
			meaning = p.Value.Description
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", shown, typeOf(p), cell(meaning))
	}
}

// typeOf names a type, with a link where it has a section of its own.
func typeOf(s *openapi3.SchemaRef) string {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	}
	return plain(s.Value)
}

func plain(s *openapi3.Schema) string {
	switch {
	case len(s.Enum) > 0:
		words := make([]string, 0, len(s.Enum))
		for _, v := range s.Enum {
			words = append(words, fmt.Sprintf("`%v`", v))
		}
		return strings.Join(words, ", ")
	case s.Type == nil:
		return ""
	case s.Items != nil:
		return "list of " + typeOf(s.Items)
	case s.AdditionalProperties.Schema != nil:
		return "map to " + typeOf(s.AdditionalProperties.Schema)
	case s.Format != "":
		return s.Format
	}
	return strings.Join(s.Type.Slice(), " or ")
}

func cell(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "|", "\\|") }
