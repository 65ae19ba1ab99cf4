package operations

import (
	"bufio"
	"bytes"
	"os"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

// golden reads the sealed entries of the newest golden journal.
func golden(tb testing.TB) []Sealed {
	tb.Helper()
	b, err := os.ReadFile("testdata/golden/v0.1.0.jsonl")
	require.NoError(tb, err)
	var all []Sealed
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, MaxEntry)
	for lines.Scan() {
		_, body, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		e, err := DecodeEntry(body)
		require.NoError(tb, err)
		s, err := Seal(e)
		require.NoError(tb, err)
		all = append(all, s)
	}
	return all
}

func emptyGolden(tb testing.TB, all []Sealed) *Folded {
	tb.Helper()
	first, err := all[0].Open()
	require.NoError(tb, err)
	return Empty(BookID{Tenant: first.Tenant, Customer: first.Customer})
}

// A snapshot taken anywhere in a journal, put away and read back, goes on to the
// same end as the journal itself.
func TestSnapshotIsTheBookItWasTakenOf(t *testing.T) {
	t.Parallel()
	all := golden(t)
	f := emptyGolden(t, all)
	end, err := foldAll(f, all)
	require.NoError(t, err)
	want, err := end.snapshot()
	require.NoError(t, err)
	for i := range all {
		f, err = foldAll(f, all[i:i+1])
		require.NoError(t, err)
		s, err := f.snapshot()
		require.NoError(t, err)
		back, err := s.restore(f.id)
		require.NoError(t, err)
		back, err = foldAll(back, all[i+1:])
		require.NoError(t, err)
		got, err := back.snapshot()
		require.NoError(t, err)
		require.Equal(t, string(want.Bytes), string(got.Bytes), "from entry %d", i+1)
	}
}

