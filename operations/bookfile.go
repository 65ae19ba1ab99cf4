package operations

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/onbehalf/onbehalf/tenancy"
)

// A book file is one book as JSON lines: a header, every entry in order, the
// personal rows by subject, and a trailer that counts and sums what is before
// it, so that a file that was cut is seen. Each line is in the one form Export
// writes: another spelling, a key twice or an unknown one are refused.
const bookFormat = "onbehalf.book/1"

// maxLine is the longest line of a book file, its end included.
const maxLine = 2 * MaxEntry

type fileHeader struct {
	Format   string             `json:"format"`
	Tenant   tenancy.TenantID   `json:"tenant"`
	Customer tenancy.CustomerID `json:"customer"`
	Seq      int64              `json:"seq"` // of the last entry in the file
	Hash     Hash               `json:"hash"`
}

func (h fileHeader) book() BookID { return BookID{Tenant: h.Tenant, Customer: h.Customer} }

func (h fileHeader) head() Head { return Head{Seq: h.Seq, Hash: h.Hash} }

func (h fileHeader) validate() error {
	var errs []error
	if h.Format != bookFormat {
		errs = append(errs, tenancy.Invalid("format", "is not "+bookFormat))
	}
	if h.Seq < 1 || h.Hash.IsZero() {
		errs = append(errs, tenancy.Invalid("seq", "is not that of an entry"))
	}
	return errors.Join(append(errs,
		tenancy.CheckID("tenant", string(h.Tenant)), tenancy.CheckID("customer", string(h.Customer)))...)
}

// Around the bytes of an entry, which stand in their line as they are hashed.
const (
	entryBefore = `{"hash":"`
	entryAmid   = `","entry":`
)

type filePersonal struct {
	Subject string `json:"subject"`
	Digest  Hash   `json:"digest"`
	Salt    []byte `json:"salt,omitempty"` // erased: neither salt nor value
	Value   []byte `json:"value,omitempty"`
}

type fileTrailer struct {
	Entries  int64 `json:"entries"`
	Personal int64 `json:"personal"`
	Digest   Hash  `json:"digest"` // SHA-256 of all lines before, with their ends
}

// bookWriter writes the lines; the first error stays.
type bookWriter struct {
	w   *bufio.Writer
	sum hash.Hash
	err error
}

func newBookWriter(w io.Writer) *bookWriter {
	return &bookWriter{w: bufio.NewWriterSize(w, 64<<10), sum: sha256.New()}
}

