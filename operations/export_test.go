package operations_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// exported is the file of a book.
func exported(t *testing.T, e *operations.Engine, id operations.BookID) []byte {
	t.Helper()
	var b bytes.Buffer
	done, err := e.Export(t.Context(), id, &b)
	require.NoError(t, err)
	require.Equal(t, id, done.Book)
	lines := bytes.Count(b.Bytes(), []byte("\n"))
	require.Equal(t, int64(lines), 2+done.Head.Seq+done.Personal)
	return b.Bytes()
}

func house(tenant tenancy.TenantID) operations.BookID {
	return operations.BookID{Tenant: tenant, Customer: tenancy.House}
}

// moved is an engine over an empty store into which the books were imported.
func moved(t *testing.T, c operations.Config, files ...[]byte) (*operations.Engine, *memory.Store) {
	t.Helper()
	store := memory.New()
	e, err := operations.New(store, c)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	for _, file := range files {
		_, err := e.Import(t.Context(), bytes.NewReader(file))
		require.NoError(t, err)
	}
	return e, store
}

// shown is everything a store has of a book, but when its tickets may be
// claimed. As JSON, in which equal amounts are equal texts.
func shown(t *testing.T, store operations.Store, id operations.BookID) string {
	t.Helper()
	ctx := t.Context()
	all, err := store.Projection(ctx, id)
	require.NoError(t, err)
	journal, err := store.Journal(ctx, id, 0, 1<<20)
	require.NoError(t, err)
	personal, err := store.Personal(ctx, id)
	require.NoError(t, err)
	history, err := store.History(ctx, id, operations.HistoryQuery{Limit: 200})
	require.NoError(t, err)
	require.NotEmpty(t, journal)
	b, err := json.MarshalIndent([]any{all, journal, personal, history}, "", " ")
	require.NoError(t, err)
	return string(b)
}

func TestAnImportedBookIsTheVeryBook(t *testing.T) {
	t.Parallel()
	w := walkBook(t)
	before := shown(t, w.store, w.book)
	bank := &answers{say: func(string) (operations.Answer, error) { return operations.Answer{}, fmt.Errorf("silence") }}
	c := operations.Config{Clock: w.clock, Providers: map[string]operations.Provider{"bank": bank}, Outbox: true}
	e, store := moved(t, c, exported(t, w.eng, house("acme")), exported(t, w.eng, w.book))

	require.Equal(t, before, shown(t, store, w.book))
	require.Equal(t, shown(t, w.store, house("acme")), shown(t, store, house("acme")))
	require.Equal(t, exported(t, w.eng, w.book), exported(t, e, w.book), "its own export is the same file")

	tickets := func(s operations.Store) []operations.Ticket {
		at := w.clock.Now().AddDate(1, 0, 0)
		all, err := s.Claim(t.Context(), operations.ClaimQuery{Topic: operations.TopicWork, Holder: "x", Now: at, Until: at.AddDate(0, 0, 1), Limit: 100})
		require.NoError(t, err)
		require.NotEmpty(t, all)
		for i := range all {
			all[i].Tries = 0
		}
		return all
	}
	require.Equal(t, tickets(w.store), tickets(store), "what waited waits")

	// The first new entry is the first to be delivered.
	s, err := e.Gate().Enter(t.Context(), w.ana, w.book.Customer, "after the move")
	require.NoError(t, err)
	res, err := e.Submit(t.Context(), s, operations.Intent{Key: "after"}, operations.Deposit{To: w.brl, Amount: decimal.New(1, 0)})
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
	var seqs []int64
	_, err = e.Deliver(t.Context(), operations.Budget{}, func(_ context.Context, d operations.Delivery) error {
		seqs = append(seqs, d.Entry.Seq)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int64{res.Seq}, seqs)
}

func TestACommandOfBeforeTheMoveIsTheSameCommandAfterIt(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{})
	first, err := f.deposit(t.Context(), 0, "form-1")
	require.NoError(t, err)
	id := operations.BookID{Tenant: "acme", Customer: f.scopes[0].Customer()}
	e, _ := moved(t, operations.Config{}, exported(t, f.eng, house("acme")), exported(t, f.eng, id))

	s, err := e.Gate().Enter(t.Context(), tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana"}, id.Customer, "test")
	require.NoError(t, err)
	f.eng, f.scopes[0] = e, s
	again, err := f.deposit(t.Context(), 0, "form-1")
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.Operation.ID, again.Operation.ID)
	_, err = f.eng.Submit(t.Context(), s, operations.Intent{Key: "form-1"}, operations.Deposit{To: f.accs[0], Amount: decimal.New(2, 0)})
	require.ErrorIs(t, err, operations.ErrConflict)
	v, err := e.Verify(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
}

func TestWhatWasErasedStaysErased(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFirm(t, 1, operations.Config{})
	s := f.scopes[0]
	id := operations.BookID{Tenant: "acme", Customer: s.Customer()}
	early := exported(t, f.eng, id)
	for i, x := range []operations.Administrative{
		accounts.SetStatus{Account: f.accs[0], Status: accounts.Closed}, customer.SetStatus{Status: customer.Closed}, customer.Erase{},
	} {
		_, err := f.eng.Manage(ctx, s, operations.Intent{Key: fmt.Sprint("close", i)}, x)
		require.NoError(t, err)
	}
	file := exported(t, f.eng, id)
	require.NotContains(t, string(file), `"value"`)
	require.NotContains(t, string(file), `"salt"`)
	e, store := moved(t, operations.Config{}, file)
	require.Equal(t, shown(t, f.store, id), shown(t, store, id))
	v, err := e.Verify(ctx, id)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	require.Len(t, v.Erased, 2)

	// An older file with the values does not bring them back.
	_, err = e.Import(ctx, bytes.NewReader(early))
	require.ErrorIs(t, err, operations.ErrConflict)
	// Nor does one into which they were put, with a trailer that fits.
	spliced := file
	for _, line := range split(early) {
		if row, _, personal := bytes.Cut(line, []byte(`,"salt"`)); personal {
			spliced = bytes.Replace(spliced, fmt.Appendf([]byte("\n"), "%s}\n", row), append([]byte("\n"), line...), 1)
		}
	}
	require.NotEqual(t, file, spliced)
	empty, _ := moved(t, operations.Config{})
	_, err = empty.Import(ctx, bytes.NewReader(resealed(t, spliced)))
	require.ErrorIs(t, err, operations.ErrInvalid)
	require.ErrorContains(t, err, "erased")
}

func TestExportIsOfOneHeadThoughTheBookGoesOn(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{})
	for i := range 200 {
		_, err := f.deposit(t.Context(), 0, fmt.Sprint("d", i))
		require.NoError(t, err)
	}
	id := operations.BookID{Tenant: "acme", Customer: f.scopes[0].Customer()}
	still := exported(t, f.eng, id)
	var b bytes.Buffer
	going := writerFunc(func(p []byte) (int, error) {
		_, err := f.deposit(t.Context(), 0, fmt.Sprint("on", b.Len()))
		require.NoError(t, err)
		return b.Write(p)
	})
	_, err := f.eng.Book(f.scopes[0]).Export(t.Context(), going)
	require.NoError(t, err)
	require.Equal(t, still, b.Bytes())
	require.Greater(t, len(exported(t, f.eng, id)), len(still), "it did go on")
}

