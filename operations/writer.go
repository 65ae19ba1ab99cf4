package operations

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// writer appends JSON; the first error stays. The …Or methods leave a zero
// value out, as omitempty and omitzero do.
type writer struct {
	b   []byte
	err error

	legs     []accounts.Posting // those that were written last
	from, to int                // and where
}

func (w *writer) begin() { w.b = append(w.b, '{') }

func (w *writer) end() { w.b = append(w.b, '}') }

// key begins a field; field names need no escaping.
func (w *writer) key(name string) {
	b := w.b
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(b, '"'), name...)
	b = append(b, '"', ':')
	w.b = b
}

func (w *writer) list(n int, null bool, item func(i int)) {
	if null {
		w.b = append(w.b, "null"...)
		return
	}
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		item(i)
	}
	w.b = append(w.b, ']')
}

func (w *writer) int(name string, n int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *writer) intOr(name string, n int64) {
	if n != 0 {
		w.int(name, n)
	}
}

// yes writes what is so, and nothing of what is not.
func (w *writer) yes(name string, so bool) {
	if so {
		w.key(name)
		w.b = append(w.b, "true"...)
	}
}

func (w *writer) text(name, s string) {
	w.key(name)
	w.value(name, s)
}

func (w *writer) value(name, s string) {
	if !plain(s) {
		if !utf8.ValidString(s) { // it would not read back as it was
			w.fail(tenancy.Invalid(name, "is not valid UTF-8"))
		}
		w.other(s)
		return
	}
	b := append(w.b, '"') //nolint:gocritic // it becomes w.b again
	b = append(append(b, s...), '"')
	w.b = b
}

func (w *writer) textOr(name, s string) {
	if s != "" {
		w.text(name, s)
	}
}

// plain tells whether JSON writes the text as it stands.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

func (w *writer) time(name string, t time.Time) {
	w.key(name)
	if t.Location() != time.UTC || t.Year() < 0 || t.Year() > 9999 {
		w.other(t)
		return
	}
	w.b = append(w.b, '"')
	w.b = t.AppendFormat(w.b, time.RFC3339Nano)
	w.b = append(w.b, '"')
}

func (w *writer) timeOr(name string, t time.Time) {
	if !t.IsZero() {
		w.time(name, t)
	}
}

func (w *writer) hash(name string, h Hash) {
	w.key(name)
	w.b = append(w.b, '"')
	w.b = hex.AppendEncode(w.b, h[:])
	w.b = append(w.b, '"')
}

func (w *writer) hashOr(name string, h Hash) {
	if !h.IsZero() {
		w.hash(name, h)
	}
}

func (w *writer) amount(name string, a accounts.Amount) {
	w.key(name)
	w.b = append(w.b, '"')
	var err error
	w.b, err = a.AppendText(w.b)
	w.fail(err)
	w.b = append(w.b, '"')
}

func (w *writer) otherOr(name string, there bool, v any) {
	if there {
		w.key(name)
		w.other(v)
	}
}

func (w *writer) other(v any) {
	b, err := json.Marshal(v)
	w.fail(err)
	w.b = append(w.b, b...)
}

func (w *writer) fail(err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("encode: %w", err)
	}
}

// texts writes an object by its keys, ascending.
func (w *writer) texts(m map[string]string) {
	var few [8]string
	names := few[:0]
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	w.begin()
	for i, name := range names {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.value(name, name)
		w.b = append(w.b, ':')
		w.value(name, m[name])
	}
	w.end()
}
