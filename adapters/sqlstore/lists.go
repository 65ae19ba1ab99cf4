package sqlstore

import (
	"context"
	"database/sql"

	"github.com/onbehalf/onbehalf/operations"
)

// Statement lists the postings of one account, the newest first, also within an
// entry: each balance follows from the next row's.
func (m *methods) Statement(ctx context.Context, id operations.BookID, q operations.StatementQuery) (operations.Page[operations.PostingRow], error) {
	var page operations.Page[operations.PostingRow]
	err := m.via.read(ctx, ofBook(id), func(s *session) error {
		if _, err := s.head(id); err != nil {
			return err
		}
		// Postings of one entry stay together, so a page that cannot hold the
		// first entry whole looks further.
		for bound := int64(examined); ; bound *= 4 {
			var (
				whole bool
				err   error
			)
			if page, whole, err = s.postings(id, q, bound); whole || err != nil {
				return err
			}
		}
	})
	if err != nil {
		return operations.Page[operations.PostingRow]{}, m.failed(ctx, "statement of book "+id.String(), err)
	}
	return page, nil
}

// postings makes a page from at most bound rows, and tells whether at least
// one entry was seen whole.
func (s *session) postings(id operations.BookID, q operations.StatementQuery, bound int64) (operations.Page[operations.PostingRow], bool, error) {
	var (
		page    operations.Page[operations.PostingRow]
		seen    int64
		entries int
		entry   int64 // the one being read, whose rows begin at start
		start   int
		whole   int64 // the last one seen to its end
	)
	done := func() {
		if len(page.Items) > start {
			entries++
		}
		whole, start = entry, len(page.Items)
	}
	err := s.each(statementOf, func(rows *sql.Rows) (bool, error) {
		var p operations.PostingRow
		if err := scanPosting(rows, &p); err != nil {
			return false, err
		}
		if entry != 0 && p.Seq != entry {
			done()
			if entries == q.Limit {
				page.More = true
				return false, nil
			}
		}
		seen++
		entry = p.Seq
		if (q.Asset == "" || p.Asset == q.Asset) && (q.Since.IsZero() || !p.At.Before(q.Since)) && (q.Until.IsZero() || p.At.Before(q.Until)) {
			page.Items = append(page.Items, p)
		}
		return true, nil
	}, string(id.Tenant), string(id.Customer), string(q.Ref), beginning(q.Before), bound)
	switch {
	case err != nil:
		return page, false, err
	case page.More:
	case seen == bound:
		// The last entry may go on beyond what was read.
		page.Items, page.More = page.Items[:start], true
	case entry != 0:
		done()
	}
	if page.More {
		page.Next = whole
	}
	return page, !page.More || whole != 0, nil
}

// Journal lists entries, oldest first, after seq after.
func (m *methods) Journal(ctx context.Context, id operations.BookID, after int64, limit int) ([]operations.Sealed, error) {
	var entries []operations.Sealed
	err := m.via.read(ctx, ofBook(id), func(s *session) error {
		if _, err := s.head(id); err != nil {
			return err
		}
		var err error
		entries, err = collect(s, entriesAfter, scanEntry, string(id.Tenant), string(id.Customer), after, int64(max(limit, 0)))
		return err
	})
	if err != nil {
		return nil, m.failed(ctx, "journal of book "+id.String(), err)
	}
	return entries, nil
}

// Personal brings the personal rows of the book, sorted by subject.
func (m *methods) Personal(ctx context.Context, id operations.BookID) ([]operations.PersonalRow, error) {
	var rows []operations.PersonalRow
	err := m.via.read(ctx, ofBook(id), func(s *session) error {
		if _, err := s.head(id); err != nil {
			return err
		}
		var err error
		rows, err = s.personal(id)
		return err
	})
	if err != nil {
		return nil, m.failed(ctx, "personal data of book "+id.String(), err)
	}
	return rows, nil
}

func (s *session) personal(id operations.BookID) ([]operations.PersonalRow, error) {
	return collect(s, personal, func(rows *sql.Rows, p *operations.PersonalRow) error {
		return rows.Scan(toText(&p.Subject), toHash(&p.Digest), &p.Salt, &p.Value)
	}, string(id.Tenant), string(id.Customer))
}
