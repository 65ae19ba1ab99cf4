package operations_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// split gives the lines of a book file, each with its end.
func split(file []byte) [][]byte {
	lines := bytes.SplitAfter(file, []byte("\n"))
	return lines[:len(lines)-1]
}

// resealed gives the file a trailer that fits what is before it, as somebody who
// means harm would.
func resealed(t *testing.T, file []byte) []byte {
	t.Helper()
	lines := split(file)
	body := bytes.Join(lines[:len(lines)-1], nil)
	var trailer struct {
		Entries  int64           `json:"entries"`
		Personal int64           `json:"personal"`
		Digest   operations.Hash `json:"digest"`
	}
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &trailer))
	trailer.Digest = sha256.Sum256(body)
	b, err := json.Marshal(trailer)
	require.NoError(t, err)
	return append(append(body, b...), '\n')
}

func TestAFileThatWasTamperedWithIsRefusedAndNothingStored(t *testing.T) {
	t.Parallel()
	w := walkBook(t)
	file := exported(t, w.eng, w.book)
	other := split(exported(t, w.eng, house("acme")))
	lines := split(file)
	last := len(lines) - 1
	join := func(parts ...[][]byte) []byte { return bytes.Join(slices.Concat(parts...), nil) }
	swap := func(i, j int) []byte {
		l := slices.Clone(lines)
		l[i], l[j] = l[j], l[i]
		return join(l)
	}
	put := func(i int, line string) []byte { return join(lines[:i], [][]byte{[]byte(line)}, lines[i+1:]) }
	edit := func(i int, old, with string) []byte {
		require.Contains(t, string(lines[i]), old)
		return put(i, string(bytes.Replace(lines[i], []byte(old), []byte(with), 1)))
	}
	first := slices.IndexFunc(lines, func(l []byte) bool { return bytes.HasPrefix(l, []byte(`{"subject"`)) })
	erasedRow, _, _ := strings.Cut(string(lines[first]), `,"salt"`)
	cases := map[string][]byte{
		"nothing":                           nil,
		"an empty line":                     []byte("\n"),
		"without its trailer":               join(lines[:last]),
		"cut after an entry":                join(lines[:20]),
		"cut within an entry":               file[:len(join(lines[:20]))+40],
		"without its last end of line":      file[:len(file)-1],
		"an entry left out":                 join(lines[:20], lines[21:]),
		"the first entry left out":          join(lines[:1], lines[2:]),
		"the last entry left out":           join(lines[:first-1], lines[first:]),
		"an entry twice":                    join(lines[:20], lines[19:]),
		"two entries changed places":        swap(20, 21),
		"two personal rows changed places":  swap(first, first+1),
		"a personal row left out":           join(lines[:first], lines[first+1:]),
		"a personal row twice":              join(lines[:first], lines[first:first+1], lines[first:]),
		"the header twice":                  join(lines[:1], lines),
		"the header within":                 join(lines[:20], lines[:1], lines[20:]),
		"another book's line":               join(lines[:20], other[1:2], lines[21:]),
		"another book's header":             join(other[:1], lines[1:]),
		"another tenant's header":           edit(0, `"acme"`, `"other"`),
		"another customer's header":         edit(0, `"customer":"`, `"customer":"x`),
		"another format":                    edit(0, "book/1", "book/2"),
		"a header's unknown key":            edit(0, `"seq"`, `"more":1,"seq"`),
		"a header's key twice":              edit(0, `"seq"`, `"seq":1,"seq"`),
		"another spelling of a key":         edit(0, `"seq"`, `"Seq"`),
		"space in a header":                 edit(0, `"seq":`, `"seq": `),
		"an end of line of another system":  edit(0, "\n", "\r\n"),
		"a header of no entries":            put(0, `{"format":"onbehalf.book/1","tenant":"acme","customer":"c","seq":0,"hash":"`+operations.Hash{}.String()+"\"}\n"),
		"an amount changed":                 edit(40, `"amount":"1`, `"amount":"2`),
		"an entry's line with more in it":   edit(40, `"entry":`, `"entry":1,"entry":`),
		"space after an entry":              edit(40, "}}\n", "}} }\n"),
		"a personal value changed":          edit(first, `"value":"e`, `"value":"f`),
		"a personal value left out":         put(first, erasedRow+"}\n"),
		"a personal row's unknown key":      edit(first, `"digest"`, `"more":1,"digest"`),
		"a trailer of other counts":         edit(last, `"personal":`, `"personal":1`),
		"a trailer twice":                   join(lines, lines[last:]),
		"a byte after the trailer":          append(slices.Clone(file), '\n'),
		"a line without end":                append(slices.Clone(lines[0]), bytes.Repeat([]byte("a"), 3<<20)...),
		"an entry that says it is too long": append(slices.Clone(lines[0]), bytes.Repeat([]byte("a"), 1<<20+200)...),
	}
	for name, tampered := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, w.book, tampered)
			switch l := split(tampered); {
			case len(l) == 0 || !bytes.HasPrefix(l[len(l)-1], []byte(`{"entries"`)):
			case slices.Contains([]string{"a trailer of other counts", "without its last end of line", "a byte after the trailer"}, name):
			default: // the sum is not all that is looked at
				refuses(t, w.book, resealed(t, tampered))
			}
		})
	}
	t.Run("any bit flipped", func(t *testing.T) {
		t.Parallel()
		for i := 0; i < len(file); i += 397 {
			flipped := slices.Clone(file)
			flipped[i] ^= 1 << (i % 8)
			refuses(t, w.book, flipped)
		}
	})
}

