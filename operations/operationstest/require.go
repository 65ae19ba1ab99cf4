package operationstest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// RequireAllowed ends the test unless nothing is in the way of the plan, and
// then tells everything that is.
func RequireAllowed(tb testing.TB, p operations.Plan) {
	tb.Helper()
	if !p.Allowed() {
		tb.Fatalf("%s is not allowed:\n%s", p.Order.Kind, Describe(p.Unmet))
	}
}

// RequireUnmet ends the test unless the codes of what the plan has unmet are
// exactly these, in any order; one that is unmet for several subjects is named
// once. It then tells which are missing, and of all that is unmet the code,
// subject, figures and remedy.
func RequireUnmet(tb testing.TB, p operations.Plan, codes ...string) {
	tb.Helper()
	if len(codes) == 0 {
		tb.Fatalf("RequireUnmet: name the codes, or use RequireAllowed")
		return
	}
	var missing, more []string
	for _, code := range codes {
		if !slices.ContainsFunc(p.Unmet, func(u operations.Unmet) bool { return u.Code == code }) {
			missing = append(missing, code)
		}
	}
	for _, u := range p.Unmet {
		if !slices.Contains(codes, u.Code) && !slices.Contains(more, u.Code) {
			more = append(more, u.Code)
		}
	}
	if missing == nil && more == nil {
		return
	}
	tb.Fatalf("%s is not refused as expected\nmissing: %s\nnot expected: %s\nunmet:\n%s",
		p.Order.Kind, list(missing), list(more), Describe(p.Unmet))
}

// RequireInvalid ends the test unless the request is malformed in exactly these
// fields, in any order: what is never recorded, because the order or the kind's
// Validate says so.
func RequireInvalid(tb testing.TB, c operations.Config, book *operations.Folded, q operations.Request, at time.Time, fields ...string) {
	tb.Helper()
	_, err := explain(tb, c, book, q, at, Operator())
	var got []string
	for _, f := range tenancy.Fields(err) {
		if !slices.Contains(got, f.Field) {
			got = append(got, f.Field)
		}
	}
	want := slices.Clone(fields)
	slices.Sort(want)
	slices.Sort(got)
	if !errors.Is(err, operations.ErrInvalid) || !slices.Equal(slices.Compact(want), got) {
		tb.Fatalf("%s is not malformed as expected\nwant: %s\ngot: %s\nerror: %v",
			q.Order().Kind, list(want), list(got), err)
	}
}

// Describe writes every unmet rule on a line of its own, with its figures, and
// its remedy on the next; "nothing" for none.
func Describe(unmet []operations.Unmet) string {
	if len(unmet) == 0 {
		return "  nothing"
	}
	lines := make([]string, 0, 2*len(unmet))
	for _, u := range unmet {
		lines = append(lines, "  "+u.String(), fmt.Sprintf("    remedy: %s", orDash(u.Remedy)))
	}
	return strings.Join(lines, "\n")
}

func list(texts []string) string { return orDash(strings.Join(texts, ", ")) }

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
