package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// safe makes text from data harmless on a terminal: what would move the cursor,
// change colours, hide or turn the direction of writing is shown as its escape.
// Line ends are among it, so the result is one line.
func safe(text string) string {
	if strings.IndexFunc(text, hidden) < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for text != "" {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case hidden(r):
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
		text = text[n:]
	}
	return b.String()
}

// hidden tells of characters that are not seen but do something: controls, and
// the format characters, among which are those of direction.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

func escape(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// safeJSON writes hidden characters of a JSON text as escapes, which mean the
// same: they can stand nowhere but inside its strings. Line ends between its
// tokens stay.
func safeJSON(text []byte) []byte {
	var b strings.Builder
	for _, r := range string(text) {
		switch {
		case r == '\n' || !hidden(r):
			b.WriteRune(r)
		case r > 0xffff:
			const first, low = 0xd800, 0xdc00
			r -= 0x10000
			b.WriteString(escape(first+r>>10) + escape(low+r&0x3ff))
		default:
			b.WriteString(escape(r))
		}
	}
	return []byte(b.String())
}
