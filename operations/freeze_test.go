package operations_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// frozenFirm has one customer with two accounts, 100 on the first.
type frozenFirm struct {
	firm

	second accounts.ID
	in     operations.Operation
	house  tenancy.Scope
}

func newFrozenFirm(t *testing.T, c operations.Config) frozenFirm {
	t.Helper()
	f := frozenFirm{}
	f.firm, f.in = funded(t, c)
	m, err := f.eng.Manage(t.Context(), f.scopes[0], intent("second"), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "k2"}})
	require.NoError(t, err)
	f.second = m.Account
	f.house, err = f.eng.Gate().Own(t.Context(), tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}, "")
	require.NoError(t, err)
	return f
}

func (f frozenFirm) manage(t *testing.T, key string, x operations.Administrative) {
	t.Helper()
	s := f.scopes[0]
	switch x.(type) {
	case tenancy.Stop, tenancy.Lift:
		s = f.house
	}
	_, err := f.eng.Manage(t.Context(), s, intent(key), x)
	require.NoError(t, err)
}

func one(n int64) decimal.Decimal { return decimal.New(n, 0) }

// ask is one way to let something begin.
type ask func(ctx context.Context, e *operations.Engine, s tenancy.Scope) error

// begins is every way to let something begin: with a waiting operation of each
// state that has one.
func (f frozenFirm) begins(t *testing.T, key string) map[string]ask {
	t.Helper()
	ctx := t.Context()
	out := operations.Withdrawal{From: f.accs[0], Amount: one(1)}
	prepare := func(k string) operations.Ref {
		res, err := f.eng.Prepare(ctx, f.scopes[0], intent(key+k), out)
		require.NoError(t, err)
		return res.Operation.Ref()
	}
	later := out
	later.NotBefore = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	waits, err := f.eng.Submit(ctx, f.scopes[0], intent(key+"scheduled"), later)
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, waits.Operation.State)
	executed, modified := prepare("execute"), prepare("modify")
	more := operations.Modification{Amount: one(2)}
	submit := func(k string, q operations.Request) ask {
		return func(ctx context.Context, e *operations.Engine, s tenancy.Scope) error {
			_, err := e.Submit(ctx, s, intent(key+k), q)
			return err
		}
	}
	return map[string]ask{
		"submit a withdrawal":  submit("s1", out),
		"submit a deposit":     submit("s2", operations.Deposit{To: f.accs[0], Amount: one(1)}),
		"submit a transfer":    submit("s3", operations.Transfer{From: f.accs[0], To: f.second, Amount: one(1)}),
		"submit an adjustment": submit("s4", operations.Adjustment{From: f.accs[0], Amount: one(1), Purpose: operations.Fee}),
		"submit a refund":      submit("s5", back(f.in.ID, "1")),
		"prepare": func(ctx context.Context, e *operations.Engine, s tenancy.Scope) error {
			_, err := e.Prepare(ctx, s, intent(key+"p"), out)
			return err
		},
		"execute": func(ctx context.Context, e *operations.Engine, s tenancy.Scope) error {
			_, err := e.Execute(ctx, s, intent(key+"e"), executed)
			return err
		},
		"modify what is prepared": func(ctx context.Context, e *operations.Engine, s tenancy.Scope) error {
			_, err := e.Modify(ctx, s, intent(key+"m"), modified, more)
			return err
		},
		"modify what is scheduled": func(ctx context.Context, e *operations.Engine, s tenancy.Scope) error {
			_, err := e.Modify(ctx, s, intent(key+"n"), waits.Operation.Ref(), more)
			return err
		},
	}
}

// unmetOf finds what a refusal says under a code.
func unmetOf(t *testing.T, err error, code string) operations.Unmet {
	t.Helper()
	refused, ok := errorsAs(err)
	require.True(t, ok, "%v", err)
	for _, u := range refused.Unmet {
		if u.Code == code {
			return u
		}
	}
	require.Fail(t, "not told", "%s in %v", code, refused.Unmet)
	return operations.Unmet{}
}

func TestWhatIsFrozenMovesByNothingThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account bool
		code    string
	}{
		"the customer": {false, operations.CodeCustomerFrozen},
		"the account":  {true, operations.CodeAccountFrozen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFrozenFirm(t, operations.Config{})
			ctx, scope := t.Context(), f.scopes[0]
			asked := f.begins(t, "a")
			cancelled, err := f.eng.Prepare(ctx, scope, intent("cancelled"), operations.Withdrawal{From: f.accs[0], Amount: one(1)})
			require.NoError(t, err)
			of, subject := accounts.ID(""), "customer"
			if c.account {
				of, subject = f.accs[0], "account:"+string(f.accs[0])
			}
			f.manage(t, "freeze", operations.Freeze{Account: of, Reason: "court order 12/26"})

			for what, ask := range asked {
				u := unmetOf(t, ask(ctx, f.eng, scope), c.code)
				require.Equal(t, subject, u.Subject, what)
				require.Equal(t, operations.Figure{Name: "reason", Value: "court order 12/26"}, u.Figures[0], what)
				require.NotEmpty(t, u.Remedy)
			}
			plan, err := f.eng.Explain(ctx, scope, operations.Deposit{To: f.accs[0], Amount: one(1)})
			require.NoError(t, err)
			require.Equal(t, c.code, plan.Unmet[0].Code)
			plan, err = f.eng.Explain(ctx, scope, operations.Deposit{To: f.second, Amount: one(1)})
			require.NoError(t, err)
			require.Equal(t, c.account, plan.Allowed(), "the other account")
			views, err := f.eng.Book(scope).Accounts(ctx)
			require.NoError(t, err)
			for _, v := range views {
				hit := !c.account || v.ID == of
				require.Equal(t, hit, len(v.Debit) == 1 && v.Debit[0].Code == c.code, v.ID)
				require.Equal(t, hit, len(v.Credit) == 1 && v.Credit[0].Code == c.code, v.ID)
			}
			_, err = f.eng.Cancel(ctx, scope, intent("cancel"), cancelled.Operation.Ref())
			require.NoError(t, err, "to cancel moves nothing")

			all, err := f.eng.Book(scope).Freezes(ctx)
			require.NoError(t, err)
			require.Len(t, all, 1)
			require.Equal(t, operations.Frozen{Subject: subject, Reason: "court order 12/26", By: "ana", Seq: all[0].Seq, At: all[0].At}, all[0])
			f.manage(t, "lift", operations.Unfreeze{Account: of, Reason: "order withdrawn"})
			all, err = f.eng.Book(scope).Freezes(ctx)
			require.NoError(t, err)
			require.Empty(t, all)
			for what, ask := range f.begins(t, "b") {
				require.NoError(t, ask(ctx, f.eng, scope), what)
			}
			f.posted(t)
		})
	}
}

// Freezes beside each other are told together, and lifted one by one.
func TestFreezesOfCustomerAndAccountsStandBesideEachOther(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	f.manage(t, "f1", operations.Freeze{Reason: "r1"})
	f.manage(t, "f2", operations.Freeze{Account: f.accs[0], Reason: "r2"})
	f.manage(t, "f3", operations.Freeze{Account: f.second, Reason: "r3"})
	move := operations.Transfer{From: f.accs[0], To: f.second, Amount: one(1)}
	codes := func() (all []string) {
		p, err := f.eng.Explain(ctx, f.scopes[0], move)
		require.NoError(t, err)
		for _, u := range p.Unmet {
			all = append(all, u.Code+" "+u.Figures[0].Value)
		}
		return all
	}
	require.Equal(t, []string{"customer_frozen r1", "account_frozen r2", "account_frozen r3"}, codes())
	f.manage(t, "u1", operations.Unfreeze{Reason: "done"})
	require.Equal(t, []string{"account_frozen r2", "account_frozen r3"}, codes())
	f.manage(t, "u2", operations.Unfreeze{Account: f.accs[0], Reason: "done"})
	f.manage(t, "u3", operations.Unfreeze{Account: f.second, Reason: "done"})
	require.Empty(t, codes())
}