func TestResumeTrustsNoSnapshotThatItsNextEntryDoesNotName(t *testing.T) {
	t.Parallel()
	all := golden(t)
	empty := emptyGolden(t, all)
	at, err := foldAll(empty, all[:MaxTail])
	require.NoError(t, err)
	snap, err := at.snapshot()
	require.NoError(t, err)
	last := all[len(all)-1]
	head := Head{Seq: last.Seq, Hash: last.Hash}

	f, err := resume(empty, Loaded{Head: head, Snapshot: snap, Tail: all[MaxTail:]})
	require.NoError(t, err)
	require.Equal(t, head, f.head)

	forged := *snap
	forged.Bytes = bytes.Replace(snap.Bytes, []byte(`"debt_limit":"60"`), []byte(`"debt_limit":"99"`), 1)
	require.NotEqual(t, snap.Bytes, forged.Bytes)
	for name, l := range map[string]Loaded{
		"a forged balance":       {Head: head, Snapshot: &forged, Tail: all[MaxTail:]},
		"nothing after it":       {Head: Head{Seq: snap.Seq, Hash: snap.Hash}, Snapshot: snap},
		"a gap after it":         {Head: head, Snapshot: snap, Tail: all[MaxTail+1:]},
		"an end before the head": {Head: head, Snapshot: snap, Tail: all[MaxTail : len(all)-1]},
		"no snapshot, a gap":     {Head: head, Tail: all[1:]},
	} {
		_, err := resume(empty, l)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
}

// Every single changed byte of an entry is noticed, and none of them makes the
// reader panic or fold something else.
func TestChangedByteOfAnEntryIsNoticed(t *testing.T) {
	t.Parallel()
	all := golden(t)
	f := emptyGolden(t, all)
	for i := range all {
		for at := i % 7; at < len(all[i].Bytes); at += 7 {
			s := all[i]
			s.Bytes = bytes.Clone(s.Bytes)
			s.Bytes[at] ^= 1 << (at % 8)
			_, err := s.Open()
			require.ErrorIs(t, err, ErrDamaged, "entry %d byte %d", s.Seq, at)
			if e, err := DecodeEntry(s.Bytes); err == nil { // a forger would hash it anew
				_, _ = Fold(f, e, s.Hash)
			}
		}
		var err error
		f, err = foldAll(f, all[i:i+1])
		require.NoError(t, err)
	}
}

func TestFoldRefusesWhatCouldNotHaveBeenDecided(t *testing.T) {
	t.Parallel()
	all := golden(t)
	f, err := foldAll(emptyGolden(t, all), all)
	require.NoError(t, err)
	var acc accounts.ID
	for id := range f.accounts.all {
		acc = id
		break
	}
	var open Operation
	for _, o := range f.open.all {
		open = *o
	}
	amount := func(n int64) accounts.Amount { return accounts.Exact(decimal.New(n, 0)) }
	next := func(fx Effects) *Entry {
		return &Entry{Format: Format, Tenant: f.id.Tenant, Customer: f.id.Customer, Seq: f.head.Seq + 1, Prev: f.head.Hash, At: f.at, Effects: fx}
	}
	skipped, final, held := open, open, open
	skipped.Version, skipped.Updated = open.Version+2, f.head.Seq+1
	final.Version, final.Updated, final.State = open.Version+1, f.head.Seq+1, Completed
	held.ID, held.Version, held.Updated, held.State = "new", 1, f.head.Seq+1, Failed

	cases := map[string]*Entry{
		"out of order":             {Format: Format, Tenant: f.id.Tenant, Customer: f.id.Customer, Seq: f.head.Seq + 2, Prev: f.head.Hash, At: f.at},
		"on another entry":         {Format: Format, Tenant: f.id.Tenant, Customer: f.id.Customer, Seq: f.head.Seq + 1, At: f.at},
		"of another tenant":        {Format: Format, Tenant: "other", Customer: f.id.Customer, Seq: f.head.Seq + 1, Prev: f.head.Hash, At: f.at},
		"of another customer":      {Format: Format, Tenant: f.id.Tenant, Customer: "other", Seq: f.head.Seq + 1, Prev: f.head.Hash, At: f.at},
		"earlier than the last":    {Format: Format, Tenant: f.id.Tenant, Customer: f.id.Customer, Seq: f.head.Seq + 1, Prev: f.head.Hash, At: f.at.Add(-1)},
		"unbalanced":               next(Effects{Postings: []accounts.Posting{{Ref: accounts.Customer(acc), Asset: "BRL", Amount: amount(1)}}}),
		"posting to a stranger":    next(Effects{Postings: legs(accounts.Suspense, "stranger", "BRL", decimal.New(1, 0))}),
		"posting in another asset": next(Effects{Postings: legs(accounts.Suspense, accounts.Customer(acc), "EUR", decimal.New(1, 0))}),
		"a hold on a stranger":     next(Effects{Holds: []HoldEffect{{Operation: "x", Account: "stranger", Amount: amount(1)}}}),
		"a hold of nothing":        next(Effects{Holds: []HoldEffect{{Operation: "x", Account: acc, Amount: amount(0)}}}),
		"a release of no hold":     next(Effects{Releases: []ReleaseEffect{{Operation: "x", Account: acc, Amount: amount(1)}}}),
		"a skipped version":        next(Effects{Operations: []Operation{skipped}}),
		"an end that still holds":  next(Effects{Operations: []Operation{final}}),
		"a way there is not":       next(Effects{Operations: []Operation{held}}),
		"a refusal with effects": func() *Entry {
			e := next(Effects{Closed: []IncidentID{"x"}})
			e.Refused = []Unmet{{Code: "x"}}
			return e
		}(),
	}
	for name, e := range cases {
		before, err := f.snapshot()
		require.NoError(t, err)
		_, err = Fold(f, e, Hash{1})
		require.ErrorIs(t, err, ErrDamaged, name)
		after, err := f.snapshot()
		require.NoError(t, err)
		require.Equal(t, before.Bytes, after.Bytes, name)
	}
}

func TestDecodeEntryTellsNewerFormatFromDamage(t *testing.T) {
	t.Parallel()
	b := golden(t)[0].Bytes
	newer := bytes.Replace(b, []byte(`"format":1`), []byte(`"format":2`), 1)
	_, err := DecodeEntry(newer)
	require.ErrorIs(t, err, ErrFormat)
	for name, bad := range map[string][]byte{
		"empty":               nil,
		"not JSON":            []byte("{"),
		"two documents":       append(bytes.Clone(b), b...),
		"unknown field":       bytes.Replace(b, []byte(`"tenant"`), []byte(`"tenent"`), 1),
		"another order":       append([]byte(`{"tenant":"acme","format":1`), b[len(`{"format":1,"tenant":"acme"`):]...),
		"white space":         append([]byte(" "), b...),
		"a repeated field":    bytes.Replace(b, []byte(`{"format":1`), []byte(`{"format":1,"format":1`), 1),
		"a case twin":         bytes.Replace(b, []byte(`{"format":1`), []byte(`{"FORMAT":1`), 1),
		"larger than allowed": bytes.Repeat([]byte(" "), MaxEntry+1),
	} {
		_, err := DecodeEntry(bad)
		require.ErrorIs(t, err, ErrDamaged, name)
	}
}

// What decodes is what Seal writes: an entry has one form.
func FuzzDecodeEntry(f *testing.F) {
	all := golden(f)
	for _, s := range all {
		f.Add(s.Bytes)
	}
	empty := emptyGolden(f, all)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeEntry(b)
		if err != nil {
			return
		}
		s, err := Seal(e)
		require.NoError(t, err)
		require.Equal(t, string(b), string(s.Bytes))
		again, err := s.Open()
		require.NoError(t, err)
		_, _ = Fold(empty, again, s.Hash)
	})
}
