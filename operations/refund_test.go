package operations_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

func (f firm) submit(ctx context.Context, key string, q operations.Request) (operations.Operation, error) {
	res, err := f.eng.Submit(ctx, f.scopes[0], operations.Intent{Key: key}, q)
	return res.Operation, err
}

// funded is a firm with a deposit of 100, and that deposit.
func funded(t *testing.T, c operations.Config) (firm, operations.Operation) {
	t.Helper()
	f := newFirm(t, 2, c)
	o, err := f.submit(t.Context(), "in", operations.Deposit{To: f.accs[0], Amount: decimal.New(100, 0)})
	require.NoError(t, err)
	return f, o
}

func back(parent operations.OperationID, amount string) operations.Refund {
	return operations.Refund{Parent: parent, Amount: decimal.RequireFromString(amount), Purpose: "error"}
}

func code(err error) string {
	if r, ok := errors.AsType[*operations.RefusedError](err); ok {
		return r.Unmet[0].Code
	}
	return fmt.Sprint(err)
}

func (f firm) posted(t *testing.T) string {
	t.Helper()
	accs, err := f.eng.Book(f.scopes[0]).Accounts(t.Context())
	require.NoError(t, err)
	v, err := f.eng.Book(f.scopes[0]).Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	return accs[0].Posted.String()
}

func TestRefundsGiveBackExactlyTheirParentAndNotAUnitMore(t *testing.T) {
	t.Parallel()
	f, dep := funded(t, operations.Config{})
	out, err := f.submit(t.Context(), "out", operations.Withdrawal{From: f.accs[0], Amount: decimal.New(40, 0)})
	require.NoError(t, err)
	for i, amount := range []string{"15", "24.99"} {
		_, err := f.submit(t.Context(), fmt.Sprint("r", i), back(out.ID, amount))
		require.NoError(t, err)
	}
	plan, err := f.eng.Explain(t.Context(), f.scopes[0], back(out.ID, "0.02"))
	require.NoError(t, err)
	_, err = f.submit(t.Context(), "more", back(out.ID, "0.02"))
	require.Equal(t, operations.CodeRefundExceeds, code(err))
	refused, _ := errors.AsType[*operations.RefusedError](err)
	require.Equal(t, plan.Unmet, refused.Unmet)
	require.Equal(t, []operations.Figure{
		{Name: "parent", Value: "40"}, {Name: "refunded", Value: "39.99"}, {Name: "asked", Value: "0.02"}, {Name: "left", Value: "0.01"},
	}, plan.Unmet[0].Figures)
	last, err := f.submit(t.Context(), "last", back(out.ID, "0.01"))
	require.NoError(t, err)
	require.Equal(t, out.ID, last.Parent)
	require.Equal(t, "100", f.posted(t))

	again, err := f.eng.Submit(t.Context(), f.scopes[0], operations.Intent{Key: "last"}, back(out.ID, "0.01"))
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, last.ID, again.Operation.ID)
	all, err := f.eng.Book(f.scopes[0]).Refunds(t.Context(), out.ID)
	require.NoError(t, err)
	require.Len(t, all, 3)
	_, err = f.submit(t.Context(), "of-refund", back(last.ID, "0.01"))
	require.Equal(t, operations.CodeNotRefundable, code(err))

	_, err = f.submit(t.Context(), "full", back(dep.ID, "100"))
	require.NoError(t, err)
	require.Equal(t, "0", f.posted(t))
	acts, err := f.eng.Actions(t.Context(), f.scopes[0], dep.ID)
	require.NoError(t, err)
	require.Equal(t, operations.CodeRefundExceeds, acts[3].Unmet[0].Code)
}

func TestAParentOfAnotherBookIsNoneAtAll(t *testing.T) {
	t.Parallel()
	f, _ := funded(t, operations.Config{})
	other, err := f.deposit(t.Context(), 1, "theirs")
	require.NoError(t, err)
	_, theirs := f.submit(t.Context(), "a", back(other.Operation.ID, "1"))
	_, none := f.submit(t.Context(), "b", back("none", "1"))
	require.ErrorIs(t, none, operations.ErrNotFound)
	require.Equal(t, none, theirs)
}

// teller is a provider that says what it is told to.
type teller struct{ status operations.AnswerStatus }

func (*teller) Contract() operations.Contract { return operations.Contract{} }

func (p *teller) Send(_ context.Context, i operations.Instruction) (operations.Answer, error) {
	return operations.Answer{Reference: i.Reference, Status: p.status, Amount: i.Order.Amount.Decimal, Asset: i.Terms.Asset}, nil
}

func (*teller) Ask(context.Context, string) (operations.Answer, error) {
	return operations.Answer{Status: operations.AnswerPending}, nil
}

