package operations

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Imported tells what Import stored.
type Imported struct {
	Book     BookID
	Head     Head  // of the book in the file, and now in the store
	Stored   int64 // entries that were not there before
	Personal int64 // rows in the file
}

// The most that one run of an import stores.
const (
	importRun   = 256
	importBytes = 4 << 20
)

// Import stores a book that Export wrote, of a customer or the house. The file
// is read twice, from where r stands: first whole, in which every entry is
// decoded, chained and folded as Verify does it, every personal value held
// against its digest and the trailer against all; nothing is stored before that.
// Then the entries with their rows are stored in runs, and at last the stored
// book is verified. Memory is that of the keys and rows of one book.
//
// An import that broke off, for whatever reason, is called again and goes on
// where it ended; one that is there already is verified and nothing is changed.
// A book that has other entries, or more, is a conflict. What the file says is
// what its writer wrote: hold Head against what the source tells, or against a
// root that was kept elsewhere.
//
// Import is for the owner of the database, as Engine.Verify, and asks nobody's
// permission. Nobody may work on the book until it is whole: let no engine take
// commands for its firm meanwhile, at the source neither, where the book must
// not go on. The operations that wait get their tickets with the last entry. What
// the source had still to deliver is not delivered here: run its Deliver first.
// Errors: invalid (the file is not as Export wrote it), conflict, unavailable.
func (e *Engine) Import(ctx context.Context, r io.ReadSeeker) (Imported, error) {
	done, err := e.importBook(ctx, r)
	if err != nil {
		return done, e.failed(ctx, fmt.Errorf("import: %w", err))
	}
	return done, nil
}

func (e *Engine) importBook(ctx context.Context, r io.ReadSeeker) (Imported, error) {
	if e.closed.Load() {
		return Imported{}, fmt.Errorf("%w: the engine is closed", ErrUnavailable)
	}
	start, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return Imported{}, fmt.Errorf("seek: %w", err)
	}
	s, err := e.survey(ctx, r)
	if err != nil {
		return Imported{}, err
	}
	done := Imported{Book: s.book, Head: s.head, Personal: int64(len(s.personal))}
	if s.there != s.head {
		if _, err := r.Seek(start, io.SeekStart); err != nil {
			return done, fmt.Errorf("seek: %w", err)
		}
		if done.Stored, err = e.takeOver(ctx, r, s); err != nil {
			return done, err
		}
	}
	v, _, err := e.verify(ctx, s.book)
	if err != nil {
		return done, err
	}
	if !v.Sound() {
		errs := make([]error, len(v.Faults))
		for i, f := range v.Faults {
			errs[i] = errors.New(f.String())
		}
		return done, fmt.Errorf("%w: %w: %w", ErrUnavailable, ErrDamaged, errors.Join(errs...))
	}
	return done, nil
}

// survey is what the first reading of a file found.
type survey struct {
	book     BookID
	head     Head
	there    Head   // how far the store has the book already
	runs     []Head // where runs end; the second reading has to come by each
	personal map[string]PersonalRow
}

// survey reads the file whole and tells whether the stored book, if there is
// one, is its beginning.
func (e *Engine) survey(ctx context.Context, r io.Reader) (*survey, error) {
	var s survey
	file := newBookReader(r)
	begin := func(h fileHeader) error {
		s.book, s.head = h.book(), h.head()
		found, err := e.store.Find(ctx, s.book, Want{})
		s.there = found.Head
		if err == nil && s.there.Seq > s.head.Seq {
			err = fmt.Errorf("%w: the stored book goes on to entry %d, the file ends with %d", ErrConflict, s.there.Seq, s.head.Seq)
		}
		return err
	}
	count, size := 0, 0
	each := func(x step) error {
		if x.after.head.Seq == s.there.Seq && x.after.head != s.there {
			return fmt.Errorf("%w: entry %d of the stored book is another", ErrConflict, s.there.Seq)
		}
		count, size = count+1, size+len(x.sealed.Bytes)
		if count == importRun || size >= importBytes || x.after.head == s.head {
			s.runs = append(s.runs, x.after.head)
			count, size = 0, 0
		}
		return nil
	}
	if err := file.read(ctx, begin, each); err != nil {
		return nil, err
	}
	s.personal = file.personal
	return &s, nil
}

// takeOver reads the file again and stores what is not there yet.
func (e *Engine) takeOver(ctx context.Context, r io.Reader, s *survey) (stored int64, err error) {
	defer e.evict(s.book)
	changed := &fileError{err: errors.New("the file was changed while it was read")}
	begin := func(h fileHeader) error {
		if h.book() != s.book || h.head() != s.head {
			return changed
		}
		return nil
	}
	run := Run{Book: s.book, From: s.there}
	ends := s.runs
	each := func(x step) error {
		if x.sealed.Seq > s.there.Seq {
			run.Changes = append(run.Changes, x.change(s))
		}
		if x.sealed.Seq != ends[0].Seq {
			return nil
		}
		if x.after.head != ends[0] { // by its hash, so is all that came before
			return changed
		}
		ends = ends[1:]
		if len(run.Changes) == 0 {
			return nil
		}
		if err := e.importRun(ctx, &run); err != nil {
			return err
		}
		stored += int64(len(run.Changes))
		run.From, run.Changes = x.after.head, nil
		return nil
	}
	err = newBookReader(r).read(ctx, begin, each)
	return stored, err
}

// change gives the rows of an entry that is imported. No ticket is made before
// the book is whole, so that nobody works on half of it: the last entry brings
// those of all operations that are open.
func (x *step) change(s *survey) Change {
	c := project(x.before, x.after, x.entry, x.sealed, personalOf(x.entry, s.personal))
	c.Snapshot = x.snapshot
	last := x.after.head == s.head
	rows := c.Operations[:0]
	for _, row := range c.Operations {
		if _, open := x.after.open.get(row.ID); open && last {
			continue
		}
		row.Due = time.Time{}
		rows = append(rows, row)
	}
	if last {
		for _, o := range x.after.open.all {
			rows = append(rows, rowOf(o))
		}
	}
	c.Operations = rows
	return c
}

// personalOf gives the personal rows of an entry, with the values that are
// there still.
func personalOf(e *Entry, personal map[string]PersonalRow) []PersonalRow {
	var rows []PersonalRow
	for _, p := range e.Effects.Personal {
		if row, ok := personal[p.Subject]; ok && row.Digest == p.Digest {
			rows = append(rows, row)
		} else {
			rows = append(rows, PersonalRow{Subject: p.Subject, Digest: p.Digest})
		}
	}
	return rows
}

func (e *Engine) importRun(ctx context.Context, run *Run) error {
	verdicts, err := e.send(ctx, []Run{*run})
	if err != nil {
		return err
	}
	if len(verdicts) != 1 {
		return fmt.Errorf("%w: %d verdicts for one run", ErrUnknownOutcome, len(verdicts))
	}
	switch v := verdicts[0]; {
	case v.Loss == Stale:
		return fmt.Errorf("%w: somebody else changed the book after entry %d", ErrConflict, run.From.Seq)
	case v.Loss != NotLost || v.Won != len(run.Changes):
		return fmt.Errorf("%w: %w: the store kept %d of %d entries: %s", ErrUnavailable, ErrDamaged, v.Won, len(run.Changes), v.Loss)
	}
	return nil
}
