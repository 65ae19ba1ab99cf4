package trading_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// quoter is a provider whose next quotations a test sets.
type quoter struct {
	operations.Provider

	quote func(ctx context.Context, a trading.Ask) (trading.Quotation, error)
}

func (q *quoter) Quote(ctx context.Context, a trading.Ask) (trading.Quotation, error) {
	return q.quote(ctx, a)
}

func at(rate string) func(context.Context, trading.Ask) (trading.Quotation, error) {
	return func(context.Context, trading.Ask) (trading.Quotation, error) {
		return trading.Quotation{Rate: dec(rate)}, nil
	}
}

// fixed is a source of one rate for each pair.
type fixed struct {
	at    time.Time
	rates map[string]string
}

func (f fixed) Rate(_ context.Context, base, quote string) (trading.Rate, error) {
	text, ok := f.rates[base+"/"+quote]
	if !ok {
		return trading.Rate{}, trading.ErrNoRate
	}
	return trading.Rate{Base: base, Quote: quote, Value: dec(text), At: f.at, Source: "fixed"}, nil
}

// desk is a firm with one customer who trades dollars for reais.
type desk struct {
	t     *testing.T
	eng   *operations.Engine
	clock *operationstest.Clock
	kind  *trading.Kind
	scope tenancy.Scope
	brl   accounts.ID
	usd   accounts.ID
	n     int
}

func ana() tenancy.Principal {
	return tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
}

func begin(t *testing.T, store operations.Store, c trading.Config, more operations.Config, change ...func(*trading.Pair)) *desk {
	t.Helper()
	kind, err := trading.New(c)
	require.NoError(t, err)
	d := &desk{t: t, kind: kind, clock: &operationstest.Clock{}}
	more.Clock, more.Kinds, more.Providers = d.clock, append(more.Kinds, kind), map[string]operations.Provider{}
	for name, p := range c.Providers {
		more.Providers[name] = p
	}
	d.eng, err = operations.New(store, more)
	require.NoError(t, err)
	firm, err := d.eng.Bootstrap(t.Context(), tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana()})
	require.NoError(t, err)
	opened, err := d.eng.OpenCustomer(t.Context(), firm, d.in(), customer.Profile{Name: "Maria", Type: customer.Individual})
	require.NoError(t, err)
	d.scope, err = d.eng.Gate().Enter(t.Context(), ana(), opened.ID, "")
	require.NoError(t, err)
	d.brl = d.open("BRL", accounts.Details{Bank: "001", Branch: "1", Number: "1"})
	d.usd = d.open("USD", accounts.Details{Bank: "001", Branch: "1", Number: "2"})
	d.deposit(d.brl, "100000.00")
	d.deposit(d.usd, "100000.00")
	var names []string
	p := trading.Pair{Base: d.usd, Quote: d.brl}
	for name := range c.Providers {
		names = append(names, name)
	}
	d.manage(trading.SetCustomer{Customer: trading.Customer{Providers: names}})
	for i, name := range sorted(names) {
		p.Quotations = append(p.Quotations, trading.Path{Provider: name, Priority: i + 1, Spread: trading.Spreads{Working: dec("50"), DayOff: dec("120"), Closed: dec("80")}})
	}
	for _, f := range change {
		f(&p)
	}
	d.manage(trading.SetPair{Pair: p})
	return d
}

func (d *desk) in() operations.Intent {
	d.n++
	return operations.Intent{Key: fmt.Sprint("k", d.n)}
}

func (d *desk) manage(x operations.Administrative) operations.Managed {
	d.t.Helper()
	m, err := d.eng.Manage(d.t.Context(), d.scope, d.in(), x)
	require.NoError(d.t, err)
	return m
}

func (d *desk) open(asset string, details accounts.Details) accounts.ID {
	d.t.Helper()
	return d.manage(accounts.Open{Name: asset, Currency: asset, Details: details}).Account
}

func (d *desk) deposit(to accounts.ID, amount string) {
	d.t.Helper()
	_, err := d.eng.Submit(d.t.Context(), d.scope, d.in(), operations.Deposit{To: to, Amount: dec(amount)})
	require.NoError(d.t, err)
}

func (d *desk) buy(base string) trading.Trade {
	return trading.Trade{Base: d.usd, Quote: d.brl, Side: operations.Buy, BaseAmount: dec(base)}
}

func (d *desk) quote(q trading.Trade) operations.Operation {
	d.t.Helper()
	res, err := d.eng.Prepare(d.t.Context(), d.scope, d.in(), q)
	require.NoError(d.t, err)
	require.Equal(d.t, operations.Prepared, res.Operation.State)
	return res.Operation
}

func (d *desk) execute(o operations.Operation) (operations.Operation, error) {
	d.t.Helper()
	res, err := d.eng.Execute(d.t.Context(), d.scope, d.in(), o.Ref())
	return res.Operation, err
}

// enter opens the scope anew, once the last has ended.
func (d *desk) enter() {
	d.t.Helper()
	var err error
	d.scope, err = d.eng.Gate().Enter(d.t.Context(), ana(), d.scope.Customer(), "")
	require.NoError(d.t, err)
}

// has is what the accounts have, reais first.
func (d *desk) has() [2]string {
	d.t.Helper()
	all, err := d.eng.Book(d.scope).Accounts(d.t.Context())
	require.NoError(d.t, err)
	var has [2]string
	for _, a := range all {
		if a.ID == d.brl {
			has[0] = a.Posted.String()
		} else {
			has[1] = a.Posted.String()
		}
	}
	return has
}

func (d *desk) verified() {
	d.t.Helper()
	v, err := d.eng.Book(d.scope).Verify(d.t.Context())
	require.NoError(d.t, err)
	require.True(d.t, v.Sound(), "%+v", v.Faults)
}

func memoryDesk(t *testing.T, c trading.Config, change ...func(*trading.Pair)) *desk {
	t.Helper()
	return begin(t, memory.New(), c, operations.Config{}, change...)
}

func beginWith(t *testing.T, c trading.Config, more operations.Config) *desk {
	t.Helper()
	return begin(t, memory.New(), c, more)
}

func memoryStore() operations.Store { return memory.New() }

var errCutOff = errors.New("cut off")
