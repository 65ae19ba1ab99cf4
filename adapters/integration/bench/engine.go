package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// engineCache holds every book of a default run: what is measured are warm books.
const engineCache = 512 << 20

// engineSide operates the books through the whole engine: scope, rules,
// decision, journal, projections, keys, group commit.
type engineSide struct {
	eng     *operations.Engine
	store   operations.Store
	firm    tenancy.Scope
	teller  tenancy.Principal
	callers int
	books   []engineBook
	sampled int // check verifies every so manyth book
	timer
}

// engineConfig is how a side is set up. Zero: as for memory and SQLite.
type engineConfig struct {
	tenant     tenancy.TenantID // zero: bench
	books      int
	callers    int // who submit at a time
	cache      int64
	committers int
	store      func(*sqlstore.Store) operations.Store // nil: the store itself
}

type engineBook struct {
	scope            tenancy.Scope
	current, savings accounts.ID
}

// openers is how many open books at a time, before anything is measured.
const openers = 64

// newEngineSide opens the books and funds them.
func newEngineSide(ctx context.Context, store operations.Store, c engineConfig) (*engineSide, error) {
	eng, err := operations.New(store, operations.Config{CacheBytes: cmp.Or(c.cache, engineCache), Committers: c.committers})
	if err != nil {
		return nil, err
	}
	s := &engineSide{eng: eng, store: store, callers: openers, books: make([]engineBook, c.books), sampled: 1}
	s.teller = tellerOf(cmp.Or(c.tenant, "bench"))
	if s.firm, err = eng.Bootstrap(ctx, tenancy.Firm{Tenant: s.teller.Tenant, Admin: s.teller}); err != nil {
		return nil, err
	}
	err = s.spread(ctx, c.books, s.open)
	s.callers = c.callers
	return s, err
}

func tellerOf(tenant tenancy.TenantID) tenancy.Principal {
	return tenancy.Principal{Tenant: tenant, Operator: "teller", Person: "p-teller"}
}

func (s *engineSide) open(ctx context.Context, i int) error {
	name := strconv.Itoa(i)
	made, err := s.eng.OpenCustomer(ctx, s.firm, operations.Intent{Key: "customer-" + name}, customer.Profile{Name: "Customer " + name})
	if err != nil {
		return err
	}
	k := &s.books[i]
	if k.scope, err = s.eng.Gate().Enter(ctx, s.teller, made.ID, ""); err != nil {
		return err
	}
	for key, id := range map[string]*accounts.ID{"current": &k.current, "savings": &k.savings} {
		opened, err := s.eng.Manage(ctx, k.scope, operations.Intent{Key: key}, accounts.Open{
			Currency: asset, Details: accounts.Details{PixKey: "customer" + name + "@example.com"},
		})
		if err != nil {
			return err
		}
		*id = opened.Account
	}
	_, err = s.eng.Submit(ctx, k.scope, operations.Intent{Key: "funding"}, operations.Deposit{To: k.current, Amount: task{amount: funding}.decimal()})
	return err
}

// spread runs do for 0 to n-1 by as many callers as the side has, each taking
// the next when it is through with one.
func (s *engineSide) spread(ctx context.Context, n int, do func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var taken atomic.Int64
	for range s.callers {
		g.Go(func() error {
			for {
				i := int(taken.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := do(ctx, i); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

func (s *engineSide) run(ctx context.Context, tasks []task) error {
	return s.spread(ctx, len(tasks), func(ctx context.Context, i int) error {
		return s.time(func() error { return s.submit(ctx, &tasks[i]) })
	})
}

func (s *engineSide) submit(ctx context.Context, t *task) error {
	k := &s.books[t.book]
	var q operations.Request
	if t.transfer {
		q = operations.Transfer{From: k.current, To: k.savings, Amount: t.decimal()}
	} else {
		q = operations.Deposit{To: k.current, Amount: t.decimal()}
	}
	res, err := s.eng.Submit(ctx, k.scope, operations.Intent{Key: t.key}, q)
	if err == nil && res.Operation.State != operations.Completed {
		err = fmt.Errorf("task %s is %s", t.key, res.Operation.State)
	}
	return err
}

// entrySize is the mean size in bytes of the newest entries of the books: what
// the other side has to write as much of.
func (s *engineSide) entrySize(ctx context.Context) (int, error) {
	const sample = 100
	total, n := 0, 0
	for i := range s.books[:min(len(s.books), sample)] {
		id := operations.BookID{Tenant: s.books[i].scope.Tenant(), Customer: s.books[i].scope.Customer()}
		found, err := s.store.Find(ctx, id, operations.Want{})
		if err != nil {
			return 0, err
		}
		last, err := s.store.Journal(ctx, id, found.Head.Seq-1, 1)
		if err != nil {
			return 0, err
		}
		for _, e := range last {
			total += len(e.Bytes)
			n++
		}
	}
	return total / max(n, 1), nil
}

// check holds the balances of every book against the tasks, and verifies the
// chains and rows of all books, or of those sampled.
func (s *engineSide) check(ctx context.Context, w *workload) error {
	return s.spread(ctx, len(s.books), func(ctx context.Context, i int) error {
		if i%s.sampled != 0 {
			return nil
		}
		k := &s.books[i]
		all, err := s.eng.Book(k.scope).Accounts(ctx)
		if err != nil {
			return err
		}
		want := map[accounts.ID]int64{k.current: w.current[i], k.savings: w.savings[i]}
		if len(all) != len(want) {
			return fmt.Errorf("book %d has %d accounts", i, len(all))
		}
		for _, a := range all {
			if amount := (task{amount: want[a.ID]}).decimal(); !a.Posted.Equal(amount) {
				return fmt.Errorf("book %d: account %q has %s, must have %s", i, a.ID, a.Posted, amount)
			}
		}
		v, err := s.eng.Book(k.scope).Verify(ctx)
		if err == nil && !v.Sound() {
			err = fmt.Errorf("book %d: %s", i, v.Faults[0])
		}
		return err
	})
}
