package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// findings are what reading the books back brought.
type findings struct {
	mu          sync.Mutex
	reproduced  int
	sound       int // books
	differences []difference
	byRail      map[string]*flow
}

// flow is what went by one rail, or was posted for one purpose.
type flow struct {
	operations int
	disponents int // of them by a disponent
	in, out    decimal.Decimal
}

// difference is one thing that is not as the bank recorded it.
type difference struct {
	line int // of the transactions' file; 0: of none
	text string
}

// String names the line and what differs.
func (d difference) String() string {
	if d.line == 0 {
		return d.text
	}
	return fmt.Sprintf("%s:%d: %s", transactionsFile, d.line, d.text)
}

func (f *findings) differf(line int, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.differences = append(f.differences, difference{line, fmt.Sprintf(format, args...)})
}

// compare holds the balance after every transaction, as the book's own
// statement gives it, against what the bank recorded.
func (b *bank) compare(ctx context.Context, k *book, f *findings) error {
	for _, h := range k.holdings {
		references, err := b.history(ctx, k, h, f)
		if err != nil {
			return fmt.Errorf("history of account %d: %w", h.id, err)
		}
		balances, err := b.statement(ctx, k, h, references, f)
		if err != nil {
			return fmt.Errorf("statement of account %d: %w", h.id, err)
		}
		right := 0
		for i := range h.moves {
			m := &h.moves[i]
			got, ok := balances[reference(m)]
			switch {
			case m.refused != "":
				f.differf(m.line, "transaction %d was refused: %s", m.id, m.refused)
			case !ok:
				f.differf(m.line, "transaction %d is not in the statement", m.id)
			case !got.Equal(m.balance):
				f.differf(m.line, "transaction %d: the bank recorded %s after it, the statement says %s",
					m.id, accounts.Format(m.balance, h.scale), accounts.Format(got, h.scale))
			default:
				right++
			}
		}
		f.mu.Lock()
		f.reproduced += right
		f.mu.Unlock()
	}
	return nil
}

// history reads all pages of an account's operations and gives the reference
// of each.
func (b *bank) history(ctx context.Context, k *book, h *holding, f *findings) (map[operations.OperationID]string, error) {
	references := map[operations.OperationID]string{}
	for cursor := ""; ; {
		page, err := b.eng.Book(k.manager).History(ctx, operations.HistoryFilter{Account: h.account}, cursor, 0)
		if err != nil {
			return nil, err
		}
		f.count(page.Items)
		for i := range page.Items {
			references[page.Items[i].ID] = page.Items[i].Order.Reference
		}
		if cursor = page.Next; cursor == "" {
			return references, nil
		}
	}
}

// statement reads all pages of an account's statement and gives the balance
// after each transaction. A line more than one for a transaction, or for none,
// is a difference.
func (b *bank) statement(ctx context.Context, k *book, h *holding, references map[operations.OperationID]string, f *findings) (map[string]decimal.Decimal, error) {
	recorded := make(map[string]bool, len(h.moves))
	for i := range h.moves {
		recorded[reference(&h.moves[i])] = true
	}
	balances := map[string]decimal.Decimal{}
	for cursor := ""; ; {
		page, err := b.eng.Book(k.manager).Statement(ctx, operations.StatementFilter{Account: accounts.Customer(h.account)}, cursor, 0)
		if err != nil {
			return nil, err
		}
		for _, line := range page.Items {
			ref := references[line.Operation]
			_, twice := balances[ref]
			switch {
			case !recorded[ref]:
				f.differf(0, "account %d: entry %d of the book posts what the bank did not record", h.id, line.Seq)
			case twice:
				f.differf(0, "account %d: %s is in the statement twice", h.id, ref)
			}
			balances[ref] = line.Balance
		}
		if cursor = page.Next; cursor == "" {
			return balances, nil
		}
	}
}

// count adds operations to what went by their rail.
func (f *findings) count(items []operations.Operation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range items {
		o := &items[i]
		name := o.Order.Via
		if name == "" {
			name = "bank: " + o.Order.Purpose
		}
		if f.byRail[name] == nil {
			f.byRail[name] = &flow{}
		}
		w := f.byRail[name]
		w.operations++
		if o.Order.To != "" {
			w.in = w.in.Add(o.Order.Amount.Decimal)
		} else {
			w.out = w.out.Add(o.Order.Amount.Decimal)
		}
		if p := o.Maker.Person; p != clerk().Person && p != posting().Person {
			w.disponents++
		}
	}
}

// verify follows the chain of a book and holds every row against it.
func (b *bank) verify(ctx context.Context, s tenancy.Scope, f *findings) error {
	v, err := b.eng.Book(s).Verify(ctx)
	if err != nil {
		return fmt.Errorf("verify %s: %w", s, err)
	}
	for _, fault := range v.Faults {
		f.differf(0, "book of %s: %s", v.Book.Customer, fault)
	}
	if v.Sound() {
		f.mu.Lock()
		f.sound++
		f.mu.Unlock()
	}
	return nil
}

// check reads everything back: balances first, then every book with the
// house's.
func (b *bank) check(ctx context.Context, workers int, all []*book, show func(what string, total int) *progress) (*findings, error) {
	f := &findings{byRail: map[string]*flow{}}
	done := show("accounts compared", len(all))
	err := each(ctx, workers, all, func(ctx context.Context, k *book) error {
		defer done.step()
		return b.compare(ctx, k, f)
	})
	if err != nil {
		return nil, err
	}
	done = show("books verified", len(all))
	err = each(ctx, workers, all, func(ctx context.Context, k *book) error {
		defer done.step()
		return b.verify(ctx, k.manager, f)
	})
	if err != nil {
		return nil, err
	}
	if err := b.verify(ctx, b.house, f); err != nil {
		return nil, err
	}
	slices.SortFunc(f.differences, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text))
	})
	return f, nil
}
