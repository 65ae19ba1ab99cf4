package operations

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Gatherer is for kinds whose terms rest on facts from outside the book, such
// as a rate. The engine gathers them before it decides, outside any
// transaction and never inside a host's own; a decision only reads them, by
// View.Facts. What they came to is frozen in the terms: nothing is gathered
// again for Execute.
type Gatherer interface {
	Kind
	// Fresh tells whether the facts of the view, nil if there are none yet, are
	// good for its order at this instant. It is pure.
	Fresh(v View, now time.Time) bool
	// Gather brings facts for the order of the view, or what kept it from them:
	// that is for Plan to tell. The view is of the book as it was a moment ago; an
	// order that its set-up refuses anyway needs no facts. It honours ctx and may
	// call from many goroutines at once.
	Gather(ctx context.Context, v View, now time.Time) any
	// Wait tells why the order of the view cannot wait, for its time or for the
	// approval of others, and be planned anew on new facts then. It is pure.
	Wait(v View) []Unmet
	// Again tells whether what is unmet when its time has come may be otherwise a
	// little later, so that it goes on waiting, for Config.TermsValid at most. It
	// is pure.
	Again(unmet []Unmet) bool
}

// Near is for gatherers some of whose facts are at hand in this process. Those
// of the view are gathered before the store is asked whether the command's key
// was used already and the book is as it was last seen here, so the view may be an
// old one; others are gathered after, so that a repeated command asks nobody again.
type Near interface {
	Gatherer
	// Near tells whether nobody outside is asked for the facts of the view. It is
	// pure.
	Near(v View) bool
}

// Measured is for kinds whose amount is of one of two accounts of different
// assets.
type Measured interface {
	// Measure is the account, of the order's From and To, whose asset its amount
	// is of.
	Measure(o Order) accounts.ID
}

// Facts are what the view's kind has gathered; nil where it gathers none.
func (v View) Facts() any { return v.facts }

// maxGathers is how often one command has facts gathered: again, when they went
// stale or the book's set-up changed meanwhile.
const maxGathers = 3

// gatherError asks for facts before a decision can be made.
type gatherError struct {
	kind Gatherer
	view View
	near bool
}

func (gatherError) Error() string { return "facts have to be gathered" }

// gathers tells whether the operation is of a kind that gathers facts.
func (r *rulebook) gathers(o *Order) (Gatherer, bool) {
	g, ok := r.kinds[o.Kind].(Gatherer)
	return g, ok
}

// inform gives the view the facts its kind asks for. Of what is refused
// already, or was asked for often enough, the kind tells without them.
func (d *decision) inform(v *View) error {
	g, ok := d.gathers(&v.order)
	if !ok {
		return nil
	}
	v.facts = d.c.facts
	if g.Fresh(*v, d.now) || len(d.refused) > 0 || d.c.gathers >= maxGathers {
		return nil
	}
	near, ok := g.(Near)
	return gatherError{kind: g, view: *v, near: ok && near.Near(*v)}
}

// gather brings the facts that a decision asked for. A panic of the kind fails
// this command alone.
func (e *Engine) gather(ctx context.Context, c *command, g gatherError) (err error) {
	if e.direct {
		return tenancy.Invalid("engine", "is inside a host's transaction, where nothing is asked for outside: prepare it before")
	}
	defer func() {
		if p := recover(); p != nil {
			e.cfg.Log.Error("a kind panicked", slog.String("action", string(c.action)), slog.Any("panic", p))
			err = fmt.Errorf("%s: %w: a kind of the firm panicked", c.action, ErrUnavailable)
		}
	}()
	c.gathers++
	c.facts = g.kind.Gather(ctx, g.view, later(instant(e.cfg.Clock.Now()), g.view.folded().at))
	return ctx.Err()
}
