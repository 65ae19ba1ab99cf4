package sqlstore

import (
	"strconv"
	"strings"
)

// array is an array in PostgreSQL's own text form, written element by element:
// {1,2}, or with rows {{"a","b"},{"c","d"}}. As text it needs nothing of the
// driver, and costs no allocation for each element. The zero value is empty.
//
// Source: PostgreSQL 15, 8.15.2 Array Value Input.
type array struct {
	text strings.Builder
	next bool // a comma stands before the next element
}

// grow makes room for so many bytes more.
func (a *array) grow(bytes int) { a.text.Grow(bytes) }

func (a *array) comma() {
	if a.next {
		a.text.WriteByte(',')
	} else if a.text.Len() == 0 {
		a.text.WriteByte('{')
	}
	a.next = true
}

// row begins a row of an array of two dimensions; end ends it.
func (a *array) row() {
	a.comma()
	a.text.WriteByte('{')
	a.next = false
}

func (a *array) end() {
	a.text.WriteByte('}')
	a.next = true
}

// strings adds texts.
func (a *array) strings(all ...string) {
	for _, s := range all {
		a.comma()
		a.text.WriteByte('"')
		for {
			i := strings.IndexAny(s, `"\`)
			if i < 0 {
				break
			}
			a.text.WriteString(s[:i])
			a.text.WriteByte('\\')
			a.text.WriteByte(s[i])
			s = s[i+1:]
		}
		a.text.WriteString(s)
		a.text.WriteByte('"')
	}
}

// ints adds numbers.
func (a *array) ints(all ...int64) {
	var digits [20]byte
	for _, n := range all {
		a.comma()
		a.text.Write(strconv.AppendInt(digits[:0], n, 10))
	}
}

// null adds NULL.
func (a *array) null() {
	a.comma()
	a.text.WriteString("NULL")
}

// bytes adds a byte string; nil is NULL.
func (a *array) bytes(b []byte) {
	if b == nil {
		a.null()
		return
	}
	const digits = "0123456789abcdef"
	a.comma()
	a.text.WriteString(`"\\x`)
	for _, c := range b {
		a.text.WriteByte(digits[c>>4])
		a.text.WriteByte(digits[c&15])
	}
	a.text.WriteByte('"')
}

// String is the whole array.
func (a *array) String() string {
	if a.text.Len() == 0 {
		return "{}"
	}
	a.text.WriteByte('}')
	return a.text.String()
}