// refuses makes sure that the file is refused and nothing stored.
func refuses(t *testing.T, id operations.BookID, file []byte) {
	t.Helper()
	e, store := moved(t, operations.Config{})
	_, err := e.Import(t.Context(), bytes.NewReader(file))
	require.ErrorIs(t, err, operations.ErrInvalid)
	require.NotErrorIs(t, err, operations.ErrUnavailable)
	for _, tenant := range []operations.BookID{id, {Tenant: "other"}} {
		heads, err := store.Heads(t.Context(), tenant.Tenant, "", 10)
		require.NoError(t, err)
		require.Empty(t, heads)
	}
}

// long is a book of more than two runs of an import.
func long(t *testing.T) (firm, operations.BookID) {
	t.Helper()
	f := newFirm(t, 1, operations.Config{})
	for i := range 600 {
		_, err := f.deposit(t.Context(), 0, fmt.Sprint("d", i))
		require.NoError(t, err)
	}
	return f, operations.BookID{Tenant: "acme", Customer: f.scopes[0].Customer()}
}

func TestAnImportThatBrokeOffGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	f, id := long(t)
	file := exported(t, f.eng, id)
	want := shown(t, f.store, id)
	for broken := range 3 {
		t.Run(fmt.Sprint("before run ", broken+1), func(t *testing.T) {
			t.Parallel()
			store := &breaking{Store: memory.New(), left: broken}
			e, err := operations.New(store, operations.Config{})
			require.NoError(t, err)
			t.Cleanup(e.Close)
			first, err := e.Import(t.Context(), bytes.NewReader(file))
			require.ErrorIs(t, err, operations.ErrUnavailable)
			require.ErrorIs(t, err, errBreaking)
			require.Equal(t, int64(broken*256), first.Stored)

			store.left = 10
			second, err := e.Import(t.Context(), bytes.NewReader(file))
			require.NoError(t, err)
			require.Equal(t, second.Head.Seq, first.Stored+second.Stored)
			require.Equal(t, 10-(3-broken), store.left, "nothing is stored twice")
			require.Equal(t, want, shown(t, store, id))

			third, err := e.Import(t.Context(), bytes.NewReader(file))
			require.NoError(t, err)
			require.Zero(t, third.Stored)
			require.Equal(t, second.Head, third.Head)
		})
	}
}

var errBreaking = errors.New("the line is cut")

// breaking is a store that takes some commits and then none.
type breaking struct {
	operations.Store

	left int
}

func (s *breaking) Commit(ctx context.Context, runs []operations.Run) ([]operations.Verdict, error) {
	if s.left == 0 {
		return nil, fmt.Errorf("%w: %w", operations.ErrUnavailable, errBreaking)
	}
	s.left--
	return s.Store.Commit(ctx, runs)
}