// What a provider reports is a fact, frozen or not, and what expires expires.
func TestFactsArePostedOnWhatIsFrozen(t *testing.T) {
	t.Parallel()
	clock, bank := newHand(), &oracle{say: pending}
	f := newFrozenFirm(t, operations.Config{Clock: clock, Providers: map[string]operations.Provider{"bank": bank}})
	ctx := t.Context()
	out, err := f.submit(ctx, "out", operations.Withdrawal{From: f.accs[0], Amount: one(10), Via: "bank"})
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, out.State)
	prepared, err := f.eng.Prepare(ctx, f.scopes[0], intent("prepared"), operations.Withdrawal{From: f.accs[0], Amount: one(1)})
	require.NoError(t, err)
	f.manage(t, "f1", operations.Freeze{Reason: "r"})
	f.manage(t, "f2", operations.Freeze{Account: f.accs[0], Reason: "r"})
	f.manage(t, "stop", tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "r"})

	settled := operations.Answer{Reference: out.ProviderReference, Status: operations.AnswerSettled, Amount: one(10), Asset: "BRL"}
	res, err := f.eng.Report(ctx, "acme", "bank", settled)
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
	require.Equal(t, "90", f.posted(t))
	settled.Status, settled.External = operations.AnswerReversed, "back-1"
	res, err = f.eng.Report(ctx, "acme", "bank", settled)
	require.NoError(t, err)
	require.Equal(t, operations.KindReversal, res.Operation.Order.Kind)
	require.Equal(t, "100", f.posted(t))
	clock.move(time.Hour)
	done, err := f.eng.Work(ctx, operations.Budget{})
	require.NoError(t, err)
	require.Equal(t, operations.Done{Expired: 1}, done)
	o, err := f.eng.Book(f.scopes[0]).Operation(ctx, prepared.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, operations.Expired, o.State)
}

// What is scheduled fails if its time comes while the rules of the day refuse
// it, and gives back what it holds.
func TestWhatIsDueWhileFrozenOrStoppedFails(t *testing.T) {
	t.Parallel()
	for code, x := range map[string]operations.Administrative{
		operations.CodeCustomerFrozen: operations.Freeze{Reason: "r"},
		operations.CodeStopped:        tenancy.Stop{Subject: tenancy.KindSubject(operations.KindWithdrawal), Reason: "r"},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			clock := newHand()
			f := newFrozenFirm(t, operations.Config{Clock: clock})
			ctx := t.Context()
			later := operations.Withdrawal{From: f.accs[0], Amount: one(10), NotBefore: clock.Now().Add(time.Hour)}
			o, err := f.submit(ctx, "later", later)
			require.NoError(t, err)
			other, err := operations.New(f.store, operations.Config{Clock: clock}) // works, and has not seen the switch
			require.NoError(t, err)
			t.Cleanup(other.Close)
			_, err = other.Work(ctx, operations.Budget{})
			require.NoError(t, err)
			f.manage(t, "x", x)
			clock.move(2 * time.Hour)
			done, err := other.Work(ctx, operations.Budget{})
			require.NoError(t, err)
			require.Equal(t, operations.Done{Released: 1}, done)
			o, err = f.eng.Book(f.scopes[0]).Operation(ctx, o.ID)
			require.NoError(t, err)
			require.Equal(t, operations.Failed, o.State)
			require.Equal(t, code, o.Outcome.Code)
			holds, err := f.eng.Book(f.scopes[0]).Holds(ctx)
			require.NoError(t, err)
			require.Empty(t, holds)
			require.Equal(t, "100", f.posted(t))
		})
	}
}

func TestAFreezeIsRefusedWhereItSaysNothingNew(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx, scope := t.Context(), f.scopes[0]
	try := func(key string, x operations.Administrative) error {
		_, err := f.eng.Manage(ctx, scope, intent(key), x)
		return err
	}
	f.manage(t, "f", operations.Freeze{Account: f.second, Reason: "r"})
	require.Equal(t, operations.CodeStatusForbids, code(try("1", operations.Freeze{Account: f.second, Reason: "again"})))
	require.Equal(t, operations.CodeStatusForbids, code(try("2", operations.Unfreeze{Reason: "r"})))
	require.Equal(t, accounts.CodeAccountNotFound, code(try("3", operations.Freeze{Account: f.accs[1], Reason: "another customer's"})))
	require.Equal(t, accounts.CodeAccountNotFound, code(try("4", operations.Unfreeze{Account: "nobody", Reason: "r"})))
	for i, x := range []operations.Administrative{
		operations.Freeze{},
		operations.Freeze{Reason: " \u00a0\u3000"},
		operations.Freeze{Reason: "a\nb"},
		operations.Freeze{Reason: "\xff"},
		operations.Freeze{Reason: "\u202eevil"},
		operations.Freeze{Reason: strings.Repeat("x", 257)},
		operations.Freeze{Account: "../x", Reason: "r"},
		operations.Freeze{Account: "suspense", Reason: "r"},
		operations.Freeze{Account: accounts.ID(tenancy.Switches), Reason: "r"},
		operations.Unfreeze{},
		operations.Unfreeze{Account: "a:b", Reason: "r"},
	} {
		require.ErrorIs(t, try("bad", x), operations.ErrInvalid, "%d", i)
	}
	all, err := f.eng.Book(scope).Freezes(ctx)
	require.NoError(t, err)
	require.Len(t, all, 1)
	f.posted(t)
}

