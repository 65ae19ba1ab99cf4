package sqlstore

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArraysAreInPostgreSQLsTextForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		write func(a *array)
		want  string
	}{
		{"nothing", func(*array) {}, `{}`},
		{"numbers", func(a *array) { a.ints(1, -2); a.ints(9223372036854775807) }, `{1,-2,9223372036854775807}`},
		{"texts", func(a *array) { a.strings("a", "", "b c") }, `{"a","","b c"}`},
		{"what the form itself is made of", func(a *array) { a.strings(`"`, `\`, `a\"b`, `{}`, `,`, `NULL`, "\n") }, `{"\"","\\","a\\\"b","{}",",","NULL","` + "\n" + `"}`},
		{"NULL", func(a *array) { a.null(); a.ints(1) }, `{NULL,1}`},
		{"bytes", func(a *array) { a.bytes([]byte{0, 0xab}); a.bytes(nil); a.bytes([]byte{}) }, `{"\\x00ab",NULL,"\\x"}`},
		{"rows", func(a *array) {
			for _, s := range []string{"a", "b"} {
				a.row()
				a.strings(s, "x")
				a.end()
			}
		}, `{{"a","x"},{"b","x"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var a array
			c.write(&a)
			require.Equal(t, c.want, a.String())
		})
	}
}
