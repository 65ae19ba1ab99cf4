package operationstest

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// Judgement is what one rule of a Config says, asked alone.
type Judgement struct {
	// Rule is its place and name: "Rules[1] operations.AmountWithin{…}", or for
	// a RuleFunc the function's name. Rules within an operations.All have a
	// place of their own, "Rules[1][0]".
	Rule  string
	Unmet []operations.Unmet
}

// Judgements are those of all rules, in the order of the Config.
type Judgements []Judgement

// Judge asks every rule of the Config alone about a request, on the terms its
// kind plans, and tells which said what. Nil when the request names an account
// the customer does not have: then no rule is asked, here or in the engine.
// What eligibility, funds and the kind itself find unmet is in the Plan only.
func Judge(tb testing.TB, c operations.Config, book *operations.Folded, q operations.Request, at time.Time) Judgements {
	tb.Helper()
	rules := c.Rules
	c.Rules = nil
	p := Explain(tb, c, book, q, at)
	if p.Terms.Expires.IsZero() {
		return nil
	}
	v := operations.NewView(book, p.Order, nil, Operator())
	return each("Rules", rules, func(r operations.Rule) []operations.Unmet { return r.Check(v, p.Terms, at) })
}

func each(place string, rules []operations.Rule, ask func(operations.Rule) []operations.Unmet) Judgements {
	var js Judgements
	for i, r := range rules {
		at := fmt.Sprintf("%s[%d]", place, i)
		if all, ok := r.(operations.All); ok {
			js = append(js, each(at, all, ask)...)
			continue
		}
		js = append(js, Judgement{Rule: at + " " + name(r), Unmet: ask(r)})
	}
	return js
}

// name is what a reader knows the rule by.
func name(r operations.Rule) string {
	if v := reflect.ValueOf(r); v.Kind() == reflect.Func {
		full := runtime.FuncForPC(v.Pointer()).Name()
		return full[strings.LastIndexByte(full, '/')+1:]
	}
	if s, ok := r.(fmt.Stringer); ok {
		return fmt.Sprintf("%T(%s)", r, s)
	}
	return fmt.Sprintf("%T%s", r, strings.TrimPrefix(fmt.Sprintf("%+v", r), "&"))
}

// Unmet are the rules that are not met.
func (js Judgements) Unmet() Judgements {
	var unmet Judgements
	for _, j := range js {
		if len(j.Unmet) > 0 {
			unmet = append(unmet, j)
		}
	}
	return unmet
}

// String writes each rule and beneath it what it says.
func (js Judgements) String() string {
	parts := make([]string, 0, len(js))
	for _, j := range js {
		said := "  met"
		if len(j.Unmet) > 0 {
			said = Describe(j.Unmet)
		}
		parts = append(parts, j.Rule+"\n"+said)
	}
	return strings.Join(parts, "\n")
}