func TestWhatDoesNotContinueTheStoredBookIsAConflict(t *testing.T) {
	t.Parallel()
	f, id := long(t)
	old := exported(t, f.eng, id)
	e, store := moved(t, operations.Config{}, exported(t, f.eng, house("acme")), old)
	at := func() operations.Head {
		found, err := store.Find(t.Context(), id, operations.Want{})
		require.NoError(t, err)
		return found.Head
	}
	before := at()

	// The source goes on: its next file continues what is here.
	_, err := f.deposit(t.Context(), 0, "later")
	require.NoError(t, err)
	newer := exported(t, f.eng, id)
	done, err := e.Import(t.Context(), bytes.NewReader(newer))
	require.NoError(t, err)
	require.Equal(t, int64(1), done.Stored)
	require.NotEqual(t, before, at())
	_, err = e.Import(t.Context(), bytes.NewReader(old))
	require.ErrorIs(t, err, operations.ErrConflict, "it has moved on")

	// Both go on by themselves.
	_, err = f.deposit(t.Context(), 0, "there")
	require.NoError(t, err)
	here := f
	here.eng = e
	s, err := e.Gate().Enter(t.Context(), f.scopes[0].Principal(), id.Customer, "test")
	require.NoError(t, err)
	here.scopes = append(here.scopes[:0:0], s)
	_, err = here.deposit(t.Context(), 0, "here")
	require.NoError(t, err)
	before = at()
	_, err = e.Import(t.Context(), bytes.NewReader(exported(t, f.eng, id)))
	require.ErrorIs(t, err, operations.ErrConflict)
	require.Equal(t, before, at())
}

func TestNoTicketIsMadeBeforeTheBookIsWhole(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{})
	id := operations.BookID{Tenant: "acme", Customer: f.scopes[0].Customer()}
	// The oldest operation waits to the end: it stands in the first run.
	_, err := f.eng.Prepare(t.Context(), f.scopes[0], operations.Intent{Key: "waits"}, operations.Deposit{To: f.accs[0], Amount: decimal.New(1, 0)})
	require.NoError(t, err)
	for i := range 600 {
		_, err := f.deposit(t.Context(), 0, fmt.Sprint("d", i))
		require.NoError(t, err)
	}
	file := exported(t, f.eng, id)
	store := &breaking{Store: memory.New(), left: 2}
	e, err := operations.New(store, operations.Config{})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	_, err = e.Import(t.Context(), bytes.NewReader(file))
	require.ErrorIs(t, err, errBreaking)
	half, err := store.Projection(t.Context(), id)
	require.NoError(t, err)
	require.NotEmpty(t, half.Operations)
	require.Empty(t, half.Waiting)
	store.left = 1
	_, err = e.Import(t.Context(), bytes.NewReader(file))
	require.NoError(t, err)
	whole, err := store.Projection(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, whole.Waiting, 1)
}

// changing is a file that is another when it is read again.
type changing struct {
	io.ReadSeeker

	second io.ReadSeeker
	seeks  int
}

func (c *changing) Seek(offset int64, whence int) (int64, error) {
	c.seeks++
	if c.seeks > 1 {
		c.ReadSeeker = c.second
	}
	return c.ReadSeeker.Seek(offset, whence)
}

func TestAFileThatChangesBetweenItsReadingsIsRefused(t *testing.T) {
	t.Parallel()
	f, id := long(t)
	file := exported(t, f.eng, id)
	g, other := long(t) // as long, of another customer
	for name, second := range map[string][]byte{
		"another book":  exported(t, g.eng, other),
		"cut":           file[:len(file)/10],
		"nothing there": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, store := moved(t, operations.Config{})
			_, err := e.Import(t.Context(), &changing{ReadSeeker: bytes.NewReader(file), second: bytes.NewReader(second)})
			require.ErrorIs(t, err, operations.ErrInvalid)
			found, err := store.Find(t.Context(), id, operations.Want{})
			require.NoError(t, err)
			require.Zero(t, found.Head)
		})
	}
}

func TestImportEndsWithItsCallerAndItsEngine(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{})
	file := exported(t, f.eng, house("acme"))
	e, _ := moved(t, operations.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Import(ctx, bytes.NewReader(file))
	require.ErrorIs(t, err, context.Canceled)
	e.Close()
	_, err = e.Import(t.Context(), bytes.NewReader(file))
	require.ErrorIs(t, err, operations.ErrUnavailable)
}