func TestExportTellsWhatWentWrong(t *testing.T) {
	t.Parallel()
	f := newFirm(t, 1, operations.Config{})
	id := operations.BookID{Tenant: "acme", Customer: f.scopes[0].Customer()}
	full := errors.New("disk full")
	_, err := f.eng.Export(t.Context(), id, writerFunc(func([]byte) (int, error) { return 0, full }))
	require.ErrorIs(t, err, operations.ErrUnavailable)
	require.ErrorIs(t, err, full)
	_, err = f.eng.Export(t.Context(), operations.BookID{Tenant: "acme", Customer: "nobody"}, io.Discard)
	require.ErrorIs(t, err, operations.ErrNotFound)
	_, err = f.eng.Export(t.Context(), operations.BookID{Tenant: "acme"}, io.Discard)
	require.ErrorIs(t, err, operations.ErrInvalid)
	_, err = f.eng.Book(tenancy.Scope{}).Export(t.Context(), io.Discard)
	require.ErrorIs(t, err, operations.ErrRefused)

	damaged := &onceDamaged{Store: f.store}
	e, err := operations.New(damaged, operations.Config{})
	require.NoError(t, err)
	t.Cleanup(e.Close)
	_, err = e.Export(t.Context(), id, io.Discard)
	require.NoError(t, err)
	damaged.from = 2
	_, err = e.Export(t.Context(), id, io.Discard)
	require.ErrorIs(t, err, operations.ErrUnavailable)
	require.ErrorIs(t, err, operations.ErrDamaged)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// onceDamaged gives a journal in which an entry's bytes were changed.
type onceDamaged struct {
	operations.Store

	from int64
}

func (s *onceDamaged) Journal(ctx context.Context, id operations.BookID, after int64, limit int) ([]operations.Sealed, error) {
	page, err := s.Store.Journal(ctx, id, after, limit)
	for i := range page {
		if s.from > 0 && page[i].Seq >= s.from {
			page[i].Bytes = bytes.Replace(page[i].Bytes, []byte(`"format":1`), []byte(`"format":2`), 1)
		}
	}
	return page, err
}
