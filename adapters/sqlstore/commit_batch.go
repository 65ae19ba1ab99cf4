package sqlstore

import (
	"context"
	"database/sql"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// commitBatch stores the runs by one call of the database's own function, which
// is one round trip and one transaction. What the losers have to be told is
// read afterwards: entries never change.
func (m *methods) commitBatch(ctx context.Context, runs []operations.Run, order []int) ([]operations.Verdict, error) {
	id := commitRuns
	args, err := encodeRun(m.version, runs)
	switch {
	case err != nil:
		return nil, err
	case args != nil:
		id = commitRun
	default:
		if args, err = encodeRuns(m.version, runs, order); err != nil {
			return nil, err
		}
	}
	var losses []lossRow
	verdicts := make([]operations.Verdict, len(runs))
	for i := range runs {
		verdicts[i].Won = len(runs[i].Changes)
	}
	tell := func(s *session) error {
		b := batch{session: s}
		for _, l := range losses {
			if l.run < 1 || int(l.run) > len(order) {
				return damaged("run %d was never sent", l.run)
			}
			i := order[l.run-1]
			if verdicts[i], err = b.lost(&runs[i], l); err != nil {
				return err
			}
		}
		return nil
	}
	of := ofRuns(runs, order)
	err = m.via.call(ctx, of, func(s *session) error {
		losses, err = collect(s, id, func(rows *sql.Rows, l *lossRow) error {
			return rows.Scan(&l.run, &l.stored, toText(&l.loss))
		}, args...)
		if err != nil || m.own() {
			return err
		}
		return tell(s) // an error undoes what was stored, in a transaction of the host's
	})
	if err == nil && len(losses) > 0 && m.own() {
		if losses, err = m.late(ctx, runs, order, losses, verdicts); err == nil && len(losses) > 0 {
			err = m.via.read(ctx, of, tell)
		}
		if err != nil {
			// The others are stored: sent again, they are found there.
			err = &commitError{err: err, after: true}
		}
	}
	if err != nil {
		return nil, err
	}
	return verdicts, nil
}

// late gives the verdicts of the runs that came too late, all of them by one
// statement, and the losses that are left to be told one by one: those of other
// kinds, and of books that have gone on too far.
func (m *methods) late(ctx context.Context, runs []operations.Run, order []int, losses []lossRow, verdicts []operations.Verdict) (rest []lossRow, err error) {
	var stale []lossRow
	var tenants, customers, since array
	for _, l := range losses {
		if l.loss != operations.Stale || l.run < 1 || int(l.run) > len(order) {
			rest = append(rest, l)
			continue
		}
		r := &runs[order[l.run-1]]
		stale = append(stale, l)
		tenants.strings(string(r.Book.Tenant))
		customers.strings(string(r.Book.Customer))
		since.ints(r.From.Seq)
	}
	if len(stale) == 0 {
		return rest, nil
	}
	found := make([]loading, len(stale))
	for i, l := range stale {
		found[i].since = runs[order[l.run-1]].From.Seq
	}
	err = m.via.point(ctx, ofRuns(runs, order), func(s *session) error {
		return s.each(loadBooks, func(rows *sql.Rows) (bool, error) {
			var row loading
			var i int64
			if err := rows.Scan(append([]any{&i}, row.into()...)...); err != nil {
				return false, err
			}
			if i < 1 || int(i) > len(found) {
				return false, damaged("book %d was never asked for", i)
			}
			at := &found[i-1]
			at.part, at.version, at.entry = row.part, row.version, row.entry
			return true, at.take(s.want)
		}, tenants.String(), customers.String(), since.String(), int64(operations.MaxTail))
	})
	for i, l := range stale {
		if err == nil {
			err = found[i].done()
		}
		if err != nil {
			return nil, err
		}
		n := order[l.run-1]
		if v, ok := found[i].verdict(&runs[n]); ok {
			verdicts[n] = v
		} else {
			rest = append(rest, l)
		}
	}
	return rest, nil
}

// verdict is that of a run on a head that its book, loaded since then, did not
// have any more: it was stored by an earlier try, or came too late. It gives
// false where that takes more than the entries since.
func (l *loading) verdict(r *operations.Run) (operations.Verdict, bool) {
	if l.Snapshot != nil || len(l.Tail) > operations.MaxTail {
		return operations.Verdict{}, false
	}
	won := 0
	for won < min(len(r.Changes), len(l.Tail)) && r.Changes[won].Entry.Hash == l.Tail[won].Hash {
		won++
	}
	switch won {
	case 0:
		return operations.Verdict{Loss: operations.Stale, Tail: l.Tail}, true
	case len(r.Changes):
		return operations.Verdict{Won: won}, true
	}
	return operations.Verdict{}, false
}

// lossRow is what the function tells of a run that was not stored whole.
type lossRow struct {
	run, stored int64 // from 1; the last seq of it that was stored
	loss        operations.Loss
}

// lost is the verdict of a run that was not stored whole by this call.
func (b *batch) lost(r *operations.Run, l lossRow) (operations.Verdict, error) {
	if l.loss == operations.KeyTaken {
		v := operations.Verdict{Won: int(l.stored - r.From.Seq), Loss: l.loss}
		if v.Won < 0 || v.Won >= len(r.Changes) {
			return v, damaged("a run of %d changes was stored up to seq %d", len(r.Changes), l.stored)
		}
		var err error
		if v.Taken, err = b.taken(r.Book, r.Changes[v.Won].Entry.Key); err == nil && v.Taken == nil {
			err = damaged("a key that is taken has no entry")
		}
		return v, err
	}
	if v, stored, err := b.alreadyStored(r); stored || err != nil {
		return v, err
	}
	if l.loss != operations.Outdated {
		return b.stale(r)
	}
	v := operations.Verdict{Loss: operations.Outdated, Operators: make([]tenancy.Operator, len(r.Relies))}
	for i, rely := range r.Relies {
		var err error
		if v.Operators[i], err = b.operator(operatorID{r.Book.Tenant, rely.Operator}); err != nil {
			return v, err
		}
	}
	return v, nil
}
