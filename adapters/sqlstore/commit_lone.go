package sqlstore

import (
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
	var a runArrays
	a.run = 1
	r := &runs[0]
	if err := a.add(r); err != nil {
		return nil, err
	}
	e, o, p, b := &r.Changes[0].Entry, &a.operations, &a.postings, &a.balances
	due := any(nil)
	if o.due[0] != nil {
		due = *o.due[0]
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
		o.state[0], o.kind[0], o.asset[0], o.from[0], o.to[0], o.amount[0], o.maker[0], o.createdAt[0], due,
		p.ref, p.asset, p.amount, p.balance,
		b.ref, b.asset, b.posted, b.held, b.limit,
		string(also.Operator), also.Version,
	}, nil
}
