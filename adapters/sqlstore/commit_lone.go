package sqlstore

import (
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
)

// lone tells whether the runs are what commit_run is for: one change of a book
// that is there, relying on one or two operators, which makes one operation and
// brings nothing but its postings and balances.
func lone(runs []operations.Run) bool {
	if len(runs) != 1 || len(runs[0].Changes) != 1 || len(runs[0].Relies) < 1 || len(runs[0].Relies) > 2 || runs[0].From.Seq == 0 {
		return false
	}
	c := &runs[0].Changes[0]
	e := &c.Entry
	if len(c.Operations) != 1 || c.Customer != nil || c.Snapshot != nil || c.Announce || e.Key == "" ||
		len(c.Grants)+len(c.Operators)+len(c.Personal)+len(c.Erase) > 0 {
		return false
	}
	if o := &c.Operations[0]; o.ID != e.Operation || o.Version != 1 || o.Created != e.Seq || o.Updated != e.Seq {
		return false
	}
	for i := range c.Postings {
		if p := &c.Postings[i]; p.Seq != e.Seq || p.N != i || !p.At.Equal(e.At) || p.Operation != e.Operation {
			return false
		}
	}
	for i := range c.Balances {
		if c.Balances[i].Seq != e.Seq {
			return false
		}
	}
	return true
}

// encodeRun gives the arguments of commit_run, or nil where it is not for these
// runs.
func encodeRun(version int64, runs []operations.Run) ([]any, error) {
	if !lone(runs) {
		return nil, nil
	}
	r := &runs[0]
	e, o := &r.Changes[0].Entry, &r.Changes[0].Operations[0]
	amount, err := amountText("amount", o.Amount)
	if err != nil {
		return nil, fmt.Errorf("book %s: operation %q: %w", r.Book, o.ID, err)
	}
	var postings, balances array
	for i := range r.Changes[0].Postings {
		p := &r.Changes[0].Postings[i]
		amount, balance, err := postingTexts(p)
		if err != nil {
			return nil, fmt.Errorf("book %s: entry %d: posting %d: %w", r.Book, e.Seq, i, err)
		}
		postings.row()
		postings.strings(string(p.Ref), p.Asset, amount, balance)
		postings.end()
	}
	for i := range r.Changes[0].Balances {
		if err := balances.balance(&r.Changes[0].Balances[i]); err != nil {
			return nil, fmt.Errorf("book %s: balance %q: %w", r.Book, r.Changes[0].Balances[i].Ref, err)
		}
	}
	due := any(nil)
	if !o.Due.IsZero() {
		due = o.Due.UnixMicro()
	}
	first, also := r.Relies[0], operations.Reliance{}
	if len(r.Relies) == 2 {
		if first, also = r.Relies[0], r.Relies[1]; also.Operator < first.Operator { // they are held in their order
			first, also = also, first
		}
	}
	books, _, _ := scope{books: []operations.BookID{r.Book}}.settings()
	return []any{
		version, books, string(r.Book.Tenant), string(r.Book.Customer), string(first.Operator), first.Version,
		e.Seq, e.Prev[:], e.Hash[:], e.At.UnixMicro(), string(e.Action), string(e.Operation), e.Key, e.Fingerprint[:], e.Bytes,
		string(o.State), o.Kind, o.Asset, string(o.From), string(o.To), amount, string(o.Maker), o.CreatedAt.UnixMicro(), due,
		postings.String(), balances.String(),
		string(also.Operator), also.Version,
	}, nil
}
