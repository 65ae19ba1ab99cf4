package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/onbehalf/onbehalf/tenancy"
)

// checkBody holds a JSON text against the type it is to be read as: package
// encoding/json lets a name come twice or in another case, ignores what it does
// not know and what follows the document, and mends text that is none. Here each
// of them is malformed, as is null, a name that is missing and a value of another
// kind.
func checkBody(text []byte, as reflect.Type) error {
	if !utf8.Valid(text) {
		return tenancy.Invalid("body", "is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	s := &strict{d: d}
	if !s.value(as, "body") {
		return errors.Join(s.errs...)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		s.wrong("body", "has something after its end")
	}
	return errors.Join(s.errs...)
}

// maxFaults is how many malformed fields are told at most.
const maxFaults = 32

type strict struct {
	d    *json.Decoder
	errs []error
}

func (s *strict) wrong(field, problem string) bool {
	s.errs = append(s.errs, tenancy.Invalid(field, problem))
	return len(s.errs) < maxFaults
}

// stop is wrong for what cannot be read on.
func (s *strict) stop(field, problem string) bool {
	s.wrong(field, problem)
	return false
}

// value reads one value, and is false where nothing more can be read.
func (s *strict) value(as reflect.Type, field string) bool {
	for as.Kind() == reflect.Pointer {
		as = as.Elem()
	}
	token, err := s.d.Token()
	if err != nil {
		return s.stop("body", "is not well-formed JSON")
	}
	switch t := token.(type) {
	case json.Delim:
		switch {
		case t == '{' && as.Kind() == reflect.Struct && !textual(as):
			return s.object(members(as), nil, field)
		case t == '{' && as.Kind() == reflect.Map:
			return s.object(nil, as.Elem(), field)
		case t == '[' && (as.Kind() == reflect.Slice || listed(as)):
			return s.array(as, field)
		}
		return s.stop(field, "is of another kind")
	case string:
		if strings.ContainsRune(t, utf8.RuneError) {
			return s.wrong(field, "has a character that is none")
		}
		if as.Kind() != reflect.String && !textual(as) {
			return s.wrong(field, "is of another kind")
		}
	case bool:
		if as.Kind() != reflect.Bool {
			return s.wrong(field, "is of another kind")
		}
	case json.Number:
		if as.Kind() == reflect.String {
			return s.wrong(field, "is a number and must be a string")
		}
		if as.Kind() != reflect.Int && as.Kind() != reflect.Int64 {
			return s.wrong(field, "is of another kind")
		}
		if n, err := strconv.ParseInt(t.String(), 10, 32); err != nil || strconv.FormatInt(n, 10) != t.String() {
			return s.wrong(field, "is not a whole number of plain digits, or is too large")
		}
	default:
		return s.wrong(field, "is null")
	}
	return true
}

// textual tells whether a type is written as a string though it is a struct: a time.
func textual(as reflect.Type) bool { return as.PkgPath() == "time" && as.Name() == "Time" }

// listed tells whether a type that is no slice is written as a list of strings.
func listed(as reflect.Type) bool { return as == reflect.TypeFor[tenancy.Permissions]() }

func (s *strict) array(as reflect.Type, field string) bool {
	of := reflect.TypeFor[string]()
	if as.Kind() == reflect.Slice {
		of = as.Elem()
	}
	for s.d.More() {
		if !s.value(of, field) {
			return false
		}
	}
	return s.end()
}

// end reads the end of an object or array.
func (s *strict) end() bool {
	if _, err := s.d.Token(); err != nil {
		return s.stop("body", "is not well-formed JSON")
	}
	return true
}

// object reads the members of an object: those of a struct, or any with values of
// one type.
func (s *strict) object(known map[string]member, values reflect.Type, field string) bool {
	seen := map[string]bool{}
	prefix := strings.TrimPrefix(field+".", "body.")
	for s.d.More() {
		token, err := s.d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return s.stop("body", "is not well-formed JSON")
		}
		m, ok := known[name]
		if known == nil {
			m, ok = member{of: values}, len(seen) < maxFaults
		}
		if !ok || strings.ContainsRune(name, utf8.RuneError) {
			return s.stop(field, "has a name that is not known here")
		}
		if seen[name] {
			return s.stop(field, "has a name twice")
		}
		seen[name] = true
		at := prefix + name
		if known == nil {
			at = field
		}
		if !s.value(m.of, at) {
			return false
		}
	}
	for name, m := range known {
		if m.required && !seen[name] && !s.wrong(prefix+name, "is required") {
			return false
		}
	}
	return s.end()
}

type member struct {
	of       reflect.Type
	required bool
}

// members are the fields of a struct by their names in JSON.
func members(as reflect.Type) map[string]member {
	all := map[string]member{}
	for f := range as.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		all[name] = member{f.Type, !strings.Contains(options, "omit")}
	}
	return all
}
