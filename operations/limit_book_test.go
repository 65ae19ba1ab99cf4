package operations

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/tenancy"
)

// deskBook is a book that is decided on without engine or store: one account
// in BRL, and the rules of a firm.
type deskBook struct {
	tb    testing.TB
	rules *rulebook
	f     *Folded
	now   time.Time
	n     int
}

func newDeskBook(tb testing.TB, c Config, at time.Time) *deskBook {
	tb.Helper()
	r, err := newRulebook(c)
	require.NoError(tb, err)
	f := Empty(BookID{Tenant: "acme", Customer: "maria"})
	e := &Entry{
		Format: Format, Tenant: f.id.Tenant, Customer: f.id.Customer, Seq: 1, At: at, Action: ActOpen, Actors: []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "ana"}},
		Effects: Effects{
			Customer:   &CustomerEffect{Type: customer.Individual, Status: customer.Active},
			Currencies: []CurrencyEffect{{Asset: "BRL", Enabled: true}},
			Accounts:   []AccountEffect{{ID: "brl", Asset: "BRL", Kind: accounts.Fiat, Scale: 2, Status: accounts.Active, Configured: []string{"pix_key"}}},
		},
	}
	s, err := Seal(e)
	require.NoError(tb, err)
	f, err = Fold(f, e, s.Hash)
	require.NoError(tb, err)
	return &deskBook{tb: tb, rules: r, f: f, now: at}
}

// command is one that ana gives, as far as access has been granted.
func (b *deskBook) command(a Action, decide func(*decision) error) *command {
	b.n++
	return &command{
		book: b.f.id, action: a, intent: Intent{Key: fmt.Sprint("k", b.n)}, decide: decide,
		actors: []tenancy.Actor{{Kind: tenancy.OperatorActor, ID: "ana"}},
	}
}

// decide gives the entry of a decision on the book as it stands.
func (b *deskBook) decide(a Action, decide func(*decision) error) (draft, error) {
	d, err := b.rules.attempt(b.f, b.command(a, decide), tenancy.Operator{}, b.now)
	if err != nil {
		return draft{}, err
	}
	return d.draft()
}

// do decides and takes the entry in.
func (b *deskBook) do(a Action, decide func(*decision) error) *Entry {
	b.tb.Helper()
	d, err := b.decide(a, decide)
	require.NoError(b.tb, err)
	b.f = d.after
	return d.entry
}

func (b *deskBook) deposit(amount int64) Order {
	return Order{Kind: KindDeposit, To: "brl", Amount: accounts.Exact(decimal.New(amount, 0))}
}

func (b *deskBook) submit(id string, o Order) *Operation {
	b.tb.Helper()
	return &b.do(ActSubmit, submit(OperationID(id), o)).Effects.Operations[0]
}

// used is what a counter has on its days.
func (b *deskBook) used(name string) map[Day]string {
	days := map[Day]string{}
	if c, ok := b.f.counters.get(name); ok {
		for _, d := range c.doc().Days {
			days[d.Day] = d.Amount.String()
		}
	}
	return days
}
