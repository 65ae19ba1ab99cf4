package integration_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// BenchmarkTrade prepares and executes a transfer, and quotes and executes a
// trade at the house's rate, in turns over the same book. It reports how much of
// the transfers' rate the trades reach, as trades/transfer.
//
//	go test ./adapters/integration -run '^$' -bench Trade -benchtime 1000x -count 3
func BenchmarkTrade(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkTrade(b, memory.New()) })
	b.Run("sqlite", func(b *testing.B) {
		db := openDB(sqlstore.SQLiteDSN(filepath.Join(b.TempDir(), "bench.db")))
		b.Cleanup(func() { must(db.Close()) })
		db.SetMaxOpenConns(1)
		store, err := sqlstore.New(db, sqlstore.SQLite)
		require.NoError(b, err)
		require.NoError(b, store.Migrate(b.Context()))
		benchmarkTrade(b, store)
	})
	b.Run("postgres", func(b *testing.B) {
		db, err := sql.Open("pgx", shared.Database(b, ""))
		require.NoError(b, err)
		b.Cleanup(func() { must(db.Close()) })
		store, err := sqlstore.New(db, sqlstore.PostgreSQL)
		require.NoError(b, err)
		require.NoError(b, store.Migrate(b.Context()))
		benchmarkTrade(b, store)
	})
}

func benchmarkTrade(b *testing.B, store operations.Store) {
	b.Helper()
	source := &trading.Board{}
	_, err := source.Put(trading.Rate{Base: "USD", Quote: "BRL", Value: money("5.4321"), At: time.Now(), Source: "bench"})
	require.NoError(b, err)
	house := trading.NewHouse(source)
	kind, err := trading.New(trading.Config{Providers: map[string]trading.Provider{"house": house}, MaxQuotes: 1000})
	require.NoError(b, err)
	eng, err := operations.New(store, operations.Config{Kinds: []operations.Kind{kind}, Providers: map[string]operations.Provider{"house": house}})
	require.NoError(b, err)
	defer eng.Close()
	ctx, n := b.Context(), 0
	in := func() operations.Intent { n++; return operations.Intent{Key: fmt.Sprint("b", n)} }
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: principal("acme", "ana")})
	require.NoError(b, err)
	opened, err := eng.OpenCustomer(ctx, firm, in(), customer.Profile{Name: "Maria"})
	require.NoError(b, err)
	s, err := eng.Gate().Enter(ctx, principal("acme", "ana"), opened.ID, "")
	require.NoError(b, err)
	manage := func(x operations.Administrative) operations.Managed {
		m, err := eng.Manage(ctx, s, in(), x)
		require.NoError(b, err)
		return m
	}
	open := func(asset string) accounts.ID {
		id := manage(accounts.Open{Currency: asset, Details: accounts.Details{Bank: "001", Branch: "1", Number: "1"}}).Account
		_, err := eng.Submit(ctx, s, in(), operations.Deposit{To: id, Amount: money("1000000000")})
		require.NoError(b, err)
		return id
	}
	brl, other, usd := open("BRL"), open("BRL"), open("USD")
	manage(trading.SetCustomer{Customer: trading.Customer{Providers: []string{"house"}}})
	manage(trading.SetPair{Pair: trading.Pair{Base: usd, Quote: brl, Quotations: []trading.Path{{Provider: "house", Priority: 1, Spread: trading.Spreads{Working: money("50"), DayOff: money("50"), Closed: money("50")}}}}})
	once := func(q operations.Request) {
		p, err := eng.Prepare(ctx, s, in(), q)
		require.NoError(b, err)
		res, err := eng.Execute(ctx, s, in(), p.Operation.Ref())
		require.NoError(b, err)
		require.Equal(b, operations.Completed, res.Operation.State)
	}
	var spent [2]time.Duration
	for b.Loop() {
		for i, q := range []operations.Request{
			operations.Transfer{From: brl, To: other, Amount: money("1")},
			trading.Trade{Base: usd, Quote: brl, Side: operations.Buy, BaseAmount: money("1")},
		} {
			began := time.Now()
			once(q)
			spent[i] += time.Since(began)
		}
	}
	b.ReportMetric(float64(spent[0])/float64(spent[1]), "trades/transfer")
}
