package operations

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Exported tells what Export wrote.
type Exported struct {
	Book     BookID
	Head     Head // of the last entry that was written, which is entry Head.Seq
	Personal int64
	Digest   Hash // of all lines but the last, which names it
}

// exportPage is how many entries are read and written at a time.
const exportPage = 64

// Export writes the whole book of the scope, for Import: every entry in the very
// bytes that are hashed, and the personal data. It is the book as of one head,
// though it may move on meanwhile. Memory is that of 64 entries and the personal
// rows. What was written before an error is no book, and Import refuses it.
//
// The file has names, tax ids and bank details in the clear, and erasing them
// does not reach it: keep it as the database itself is kept. Export needs the
// view permission, as everything that shows the same does; the access log is told.
// Errors: unavailable when the book is damaged or w fails, too.
func (b *Book) Export(ctx context.Context, w io.Writer) (Exported, error) {
	r, err := b.eng.read(ctx, b.scope, "export", Want{})
	if err != nil {
		return Exported{}, err
	}
	return b.eng.export(ctx, r.f.id, w)
}

// Export is Book.Export for the owner of the database, who moves books from one
// store to another. Nobody's permission is asked for: call it, as Verify, from
// where only he can. Errors: invalid, not found, unavailable.
func (e *Engine) Export(ctx context.Context, id BookID, w io.Writer) (Exported, error) {
	if err := errors.Join(tenancy.CheckID("tenant", string(id.Tenant)), tenancy.CheckID("customer", string(id.Customer))); err != nil {
		return Exported{}, err
	}
	return e.export(ctx, id, w)
}

func (e *Engine) export(ctx context.Context, id BookID, w io.Writer) (Exported, error) {
	f, personal, err := e.still(ctx, id)
	if err != nil {
		return Exported{}, e.failed(ctx, fmt.Errorf("export: %w", err))
	}
	out := newBookWriter(w)
	out.document(fileHeader{Format: bookFormat, Tenant: id.Tenant, Customer: id.Customer, Seq: f.head.Seq, Hash: f.head.Hash})
	if err := e.exportEntries(ctx, id, f.head, out); err != nil {
		return Exported{}, e.failed(ctx, fmt.Errorf("export: %w", err))
	}
	done := Exported{Book: id, Head: f.head}
	for subject := range f.personal.all {
		out.document(filePersonal(personal[subject]))
		done.Personal++
	}
	done.Digest = out.digest()
	out.document(fileTrailer{Entries: f.head.Seq, Personal: done.Personal, Digest: done.Digest})
	if err := out.flush(); err != nil {
		return Exported{}, e.failed(ctx, fmt.Errorf("export: write: %w", err))
	}
	return done, nil
}

// still gives the book and its personal rows as of one moment.
func (e *Engine) still(ctx context.Context, id BookID) (*Folded, personalRows, error) {
	for range maxRounds {
		f, _, err := e.confirm(ctx, id, Want{})
		if err != nil {
			return nil, nil, err
		}
		if f.head.Seq == 0 {
			return nil, nil, ErrNotFound
		}
		rows, err := e.store.Personal(ctx, id)
		if err != nil {
			return nil, nil, fmt.Errorf("read personal data: %w", err)
		}
		m := make(personalRows, len(rows))
		for _, row := range rows {
			m[row.Subject] = row
		}
		// A value that is there is as good as the digest the journal has of it; one
		// that is not may have been erased since.
		gone := slices.ContainsFunc(rows, func(r PersonalRow) bool { return r.Value == nil })
		if m.recorded(f) && !gone {
			return f, m, m.sound()
		}
		found, err := e.store.Find(ctx, id, Want{})
		if err != nil {
			return nil, nil, fmt.Errorf("confirm book: %w", err)
		}
		switch {
		case found.Head != f.head:
		case !m.recorded(f):
			return nil, nil, fmt.Errorf("%w: personal data are not what was recorded", ErrDamaged)
		default:
			return f, m, m.sound()
		}
	}
	return nil, nil, fmt.Errorf("%w: the book is contended", ErrUnavailable)
}

// sound holds the values against their digests.
func (m personalRows) sound() error {
	for subject, row := range m {
		if row.Value != nil && personalDigest(row.Salt, row.Value) != row.Digest {
			return fmt.Errorf("%w: personal data of %s are not what was recorded", ErrDamaged, subject)
		}
	}
	return nil
}

// exportEntries writes the entries up to the head, and follows their chain.
func (e *Engine) exportEntries(ctx context.Context, id BookID, head Head, out *bookWriter) error {
	last := Head{}
	for last.Seq < head.Seq {
		page, err := e.store.Journal(ctx, id, last.Seq, exportPage)
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if len(page) == 0 {
			return fmt.Errorf("entry %d: %w: it is missing", last.Seq+1, ErrDamaged)
		}
		for i := range page {
			s := &page[i]
			if s.Seq > head.Seq {
				break
			}
			entry, err := s.Open()
			if err != nil {
				return err
			}
			if s.Seq != last.Seq+1 || s.Prev != last.Hash || entry.Tenant != id.Tenant || entry.Customer != id.Customer {
				return fmt.Errorf("entry %d: %w: it does not follow entry %d", s.Seq, ErrDamaged, last.Seq)
			}
			out.entry(s)
			last = Head{Seq: s.Seq, Hash: s.Hash}
		}
		if out.err != nil {
			return fmt.Errorf("write: %w", out.err)
		}
	}
	if last != head {
		return fmt.Errorf("entry %d: %w: the head does not have its hash", last.Seq, ErrDamaged)
	}
	return nil
}