func (w *bookWriter) text(b []byte) {
	w.sum.Write(b)
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

func (w *bookWriter) document(v any) {
	b, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.text(append(b, '\n'))
}

func (w *bookWriter) entry(s *Sealed) {
	b, _ := s.Hash.MarshalText()
	w.text([]byte(entryBefore))
	w.text(b)
	w.text([]byte(entryAmid))
	w.text(s.Bytes)
	w.text([]byte("}\n"))
}

func (w *bookWriter) digest() Hash { return Hash(w.sum.Sum(nil)) }

func (w *bookWriter) flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// bookReader reads a book file and believes nothing of it.
type bookReader struct {
	r    *bufio.Reader
	sum  hash.Hash
	last []byte // the line read last, which is not in sum yet
	n    int64  // its number, from 1

	header   fileHeader
	f        *Folded
	keys     map[string]struct{}
	erased   map[string]bool
	personal map[string]PersonalRow
}

// step is one entry with the book before and after it.
type step struct {
	entry         *Entry
	sealed        Sealed
	before, after *Folded
	snapshot      *Snapshot // of before, if the entry names one
}

func newBookReader(r io.Reader) *bookReader {
	return &bookReader{
		r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New(),
		keys: map[string]struct{}{}, erased: map[string]bool{}, personal: map[string]PersonalRow{},
	}
}

// read reads the file to its end: begin is given its header, each every entry
// as soon as it is known to follow from those before. Errors of these two come
// back as they are.
func (r *bookReader) read(ctx context.Context, begin func(fileHeader) error, each func(step) error) error {
	line, err := r.next()
	if err != nil {
		return err
	}
	if err := errors.Join(exactly(line, &r.header), r.header.validate()); err != nil {
		return r.bad(err)
	}
	r.f = Empty(r.header.book())
	if err := begin(r.header); err != nil {
		return err
	}
	for r.f.head.Seq < r.header.Seq {
		if err := ctx.Err(); err != nil {
			return err
		}
		if line, err = r.next(); err != nil {
			return err
		}
		s, err := r.follow(line)
		if err != nil {
			return r.bad(err)
		}
		r.f = s.after
		if err := each(s); err != nil {
			return err
		}
	}
	if r.f.head != r.header.head() {
		return r.bad(errors.New("the last entry is not that of the header"))
	}
	return r.rest(ctx)
}

// next gives the next line without its end, good until the one after it.
func (r *bookReader) next() ([]byte, error) {
	r.sum.Write(r.last)
	r.n++
	r.last = r.last[:0]
	for {
		part, err := r.r.ReadSlice('\n')
		r.last = append(r.last, part...)
		switch {
		case len(r.last) > maxLine:
			return nil, r.bad(fmt.Errorf("longer than %d bytes", maxLine))
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, r.bad(errors.New("the file ends before its trailer"))
		case err != nil:
			return nil, fmt.Errorf("read line %d: %w", r.n, err)
		default:
			return r.last[:len(r.last)-1], nil
		}
	}
}

// bad is what is wrong with the line read last.
func (r *bookReader) bad(err error) error { return &fileError{line: r.n, err: err} }

// fileError is a line that is not as Export would have written it. It is invalid
// whatever its cause would be elsewhere.
type fileError struct {
	line int64
	err  error
}

func (e *fileError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e *fileError) Is(target error) bool { return target == ErrInvalid }

func (e *fileError) Unwrap() error { return e.err }

// follow folds the entry of a line.
func (r *bookReader) follow(line []byte) (step, error) {
	text, found := bytes.CutPrefix(line, []byte(entryBefore))
	text, body, cut := bytes.Cut(text, []byte(entryAmid))
	body, ended := bytes.CutSuffix(body, []byte("}"))
	if !found || !cut || !ended {
		return step{}, errors.New("it is no entry")
	}
	var sum Hash
	if err := sum.UnmarshalText(text); err != nil {
		return step{}, err
	}
	body = bytes.Clone(body)
	if sha256.Sum256(body) != sum {
		return step{}, fmt.Errorf("%w: the entry does not have its hash", ErrDamaged)
	}
	e, err := DecodeEntry(body)
	if err != nil {
		return step{}, err
	}
	s, err := stepOf(r.f, e, sealedOf(e, sum, body))
	if err != nil {
		return step{}, err
	}
	if e.Key != "" {
		if _, taken := r.keys[e.Key]; taken {
			return step{}, fmt.Errorf("entry %d: %w: its key is that of an earlier entry", e.Seq, ErrDamaged)
		}
		r.keys[e.Key] = struct{}{}
	}
	for _, p := range e.Effects.Personal {
		delete(r.erased, p.Subject)
	}
	for _, subject := range e.Effects.Erased {
		r.erased[subject] = true
	}
	return s, nil
}

// rest reads the personal rows and the trailer, and makes sure of the end.
func (r *bookReader) rest(ctx context.Context) error {
	want := fileTrailer{Entries: r.header.Seq}
	for subject, digest := range r.f.personal.all {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, err := r.next()
		if err != nil {
			return err
		}
		var p filePersonal
		if err := exactly(line, &p); err != nil {
			return r.bad(err)
		}
		row := PersonalRow(p)
		switch gone := row.Value == nil && row.Salt == nil; {
		case row.Subject != subject || row.Digest != digest:
			return r.bad(fmt.Errorf("%w: personal data that were not recorded", ErrDamaged))
		case gone && !r.erased[subject]:
			return r.bad(fmt.Errorf("%w: personal data are gone, and no entry erased them", ErrDamaged))
		case !gone && r.erased[subject]:
			return r.bad(fmt.Errorf("%w: personal data that an entry erased", ErrDamaged))
		case !gone && personalDigest(row.Salt, row.Value) != digest:
			return r.bad(fmt.Errorf("%w: personal data do not have their digest", ErrDamaged))
		}
		r.personal[subject] = row
		want.Personal++
	}
	line, err := r.next()
	if err != nil {
		return err
	}
	want.Digest = Hash(r.sum.Sum(nil))
	var got fileTrailer
	if err := exactly(line, &got); err != nil {
		return r.bad(err)
	}
	if got != want {
		return r.bad(errors.New("the trailer is not that of the lines before it"))
	}
	r.n++
	switch _, err := r.r.ReadByte(); {
	case err == nil:
		return r.bad(errors.New("the file goes on after its trailer"))
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read line %d: %w", r.n, err)
	}
	return nil
}

// stepOf folds the entry, after holding the snapshot it names against the book.
func stepOf(f *Folded, e *Entry, s Sealed) (step, error) {
	x := step{entry: e, sealed: s, before: f}
	var err error
	if f.head.Seq > 0 && f.head.Seq%MaxTail == 0 {
		if x.snapshot, err = f.snapshot(); err != nil {
			return step{}, err
		}
		if x.snapshot.digest() != e.Snapshot {
			return step{}, fmt.Errorf("entry %d: %w: it names another snapshot than follows from the journal", e.Seq, ErrDamaged)
		}
	}
	if x.after, err = Fold(f, e, s.Hash); err != nil {
		return step{}, err
	}
	return x, nil
}

// sealedOf takes the columns of an entry from its bytes.
func sealedOf(e *Entry, sum Hash, b []byte) Sealed {
	return Sealed{
		Seq: e.Seq, Prev: e.Prev, Hash: sum, At: e.At, Action: e.Action,
		Operation: e.Operation, Key: e.Key, Fingerprint: e.Fingerprint, Bytes: b,
	}
}

// exactly decodes a line that has to be what encoding the result gives.
func exactly[T any](line []byte, into *T) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	again, err := json.Marshal(into)
	if err != nil || !bytes.Equal(again, line) {
		return fmt.Errorf("%w: not in canonical form", ErrDamaged)
	}
	return nil
}
