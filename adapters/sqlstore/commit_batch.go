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
		if err = m.via.read(ctx, of, tell); err != nil {
			// The others are stored: sent again, they are found there.
			err = &commitError{err: err, after: true}
		}
	}
	if err != nil {
		return nil, err
	}
	return verdicts, nil
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
