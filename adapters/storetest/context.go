package storetest

import (
	"context"

	"github.com/onbehalf/onbehalf/operations"
)

func contextCases() []testCase {
	return []testCase{
		{"a call on a context that has ended gives its error unwrapped and has no effect", func(b *bundle) {
			p := b.book(maria)
			p.commit(p.noise(1, "2"))
			before := p.state()
			cancelled, cancel := context.WithCancel(b.ctx)
			cancel()
			late, cancel := context.WithDeadline(b.ctx, epoch().AddDate(-10, 0, 0))
			defer cancel()
			for _, ctx := range []context.Context{cancelled, late} {
				for name, call := range p.calls() {
					if err := call(ctx); err != ctx.Err() { //nolint:errorlint // unwrapped is what is promised
						b.Errorf("%s: error is %v, want %v itself", name, err, ctx.Err())
					}
				}
			}
			b.same(p.state(), before, "a call on an ended context has changed the book")
			b.book(joao).stands(operations.Head{})
		}},
		{"a store works on after a call on a context that has ended", func(b *bundle) {
			p := b.book(maria)
			ctx, cancel := context.WithCancel(b.ctx)
			cancel()
			for range 20 {
				for _, call := range p.calls() {
					_ = call(ctx)
				}
				p.commit(p.plain(""))
			}
			p.stands(p.head)
		}},
	}
}

// calls are all methods of a store, each with arguments that would have an
// effect or bring something.
func (p *pen) calls() map[string]func(ctx context.Context) error {
	p.Helper()
	q := p.book(joao)
	held := operations.Ticket{
		TicketPlace: operations.TicketPlace{Customer: p.id.Customer, Topic: operations.TopicWork, Operation: op(1)}, Tenant: own, Holder: "late",
	}
	run := []operations.Run{p.run(p.fork().plain("")), q.run(q.plain(""))}
	return map[string]func(ctx context.Context) error{
		"Load": func(ctx context.Context) error {
			_, err := p.store.Load(ctx, p.id, 0)
			return err
		},
		"Commit": func(ctx context.Context) error {
			_, err := p.store.Commit(ctx, run)
			return err
		},
		"Turn": func(ctx context.Context) error {
			_, err := p.store.Turn(ctx, p.id, 0, func(operations.Loaded) (operations.Run, error) { return run[0], nil })
			return err
		},
		"Find": func(ctx context.Context) error {
			_, err := p.store.Find(ctx, p.id, operations.Want{Key: key(1)})
			return err
		},
		"History": func(ctx context.Context) error {
			_, err := p.store.History(ctx, p.id, operations.HistoryQuery{Limit: 1})
			return err
		},
		"Statement": func(ctx context.Context) error {
			_, err := p.store.Statement(ctx, p.id, operations.StatementQuery{Ref: "acc-1", Limit: 1})
			return err
		},
		"Journal": func(ctx context.Context) error {
			_, err := p.store.Journal(ctx, p.id, 0, 1)
			return err
		},
		"Personal": func(ctx context.Context) error {
			_, err := p.store.Personal(ctx, p.id)
			return err
		},
		"Projection": func(ctx context.Context) error {
			_, err := p.store.Projection(ctx, p.id)
			return err
		},
		"Rebuild": func(ctx context.Context) error { return p.store.Rebuild(ctx, p.id, p.head, operations.Projection{}) },
		"Customers": func(ctx context.Context) error {
			_, err := p.store.Customers(ctx, own, operations.CustomerQuery{Limit: 1})
			return err
		},
		"Heads": func(ctx context.Context) error {
			_, err := p.store.Heads(ctx, own, "", 1)
			return err
		},
		"Positions": func(ctx context.Context) error {
			_, err := p.store.Positions(ctx, own, operations.PositionQuery{Limit: 1})
			return err
		},
		"Waiting": func(ctx context.Context) error {
			_, err := p.store.Waiting(ctx, own, operations.WaitingQuery{Limit: 1})
			return err
		},
		"Claim": func(ctx context.Context) error {
			_, err := p.store.Claim(ctx, operations.ClaimQuery{Topic: operations.TopicWork, Holder: "late", Now: at(100), Until: at(200), Limit: 1})
			return err
		},
		"Settle": func(ctx context.Context) error { return p.store.Settle(ctx, held, operations.Settlement{Ready: at(5)}) },
		"Parked": func(ctx context.Context) error {
			_, err := p.store.Parked(ctx, own, operations.TicketPlace{}, 1)
			return err
		},
		"Requeue": func(ctx context.Context) error {
			_, err := p.store.Requeue(ctx, own, held.TicketPlace, at(5))
			return err
		},
	}
}