func TestARefundUnderWayCountsAndAFailedOneGivesBackItsPart(t *testing.T) {
	t.Parallel()
	bank := &teller{status: operations.AnswerSettled}
	f := newFirm(t, 1, operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
	ctx := t.Context()
	dep, err := f.submit(ctx, "in", operations.Deposit{To: f.accs[0], Amount: decimal.New(10, 0), Via: "bank"})
	require.NoError(t, err)
	bank.status = operations.AnswerPending
	r, err := f.submit(ctx, "r", back(dep.ID, "6"))
	require.NoError(t, err)
	require.Equal(t, operations.Executing, r.State)
	_, err = f.submit(ctx, "too-much", back(dep.ID, "5"))
	require.Equal(t, operations.CodeRefundExceeds, code(err))
	bank.status = operations.AnswerRefused
	failed, err := f.submit(ctx, "failed", back(dep.ID, "4"))
	require.NoError(t, err)
	require.Equal(t, operations.Failed, failed.State)
	in, err := f.eng.Within(f.store).Submit(ctx, f.scopes[0], operations.Intent{Key: "within"}, back(dep.ID, "4"))
	require.NoError(t, err)
	require.Equal(t, operations.Scheduled, in.Operation.State)

	_, err = f.eng.Report(ctx, "acme", "bank", operations.Answer{
		Reference: dep.ProviderReference, Status: operations.AnswerReversed, Amount: decimal.New(10, 0), Asset: "BRL", External: "x",
	})
	require.NoError(t, err)
	incidents, err := f.eng.Book(f.scopes[0]).Incidents(ctx)
	require.NoError(t, err)
	codes := make([]string, 0, len(incidents))
	for _, i := range incidents {
		codes = append(codes, i.Code)
	}
	require.Contains(t, codes, operations.IncidentRefunded)
	_, err = f.submit(ctx, "late", back(dep.ID, "1"))
	require.Equal(t, operations.CodeParentReversed, code(err))
	_, err = f.eng.Work(ctx, operations.Budget{})
	require.NoError(t, err)
	o, err := f.eng.Book(f.scopes[0]).Operation(ctx, in.Operation.ID)
	require.NoError(t, err)
	require.Equal(t, operations.Failed, o.State)
}

func TestConcurrentRefundsNeverExceedTheirParent(t *testing.T) {
	t.Parallel()
	f, dep := funded(t, operations.Config{})
	var done atomic.Int64
	g, ctx := errgroup.WithContext(t.Context())
	for i := range 32 {
		g.Go(func() error {
			_, err := f.submit(ctx, fmt.Sprint("r", i), back(dep.ID, "7"))
			if err == nil {
				done.Add(1)
			} else if code(err) != operations.CodeRefundExceeds {
				return err
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	require.EqualValues(t, 14, done.Load())
	require.Equal(t, "2", f.posted(t))
}

// taxed is a way in, or out, of which the firm keeps one.
type taxed struct{ out bool }

func (k taxed) Name() string {
	if k.out {
		return "taxed_out"
	}
	return "taxed_in"
}

func (taxed) Validate(operations.Order) error { return nil }

func (k taxed) Plan(v operations.View, _ time.Time) (operations.Terms, []operations.Unmet) {
	o := v.Order()
	id, cash, one := o.To, o.Amount.Neg(), decimal.New(1, 0)
	if k.out {
		id, cash = o.From, o.Amount.Sub(one)
	}
	post := func(ref accounts.Ref, d decimal.Decimal) accounts.Posting {
		return accounts.Posting{Ref: ref, Asset: "BRL", Amount: accounts.Exact(d)}
	}
	t := operations.Terms{Asset: "BRL", Fees: []operations.FeeLine{{Fee: "tax", Account: id, Asset: "BRL", Amount: accounts.Exact(one), Inside: true}}}
	t.Postings = []accounts.Posting{post(accounts.Clearing("desk"), cash), post(accounts.Customer(id), cash.Add(one).Neg()), post(accounts.IncomeFees, one)}
	if k.out {
		t.Holds = []operations.HoldTerm{{Account: id, Amount: o.Amount}}
	}
	return t, nil
}

func (k taxed) Refundable(p operations.Operation) operations.WayBack {
	return operations.WayBack{From: p.Order.To, To: p.Order.From, Counter: accounts.Clearing("desk")}
}

func TestFeesInsideAreKeptUnlessTheyAreReturned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind         taxed
		plain, whole string // the most that is refunded without and with fees
		after        string // all is given back with them
	}{
		{taxed{}, "9", "10", "100"},
		{taxed{out: true}, "9", "9", "100"},
	} {
		t.Run(c.kind.Name(), func(t *testing.T) {
			t.Parallel()
			f, _ := funded(t, operations.Config{Kinds: []operations.Kind{c.kind}})
			o := operations.Order{Kind: c.kind.Name(), To: f.accs[0], Amount: accounts.Exact(decimal.New(10, 0))}
			if c.kind.out {
				o.From, o.To = o.To, ""
			}
			p, err := f.submit(t.Context(), "p", o)
			require.NoError(t, err)
			cent := decimal.New(1, -2)
			q := back(p.ID, c.plain)
			q.Amount = q.Amount.Add(cent)
			_, err = f.submit(t.Context(), "above", q)
			require.Equal(t, operations.CodeRefundExceeds, code(err))
			plan, err := f.eng.Explain(t.Context(), f.scopes[0], back(p.ID, c.plain))
			require.NoError(t, err)
			require.Empty(t, plan.Unmet)
			q = back(p.ID, c.whole)
			q.Fees, q.Amount = true, q.Amount.Add(cent)
			_, err = f.submit(t.Context(), "above-all", q)
			require.Equal(t, operations.CodeRefundExceeds, code(err))
			q.Amount = q.Amount.Sub(cent)
			_, err = f.submit(t.Context(), "all", q)
			require.NoError(t, err)
			require.Equal(t, c.after, f.posted(t))
			_, err = f.submit(t.Context(), "again", q)
			require.Equal(t, operations.CodeFeesReturned, code(err))
		})
	}
}
