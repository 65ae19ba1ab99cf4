package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/onbehalf/onbehalf/accounts"
)

// view is the answer of a command: its JSON is for programs, draw is for people.
type view interface{ draw(p *page) }

// out is where answers go: results to one writer, keys and errors to the other.
type out struct {
	stdout, stderr io.Writer
	json           bool
	assets         accounts.Assets
}

func (o *out) page(w io.Writer) *page {
	return &page{w: w, colour: !o.json && coloured(w), assets: o.assets}
}

// show writes one answer.
func (o *out) show(v view) error {
	if o.json {
		return writeJSON(o.stdout, v)
	}
	p := o.page(o.stdout)
	v.draw(p)
	return p.err
}

// fail writes the error a command ends with, and the key it was sent under.
func (o *out) fail(err error, key string) {
	d := failureOf(err, key)
	if o.json {
		_ = writeJSON(o.stderr, d) // there is nowhere left to tell of an error
		return
	}
	d.draw(o.page(o.stderr))
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	_, err := w.Write(safeJSON(b.Bytes()))
	return err
}
