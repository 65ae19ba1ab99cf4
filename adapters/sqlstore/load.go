package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Load brings what is needed to fold the book forward from seq since.
func (m *methods) Load(ctx context.Context, id operations.BookID, since int64) (operations.Loaded, error) {
	var l operations.Loaded
	if m.dialect.batches {
		err := m.via.point(ctx, ofBook(id), func(s *session) error {
			var err error
			l, err = s.loadBook(id, since)
			return err
		})
		if err != nil {
			return operations.Loaded{}, m.failed(ctx, "load book "+id.String(), err)
		}
		return l, nil
	}
	err := m.via.read(ctx, ofBook(id), func(s *session) error {
		var err error
		l, err = s.load(id, since)
		return err
	})
	if err != nil {
		return operations.Loaded{}, m.failed(ctx, "load book "+id.String(), err)
	}
	return l, nil
}

func (s *session) load(id operations.BookID, since int64) (l operations.Loaded, err error) {
	if l.Head, err = s.head(id); err != nil || l.Head.Seq <= since {
		return l, err
	}
	if l.Head.Seq-since > operations.MaxTail {
		if l.Snapshot, err = s.snapshot(id); err != nil {
			return l, err
		}
		if l.Snapshot != nil && l.Snapshot.Seq <= since {
			l.Snapshot = nil
		}
		if l.Snapshot != nil {
			since = l.Snapshot.Seq
		}
	}
	if l.Tail, err = s.tail(id, since, math.MaxInt64); err != nil {
		return l, err
	}
	return l, whole(l.Tail, since, l.Head)
}

// tail is the entries after since, at most as many.
func (s *session) tail(id operations.BookID, since, most int64) ([]operations.Sealed, error) {
	return collect(s, entriesAfter, scanEntry, string(id.Tenant), string(id.Customer), since, most)
}

// whole makes sure that the entries after since lead to the head without a gap.
func whole(entries []operations.Sealed, since int64, head operations.Head) error {
	for i := range entries {
		if entries[i].Seq != since+1+int64(i) {
			return damaged("entry %d is missing", since+1+int64(i))
		}
	}
	if end := since + int64(len(entries)); end != head.Seq || len(entries) > 0 && entries[len(entries)-1].Hash != head.Hash {
		return damaged("the journal ends at %d and not at its head %d", end, head.Seq)
	}
	return nil
}

// loading is a load that comes row by row, as the database's own function brings
// it: a head first, a snapshot if it is needed, the entries after that.
type loading struct {
	operations.Loaded

	since   int64
	part    int64
	version int64
	entry   operations.Sealed
}

// The parts of what comes.
const (
	partHead     = 0
	partSnapshot = 1
)

// into is where a row goes.
func (l *loading) into() []any {
	l.entry = operations.Sealed{}
	return append(append([]any{&l.part}, entryInto(&l.entry)...), toInt(&l.version))
}

// take takes in the row that has come.
func (l *loading) take(want int64) error {
	switch e := l.entry; l.part {
	case partHead:
		l.Head = operations.Head{Seq: e.Seq, Hash: e.Hash}
		if l.version != want {
			return &SchemaError{Have: l.version, Want: want}
		}
	case partSnapshot:
		l.Snapshot = &operations.Snapshot{Seq: e.Seq, Hash: e.Hash, Bytes: e.Bytes}
		l.since = e.Seq
	default:
		l.Tail = append(l.Tail, e)
	}
	return nil
}

// done makes sure that nothing is missing.
func (l *loading) done() error {
	if l.Head.Seq <= l.since && l.Snapshot == nil {
		return nil
	}
	return whole(l.Tail, l.since, l.Head)
}

// loadBook makes a load of one statement.
func (s *session) loadBook(id operations.BookID, since int64) (operations.Loaded, error) {
	l := loading{since: since}
	err := s.each(loadBook, func(rows *sql.Rows) (bool, error) {
		if err := rows.Scan(l.into()...); err != nil {
			return false, err
		}
		return true, l.take(s.want)
	}, string(id.Tenant), string(id.Customer), since, int64(operations.MaxTail))
	if err == nil {
		err = l.done()
	}
	return l.Loaded, err
}

