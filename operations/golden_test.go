package operations_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Golden journals are what released versions wrote. They must be read, chained
// and folded to the same end for ever: by code that decides otherwise by then.
// ONBEHALF_GOLDEN=write makes the journal of a release that has none yet.

const goldenRelease = "v0.1.0"

func TestGoldenJournalsStayReadable(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "golden")
	if os.Getenv("ONBEHALF_GOLDEN") == "write" {
		writeGolden(t, filepath.Join(dir, goldenRelease+".jsonl"))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			end, entries := foldGolden(t, name)
			require.Greater(t, entries, operations.MaxTail, "long enough to cross a snapshot")
			want, err := os.ReadFile(name + ".end")
			require.NoError(t, err)
			require.Equal(t, string(want), end)
		})
	}
}

// foldGolden reads a journal line by line: hash, space, bytes.
func foldGolden(t *testing.T, name string) (end string, entries int) {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	var f *operations.Folded
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, operations.MaxEntry+100)
	for lines.Scan() {
		text, body, ok := bytes.Cut(lines.Bytes(), []byte(" "))
		require.True(t, ok)
		var hash operations.Hash
		require.NoError(t, hash.UnmarshalText(text))
		entry, err := operations.DecodeEntry(body)
		require.NoError(t, err)
		sealed, err := operations.Seal(entry)
		require.NoError(t, err)
		require.Equal(t, hash, sealed.Hash, "entry %d", entry.Seq)
		if f == nil {
			f = operations.Empty(operations.BookID{Tenant: entry.Tenant, Customer: entry.Customer})
		}
		f, err = operations.Fold(f, entry, hash)
		require.NoError(t, err)
		entries++
	}
	require.NoError(t, lines.Err())
	v := operations.NewView(f, operations.Order{}, nil, tenancy.Actor{})
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d %s %s\n", f.ID(), f.Head().Seq, f.Head().Hash, f.Status())
	for _, a := range v.Accounts() {
		fmt.Fprintf(&b, "%s %s %s posted %s held %s limit %s\n", a.ID, a.Asset, a.Status(), a.Posted, a.Held, a.DebtLimit)
	}
	for _, o := range v.Open() {
		fmt.Fprintf(&b, "%s %s %s\n", o.ID, o.Order.Kind, o.State)
	}
	return b.String(), entries
}

// walked is a book that was walked through every effect there is.
type walked struct {
	store *memory.Store
	eng   *operations.Engine
	clock operations.Clock
	ana   tenancy.Principal
	scope tenancy.Scope
	book  operations.BookID
	brl   accounts.ID
}