func TestFreezesAndSwitchesNeedTheirPermission(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	bruno := tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}
	_, err := f.eng.Manage(ctx, f.house, intent("register"), tenancy.Register{Operator: "bruno", Person: "p-bruno"})
	require.NoError(t, err)
	var rest tenancy.Permissions
	for _, p := range tenancy.AllPermissions() {
		if p != tenancy.Freeze {
			rest = rest.With(p)
		}
	}
	for i, s := range []tenancy.Scope{f.scopes[0], f.house} {
		_, err = f.eng.Manage(ctx, s, intent("rest"), tenancy.Allow{Operator: "bruno", Permissions: rest})
		require.NoError(t, err, i)
	}
	enter := func() (customer, house tenancy.Scope) {
		customer, err := f.eng.Gate().Enter(ctx, bruno, f.scopes[0].Customer(), "")
		require.NoError(t, err)
		house, err = f.eng.Gate().Own(ctx, bruno, "")
		require.NoError(t, err)
		return customer, house
	}
	customer, own := enter()
	freeze, stop := operations.Freeze{Reason: "r"}, tenancy.Stop{Subject: tenancy.WholeFirm, Reason: "r"}
	for i, try := range []func() error{
		func() error { _, err := f.eng.Manage(ctx, customer, intent("b1"), freeze); return err },
		func() error {
			_, err := f.eng.Manage(ctx, customer, intent("b2"), operations.Unfreeze{Reason: "r"})
			return err
		},
		func() error { _, err := f.eng.Manage(ctx, own, intent("b3"), stop); return err },
		func() error {
			_, err := f.eng.Manage(ctx, own, intent("b4"), tenancy.Lift{Subject: tenancy.WholeFirm})
			return err
		},
	} {
		require.Equal(t, tenancy.CodePermissionMissing, code(try()), i)
	}
	only := tenancy.NewPermissions(tenancy.View, tenancy.Freeze)
	_, err = f.eng.Manage(ctx, f.scopes[0], intent("freeze"), tenancy.Allow{Operator: "bruno", Permissions: only})
	require.NoError(t, err)
	customer, own = enter()
	_, err = f.eng.Manage(ctx, customer, intent("b5"), freeze)
	require.NoError(t, err)
	_, err = f.eng.Manage(ctx, customer, intent("b6"), stop)
	require.Equal(t, operations.CodeHouseOnly, code(err), "not in a customer's scope")
	_, err = f.eng.Manage(ctx, own, intent("b7"), stop)
	require.Equal(t, tenancy.CodePermissionMissing, code(err), "a grant for one customer gives nothing in the house")
}

// A book that is loaded from a snapshot, by another engine, is as frozen.
func TestFreezesAreInSnapshotsAndExports(t *testing.T) {
	t.Parallel()
	f := newFrozenFirm(t, operations.Config{})
	ctx := t.Context()
	f.manage(t, "f", operations.Freeze{Account: f.second, Reason: "r"})
	for i := range operations.MaxTail + 10 {
		_, err := f.submit(ctx, fmt.Sprint("d", i), operations.Deposit{To: f.accs[0], Amount: one(1)})
		require.NoError(t, err)
	}
	other, err := operations.New(f.store, operations.Config{})
	require.NoError(t, err)
	t.Cleanup(other.Close)
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}
	id := operations.BookID{Tenant: "acme", Customer: f.scopes[0].Customer()}
	file := exported(t, f.eng, id)
	away, _ := moved(t, operations.Config{}, exported(t, f.eng, house("acme")), file)
	for _, e := range []*operations.Engine{other, away} {
		s, err := e.Gate().Enter(ctx, ana, f.scopes[0].Customer(), "")
		require.NoError(t, err)
		_, err = e.Submit(ctx, s, intent("no"), operations.Deposit{To: f.second, Amount: one(1)})
		require.Equal(t, operations.CodeAccountFrozen, code(err))
		require.NoError(t, e.Book(s).Rebuild(ctx))
		all, err := e.Book(s).Freezes(ctx)
		require.NoError(t, err)
		require.Len(t, all, 1)
	}
}