// snapshot is the newest snapshot of the book; nil when there is none.
func (s *session) snapshot(id operations.BookID) (*operations.Snapshot, error) {
	var snap operations.Snapshot
	found, err := s.one(readSnapshot, []any{toInt(&snap.Seq), toHash(&snap.Hash), &snap.Bytes}, string(id.Tenant), string(id.Customer))
	if err != nil || !found {
		return nil, err
	}
	return &snap, nil
}

// operator is the operator's tenant-wide row; Version 0 when there is none.
func (s *session) operator(id operatorID) (tenancy.Operator, error) {
	return s.operatorBy(readOperator, id)
}

func (s *session) operatorBy(read statement, id operatorID) (tenancy.Operator, error) {
	var (
		version  int64
		document string
	)
	found, err := s.one(read, []any{&version, &document}, string(id.tenant), string(id.operator))
	if err != nil {
		return tenancy.Operator{}, err
	}
	if !found {
		return tenancy.Operator{ID: id.operator}, nil
	}
	return decodeOperator(version, document)
}

func decodeOperator(version int64, document string) (tenancy.Operator, error) {
	var o tenancy.Operator
	if err := json.Unmarshal([]byte(document), &o); err != nil {
		return tenancy.Operator{}, fmt.Errorf("operator: %w: %w", operations.ErrDamaged, err)
	}
	if o.Version != version {
		return tenancy.Operator{}, damaged("operator %q is at version %d and its row at %d", o.ID, o.Version, version)
	}
	return o, nil
}

// Find confirms the head of the book and brings what was wanted. It is one
// statement, and so of one moment.
func (m *methods) Find(ctx context.Context, id operations.BookID, want operations.Want) (operations.Found, error) {
	var f operations.Found
	err := m.via.point(ctx, ofBook(id), func(s *session) error {
		s.ctx = s.dialect.statement(ctx)
		var err error
		switch {
		case s.dialect.batches:
			f, err = s.find(findInBook, id, want)
		case want == (operations.Want{}):
			f.Head, err = s.head(id)
		default:
			f, err = s.find(find, id, want)
		}
		return err
	})
	if err != nil {
		return operations.Found{}, m.failed(ctx, "find in book "+id.String(), err)
	}
	return f, nil
}

func (s *session) find(by statement, id operations.BookID, want operations.Want) (operations.Found, error) {
	var (
		f                           operations.Found
		schema, key, seen, operator int64
		document                    string
		keyed                       operations.Sealed
		stored                      operations.StoredOperation
	)
	into := append(make([]any, 0, 40), toInt(&schema), toInt(&f.Head.Seq), toHash(&f.Head.Hash), toInt(&key), toInt(&seen), toInt(&operator), toText(&document))
	into = append(into, entryInto(&keyed)...)
	into = append(into, operationInto(&stored.Row)...)
	into = append(into, entryInto(&stored.Entry)...)
	rows := 0
	err := s.each(by, func(r *sql.Rows) (bool, error) {
		rows++
		return true, r.Scan(into...)
	}, string(id.Tenant), string(id.Customer), want.Key, string(want.Operation), string(want.Operator))
	if err != nil {
		return f, err
	}
	if rows != 1 || schema != s.want {
		return f, &SchemaError{Have: schema, Want: s.want}
	}
	if key != 0 {
		if keyed.Seq == 0 {
			return f, damaged("a key has no entry")
		}
		f.Key = &keyed
	}
	if seen != 0 {
		if stored.Entry.Seq == 0 {
			return f, damaged("operation %q has no entry", stored.Row.ID)
		}
		f.Operation = &stored
	}
	if operator != 0 {
		o, err := decodeOperator(operator, document)
		if err != nil {
			return f, err
		}
		f.Operator = &o
	}
	return f, nil
}