// walkBook makes such a book, the same each time.
func walkBook(t *testing.T) walked {
	t.Helper()
	ctx := context.Background()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	id := 0
	bank := &answers{}
	assets, err := accounts.NewAssets(accounts.Asset{Code: "BTC", Kind: accounts.Crypto, Scale: 8, Network: "bitcoin"})
	require.NoError(t, err)
	store := memory.New()
	eng, err := operations.New(store, operations.Config{
		Assets: assets, Providers: map[string]operations.Provider{"bank": bank}, PolicyVersion: "2026-11",
		Clock:   operations.ClockFunc(func() time.Time { now = now.Add(time.Second); return now }),
		IDs:     operations.IDFunc(func() string { id++; return fmt.Sprintf("id-%06d", id) }),
		Entropy: zeros{},
	})
	require.NoError(t, err)
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana", Service: "desk", Channel: tenancy.ChannelCLI, Delegates: []tenancy.Actor{{Kind: tenancy.Service, ID: "sso"}}}
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana})
	require.NoError(t, err)
	key := 0
	in := func() operations.Intent { key++; return operations.Intent{Key: fmt.Sprint("k", key), RequestID: "r"} }
	house, err := eng.Gate().Own(ctx, ana, "golden")
	require.NoError(t, err)
	_, err = eng.Manage(ctx, house, in(), tenancy.Register{Operator: "bruno", Person: "p-bruno"})
	require.NoError(t, err)
	maria, err := eng.OpenCustomer(ctx, firm, in(), customer.Profile{Name: "Maria", Country: "BR", Onboarding: true})
	require.NoError(t, err)
	s, err := eng.Gate().Enter(ctx, ana, maria.ID, "golden")
	require.NoError(t, err)
	manage := func(x operations.Administrative) operations.Managed {
		m, err := eng.Manage(ctx, s, in(), x)
		require.NoError(t, err)
		return m
	}
	manage(customer.SetStatus{Status: customer.Active})
	brl := manage(accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}, DebtLimit: decimal.New(5, 1)}).Account
	two := manage(accounts.Open{Name: "Savings", Currency: "BRL", Details: accounts.Details{Bank: "001", Branch: "1", Number: "2"}, Pending: true}).Account
	manage(accounts.SetStatus{Account: two, Status: accounts.Active})
	manage(accounts.Open{Currency: "BTC", Details: accounts.Details{Network: "bitcoin", Address: "bc1qexample"}, Directions: accounts.CreditOnly})
	manage(accounts.SetLimit{Account: brl, Limit: decimal.New(6, 1)})
	manage(accounts.Edit{Account: two, Name: "Reserve", Details: accounts.Details{PixKey: "reserve"}})
	manage(accounts.SetCurrency{Currency: "EUR", Enabled: true})
	manage(customer.Edit{Profile: customer.Profile{Name: "Maria S.", Country: "PT"}})
	g := manage(tenancy.Allow{Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View), Expires: now.AddDate(1, 0, 0)}).Grant
	manage(tenancy.Revoke{Grant: g})
	amount := decimal.RequireFromString
	for i := range 60 {
		_, err := eng.Submit(ctx, s, in(), operations.Deposit{To: brl, Amount: decimal.New(int64(1000+i), -2), Reference: "ref é"})
		require.NoError(t, err)
	}
	_, err = eng.Submit(ctx, s, in(), operations.Withdrawal{From: brl, Amount: amount("1e6")})
	require.ErrorIs(t, err, operations.ErrRefused)
	p, err := eng.Prepare(ctx, s, in(), operations.Transfer{From: brl, To: two, Amount: amount("12.34")})
	require.NoError(t, err)
	p, err = eng.Modify(ctx, s, in(), p.Operation.Ref(), operations.Modification{Amount: amount("20.5"), NotBefore: now.Add(time.Hour)})
	require.NoError(t, err)
	p, err = eng.Execute(ctx, s, in(), p.Operation.Ref())
	require.NoError(t, err)
	_, err = eng.Modify(ctx, s, in(), p.Operation.Ref(), operations.Modification{Amount: amount("19")})
	require.NoError(t, err)
	c, err := eng.Prepare(ctx, s, in(), operations.Deposit{To: two, Amount: amount("1")})
	require.NoError(t, err)
	_, err = eng.Cancel(ctx, s, in(), c.Operation.Ref())
	require.NoError(t, err)
	_, err = eng.Prepare(ctx, s, in(), operations.Deposit{To: two, Amount: amount("2")})
	require.NoError(t, err)
	_, err = eng.Submit(ctx, s, in(), operations.Adjustment{From: brl, Amount: amount("0.99"), Purpose: operations.Fee})
	require.NoError(t, err)
	bank.say = func(string) (operations.Answer, error) {
		return operations.Answer{Status: operations.AnswerSettled, Amount: amount("600"), Asset: "BRL", External: "x1"}, nil
	}
	w, err := eng.Submit(ctx, s, in(), operations.Withdrawal{From: brl, Amount: amount("600"), Via: "bank"})
	require.NoError(t, err)
	require.Equal(t, operations.Completed, w.Operation.State)
	d, err := eng.Submit(ctx, s, in(), operations.Deposit{To: brl, Amount: amount("600"), Via: "bank"})
	require.NoError(t, err)
	bank.say = func(string) (operations.Answer, error) { return operations.Answer{}, fmt.Errorf("silence") }
	u, err := eng.Submit(ctx, s, in(), operations.Withdrawal{From: brl, Amount: amount("630"), Via: "bank"})
	require.NoError(t, err)
	require.Equal(t, operations.Unresolved, u.Operation.State)
	_, err = eng.Report(ctx, "acme", "bank", operations.Answer{Reference: d.Operation.ProviderReference, Status: operations.AnswerReversed, Amount: amount("600"), Asset: "BRL", External: "rev1"})
	require.NoError(t, err)
	now = now.Add(2 * time.Hour)
	_, err = eng.Work(ctx, operations.Budget{})
	require.NoError(t, err)
	incidents, err := eng.Book(s).Incidents(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, incidents)
	manage(operations.CloseIncident{Incident: incidents[0].ID})
	v, err := eng.Book(s).Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, v.Faults)
	return walked{
		store: store, eng: eng, ana: ana, scope: s, book: v.Book, brl: brl,
		clock: operations.ClockFunc(func() time.Time { return now }),
	}
}

func writeGolden(t *testing.T, name string) {
	t.Helper()
	w := walkBook(t)
	sealed, err := w.store.Journal(context.Background(), w.book, 0, 1000)
	require.NoError(t, err)
	var b bytes.Buffer
	for _, e := range sealed {
		require.True(t, json.Valid(e.Bytes))
		fmt.Fprintf(&b, "%s %s\n", e.Hash, e.Bytes)
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
	end, _ := foldGolden(t, name)
	require.NoError(t, os.WriteFile(name+".end", []byte(end), 0o644))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// answers is a provider that says what it is told to say.
type answers struct {
	say func(reference string) (operations.Answer, error)
}

func (*answers) Contract() operations.Contract { return operations.Contract{HonoursReference: true} }

func (a *answers) Send(_ context.Context, i operations.Instruction) (operations.Answer, error) {
	return a.say(i.Reference)
}

func (a *answers) Ask(_ context.Context, r string) (operations.Answer, error) { return a.say(r) }