// Whatever the file, it is refused with nothing stored, or it is one that Export
// writes of what was stored.
func FuzzImport(f *testing.F) {
	source := memory.New()
	e, err := operations.New(source, operations.Config{Entropy: zeros{}})
	require.NoError(f, err)
	seedBooks(f, e)
	for _, name := range []operations.BookID{house("acme"), house("other")} {
		var b bytes.Buffer
		_, err := e.Export(context.Background(), name, &b)
		require.NoError(f, err)
		f.Add(b.Bytes())
		f.Add(b.Bytes()[:b.Len()/2])
		require.Equal(f, b.String(), string(mended(b.Bytes())))
	}
	e.Close()
	f.Fuzz(func(t *testing.T, file []byte) {
		importsOrRefuses(t, file)
		importsOrRefuses(t, mended(file)) // the sums alone must not be what protects
	})
}

func importsOrRefuses(t *testing.T, file []byte) {
	t.Helper()
	store := memory.New()
	e, err := operations.New(store, operations.Config{})
	require.NoError(t, err)
	defer e.Close()
	done, err := e.Import(t.Context(), bytes.NewReader(file))
	if err != nil {
		require.ErrorIs(t, err, operations.ErrInvalid)
		require.Equal(t, memory.New(), store)
		return
	}
	var b bytes.Buffer
	_, err = e.Export(t.Context(), done.Book, &b)
	require.NoError(t, err)
	require.Equal(t, string(file), b.String())
}

// mended gives the lines of a file the sums that fit them, where they look like
// what they should be.
func mended(file []byte) []byte {
	const before, amid = `{"hash":"`, `","entry":`
	var header struct {
		Format   string          `json:"format"`
		Tenant   string          `json:"tenant"`
		Customer string          `json:"customer"`
		Seq      int64           `json:"seq"`
		Hash     operations.Hash `json:"hash"`
	}
	var trailer struct {
		Entries  int64           `json:"entries"`
		Personal int64           `json:"personal"`
		Digest   operations.Hash `json:"digest"`
	}
	lines := bytes.Split(file, []byte("\n"))
	if len(lines) < 3 || json.Unmarshal(lines[0], &header) != nil || json.Unmarshal(lines[len(lines)-2], &trailer) != nil {
		return file
	}
	previous := operations.Hash{}.String()
	for i, line := range lines {
		_, body, ok := bytes.Cut(line, []byte(amid))
		if !ok || !bytes.HasPrefix(line, []byte(before)) {
			continue
		}
		if at := bytes.Index(body, []byte(`"prev":"`)); at >= 0 && len(body) >= at+8+len(previous) {
			copy(body[at+8:], previous)
		}
		header.Hash = sha256.Sum256(bytes.TrimSuffix(body, []byte("}")))
		previous = header.Hash.String()
		lines[i] = slices.Concat([]byte(before+previous+amid), body)
	}
	first, err := json.Marshal(header)
	if err != nil {
		return file
	}
	lines[0] = first
	sum := sha256.Sum256(append(bytes.Join(lines[:len(lines)-2], []byte("\n")), '\n'))
	trailer.Digest = sum
	if lines[len(lines)-2], err = json.Marshal(trailer); err != nil {
		return file
	}
	return bytes.Join(lines, []byte("\n"))
}

// seedBooks makes a book of one entry, and one with money and personal data.
// Small ones: what is found in them is made smaller, which takes its time.
func seedBooks(f *testing.F, e *operations.Engine) {
	f.Helper()
	ctx := context.Background()
	for _, tenant := range []tenancy.TenantID{"acme", "other"} {
		ana := tenancy.Principal{Tenant: tenant, Operator: "ana", Person: "p-ana"}
		_, err := e.Bootstrap(ctx, tenancy.Firm{Tenant: tenant, Admin: ana})
		require.NoError(f, err)
		if tenant == "acme" {
			continue
		}
		own, err := e.Gate().Own(ctx, ana, "seed")
		require.NoError(f, err)
		opened, err := e.Manage(ctx, own, operations.Intent{Key: "account"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "key"}})
		require.NoError(f, err)
		_, err = e.Submit(ctx, own, operations.Intent{Key: "deposit"}, operations.Deposit{To: opened.Account, Amount: decimal.New(1, 0)})
		require.NoError(f, err)
	}
}
