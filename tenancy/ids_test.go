package tenancy_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/tenancy"
)

func TestCheckIDAcceptsTheDocumentedSet(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"a", "Z", "0", "acme", "ana@example.com", "a_b-c.d@e", "a..b",
		"0192f0c1-7e4b-7c3a-9d55-2f8e6a1b3c4d", strings.Repeat("x", 64), string(tenancy.House),
	} {
		require.NoError(t, tenancy.CheckID("customer", id), id)
	}
}

func TestCheckIDRefusesLookAlikes(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"empty":                   "",
		"65 bytes":                strings.Repeat("x", 65),
		"a megabyte":              strings.Repeat("x", 1<<20),
		"trailing space":          "acme ",
		"leading space":           " acme",
		"trailing dot":            "acme.",
		"leading dot":             ".acme",
		"trailing hyphen":         "acme-",
		"leading underscore":      "_acme",
		"trailing at":             "acme@",
		"dots alone":              "..",
		"NUL":                     "ac\x00me",
		"line end":                "acme\n",
		"composed accent":         "caf\u00e9",
		"decomposed accent":       "cafe\u0301",
		"zero width joiner":       "ac\u200dme",
		"Cyrillic a":              "p\u0430ypal",
		"full-width digit":        "a\uff11",
		"percent escape":          "a%2fb",
		"slash":                   "a/b",
		"backslash":               `a\b`,
		"colon":                   "clearing:bank",
		"wildcard":                "a*b",
		"SQL wildcard":            "a%b",
		"quote":                   "a'b",
		"invalid UTF-8":           "a\xff\xfeb",
		"right-to-left override":  "a\u202eb",
		"long s folds to s":       "a\u017fb",
		"kelvin sign folds to k":  "a\u212ab",
		"two-letter ligature end": "a\ufb01",
	}
	for name, id := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tenancy.CheckID("customer", id)
			fields := tenancy.Fields(err)
			require.Len(t, fields, 1)
			require.Equal(t, "customer", fields[0].Field)
			require.Equal(t, []error{tenancy.ErrInvalid}, classesOf(err))
			if len(id) > 1 {
				require.NotContains(t, err.Error(), id, "the error must not carry what was sent")
			}
		})
	}
}

func FuzzCheckID(f *testing.F) {
	for _, seed := range []string{"", "acme", "a.", "ana@example.com", "caf\u00e9", "a\x00b", strings.Repeat("x", 65)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		err := tenancy.CheckID("id", id)
		if err != nil {
			require.Len(t, tenancy.Fields(err), 1)
			return
		}
		// What passes fits every database, path and header as it is.
		require.NotEmpty(t, id)
		require.LessOrEqual(t, len(id), tenancy.MaxID)
		require.NotContains(t, id, "/")
		require.Equal(t, strings.TrimSpace(id), id)
		require.Equal(t, strings.Trim(id, "._@-"), id)
		for _, r := range id {
			require.True(t, r < utf8.RuneSelf && unicode.IsPrint(r), "%q", r)
		}
		require.NoError(t, tenancy.CheckText("id", id, tenancy.MaxID))
	})
}

func TestCheckTextAcceptsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "phone call 4711", "José da Silva & Filhos Ltda.", "日本銀行", "\u200fשלום\u200e", "👩\u200d💻", "O'Neil; DROP", "=1+1",
	} {
		require.NoError(t, tenancy.CheckText("reason", text, 100), text)
	}
	require.NoError(t, tenancy.CheckText("reason", "12345678", 8), "the limit itself is allowed")
}

func TestCheckTextRefusesWhatWouldForgeALine(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"NUL":                 "a\x00b",
		"escape":              "\x1b]8;;http://x\x1b\\",
		"carriage return":     "a\rb",
		"line feed":           "a\nb",
		"tab":                 "a\tb",
		"delete":              "a\x7fb",
		"C1 control":          "a\u0085b",
		"line separator":      "a\u2028b",
		"paragraph separator": "a\u2029b",
		"invalid UTF-8":       "a\xff\xfeb",
		"encoded surrogate":   "a\xed\xa0\x80b",
		"too long":            strings.Repeat("é", 5),
	}
	for r := '\u202a'; r <= '\u202e'; r++ {
		cases["bidi override "+string([]byte("ABCDE")[r-'\u202a'])] = "a" + string(r)
	}
	for r := '\u2066'; r <= '\u2069'; r++ {
		cases["bidi isolate "+string([]byte("ABCD")[r-'\u2066'])] = "a" + string(r)
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := 100
			if name == "too long" {
				limit = 9
			}
			err := tenancy.CheckText("reason", text, limit)
			require.ErrorIs(t, err, tenancy.ErrInvalid)
			require.NotContains(t, err.Error(), text)
		})
	}
}
