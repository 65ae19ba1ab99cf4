package operationstest

import (
	"testing"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Explain judges a request on a book by the firm's Config, at an instant, for
// Operator: what Engine.Explain tells but for the operator's permissions, which
// are no matter of rules. A Config that is wrong or a request that is malformed
// ends the test; RequireInvalid is for requests that are to be malformed.
func Explain(tb testing.TB, c operations.Config, book *operations.Folded, q operations.Request, at time.Time) operations.Plan {
	tb.Helper()
	return ExplainAs(tb, c, book, q, at, Operator())
}

// ExplainAs is Explain for another actor, which View.Actor shows to rules.
func ExplainAs(tb testing.TB, c operations.Config, book *operations.Folded, q operations.Request, at time.Time, actor tenancy.Actor) operations.Plan {
	tb.Helper()
	p, err := explain(tb, c, book, q, at, actor)
	if err != nil {
		tb.Fatalf("operationstest: %s cannot be judged:\n%v", q.Order().Kind, err)
	}
	return p
}

// ExplainUnder is Explain while these switches of the firm are thrown, since
// Start. One that no engine would throw, such as of an unknown kind, stops
// nothing here.
func ExplainUnder(tb testing.TB, c operations.Config, book *operations.Folded, q operations.Request, at time.Time, stops ...tenancy.Stop) operations.Plan {
	tb.Helper()
	p, err := explain(tb, c, book, q, at, Operator(), stops...)
	if err != nil {
		tb.Fatalf("operationstest: %s cannot be judged:\n%v", q.Order().Kind, err)
	}
	return p
}

// ExplainRefund is Explain for the first refund of a request that was completed
// at another instant, as it would have been on this book. The refund's Parent
// is set.
func ExplainRefund(tb testing.TB, c operations.Config, book *operations.Folded, of operations.Request, completed time.Time, r operations.Refund, at time.Time) operations.Plan {
	tb.Helper()
	p := Explain(tb, c, book, of, completed)
	parent := operations.Operation{
		ID: "parent", Version: 1, State: operations.Completed, Order: p.Order, Terms: p.Terms, Maker: Operator(),
		CreatedAt: completed.UTC(), UpdatedAt: completed.UTC(),
	}
	r.Parent = parent.ID
	e, err := operations.NewEvaluator(c)
	if err == nil {
		p, err = e.Of(parent).Explain(book, r, Operator(), at)
	}
	if err != nil {
		tb.Fatalf("operationstest: the refund cannot be judged:\n%v", err)
	}
	return p
}

func explain(tb testing.TB, c operations.Config, book *operations.Folded, q operations.Request, at time.Time, actor tenancy.Actor, stops ...tenancy.Stop) (operations.Plan, error) {
	tb.Helper()
	e, err := operations.NewEvaluator(c)
	if err != nil {
		tb.Fatalf("operationstest: the Config is not valid:\n%v", err)
		return operations.Plan{}, nil
	}
	thrown := make([]tenancy.Stopped, len(stops))
	for i, s := range stops {
		if err := s.Validate(); err != nil {
			tb.Fatalf("operationstest: stops[%d]: %v", i, err)
		}
		thrown[i] = tenancy.Stopped{Subject: s.Subject, Reason: s.Reason, At: Start()}
	}
	return e.Under(thrown...).Explain(book, q, actor, at)
}
