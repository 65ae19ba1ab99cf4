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
	err := m.via.read(ctx, func(s *session) error {
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
	l.Tail, err = s.tail(id, since, l.Head)
	return l, err
}

// tail is the entries after since, which must lead to the head without a gap.
func (s *session) tail(id operations.BookID, since int64, head operations.Head) ([]operations.Sealed, error) {
	entries, err := collect(s, entriesAfter, scanEntry, string(id.Tenant), string(id.Customer), since, int64(math.MaxInt64))
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if entries[i].Seq != since+1+int64(i) {
			return nil, damaged("entry %d is missing", since+1+int64(i))
		}
	}
	if end := since + int64(len(entries)); end != head.Seq || len(entries) > 0 && entries[len(entries)-1].Hash != head.Hash {
		return nil, damaged("the journal ends at %d and not at its head %d", end, head.Seq)
	}
	return entries, nil
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
	var (
		version  int64
		document string
	)
	found, err := s.one(readOperator, []any{&version, &document}, string(id.tenant), string(id.operator))
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
	err := m.via.point(ctx, func(s *session) error {
		s.ctx = s.dialect.statement(ctx)
		var err error
		if want == (operations.Want{}) {
			f.Head, err = s.head(id)
			return err
		}
		f, err = s.find(id, want)
		return err
	})
	if err != nil {
		return operations.Found{}, m.failed(ctx, "find in book "+id.String(), err)
	}
	return f, nil
}

func (s *session) find(id operations.BookID, want operations.Want) (operations.Found, error) {
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
	err := s.each(find, func(r *sql.Rows) (bool, error) {
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
