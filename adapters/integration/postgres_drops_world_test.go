package integration_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/integration/pgproxy"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

const (
	dropCallers = 8
	dropBooks   = 20
)

// sea is what the callers work on, over connections that get lost: an engine
// behind the proxy, and one beside it that has nothing to fear.
type sea struct {
	t         *testing.T
	rng       *rand.Rand
	proxy     *pgproxy.Proxy
	db        *sql.DB // behind the proxy
	super     *sql.DB
	eng, safe *operations.Engine
	books     []*isle
	timeout   time.Duration
	rounds    int
	unknown   int // commands
	effective int // of these
	none      int // commands that had no effect
}

// isle is one customer with two accounts, as the commands say it must be.
type isle struct {
	scope, safe tenancy.Scope
	accounts    [2]accounts.ID
	posted      [2]decimal.Decimal
	read        int64 // up to which entry the journal was compared
}

// sent is one command and what its caller was told.
type sent struct {
	book   *isle
	key    string
	from   int // the account; -1: a deposit into the first
	amount decimal.Decimal
	result operations.Result
	err    error
}

func (c *sent) request() operations.Request {
	if c.from < 0 {
		return operations.Deposit{To: c.book.accounts[0], Amount: c.amount}
	}
	return operations.Transfer{From: c.book.accounts[c.from], To: c.book.accounts[1-c.from], Amount: c.amount}
}

func newSea(t *testing.T, c sqlstore.Config, seed uint64) *sea {
	t.Helper()
	dsn := emptyPostgres(t)
	s := &sea{t: t, rng: rand.New(rand.NewPCG(seed, 2)), timeout: time.Second, super: openPostgres(t, dsn, 1)}
	direct, _ := onPostgres(t, dsn, c)
	store, db, proxy := behind(t, dsn, c)
	s.db, s.proxy = db, proxy
	var err error
	s.safe, err = operations.New(direct, operations.Config{})
	require.NoError(t, err)
	t.Cleanup(s.safe.Close)
	s.eng, err = operations.New(store, operations.Config{CommitTimeout: s.timeout, Committers: 3})
	require.NoError(t, err)
	t.Cleanup(s.eng.Close)

	firm, err := s.safe.Bootstrap(t.Context(), tenancy.Firm{Tenant: "acme", Admin: principal("acme", "ana")})
	require.NoError(t, err)
	s.books = make([]*isle, dropBooks)
	var g errgroup.Group
	for i := range s.books {
		g.Go(func() (err error) {
			s.books[i], err = s.isle(t.Context(), firm, i)
			return err
		})
	}
	require.NoError(t, g.Wait())
	return s
}

func (s *sea) isle(ctx context.Context, firm tenancy.Scope, n int) (*isle, error) {
	opened, err := s.safe.OpenCustomer(ctx, firm, intent("customer", n), customer.Profile{Name: "Maria"})
	if err != nil {
		return nil, err
	}
	b, ana := &isle{}, principal("acme", "ana")
	if b.safe, err = s.safe.Gate().Enter(ctx, ana, opened.ID, "drops"); err != nil {
		return nil, err
	}
	if b.scope, err = s.eng.Gate().Enter(ctx, ana, opened.ID, "drops"); err != nil {
		return nil, err
	}
	for j := range b.accounts {
		m, err := s.safe.Manage(ctx, b.safe, intent("account", j), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "k"}})
		if err != nil {
			return nil, err
		}
		b.accounts[j], b.posted[j] = m.Account, money("100000")
		r, err := s.safe.Submit(ctx, b.safe, intent("deposit", j), operations.Deposit{To: m.Account, Amount: b.posted[j]})
		if err != nil {
			return nil, err
		}
		b.read = r.Seq
	}
	return b, nil
}

// storm has the callers work until as many connections as there are points were
// lost, and gives all that they sent.
func (s *sea) storm() []*sent {
	s.t.Helper()
	s.rounds++
	for _, point := range pgproxy.Points() {
		hold := 60 * time.Millisecond // longer than some callers wait
		if s.rounds%2 == 1 {
			hold = s.timeout + 50*time.Millisecond // longer than the batch may take
		}
		s.proxy.Arm(pgproxy.Drop{Point: point, After: s.rng.IntN(12), Hold: hold, Reset: s.rng.IntN(2) == 0, Deaf: s.rng.IntN(2) == 0})
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	all := make([][]*sent, dropCallers)
	var wg sync.WaitGroup
	for i := range dropCallers {
		rng := rand.New(rand.NewPCG(s.rng.Uint64(), uint64(i)))
		wg.Go(func() {
			for n := 0; s.proxy.Pending() > 0 && ctx.Err() == nil; n++ {
				all[i] = append(all[i], s.send(ctx, rng, fmt.Sprint(s.rounds, "-", i, "-", n)))
			}
		})
	}
	wg.Wait()
	require.NoError(s.t, ctx.Err(), "not every drop came: %v", s.proxy.Fired())
	var flat []*sent
	for _, some := range all {
		flat = append(flat, some...)
	}
	return flat
}

func (s *sea) send(ctx context.Context, rng *rand.Rand, key string) *sent {
	b := s.books[rng.IntN(len(s.books))]
	c := &sent{book: b, key: key, from: rng.IntN(3) - 1, amount: decimal.New(rng.Int64N(500)+1, -2)}
	if rng.IntN(4) == 0 {
		if _, err := s.eng.Book(b.scope).History(ctx, operations.HistoryFilter{}, "", 3); err != nil && !errors.Is(err, operations.ErrUnavailable) {
			c.err = fmt.Errorf("history: %w", err)
			return c
		}
	}
	if rng.IntN(4) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 30*time.Millisecond)
		defer cancel()
	}
	c.result, c.err = s.eng.Submit(ctx, b.scope, intent(c.key), c.request())
	return c
}

// hold compares what the callers were told with the journals, and repeats what
// nobody could tell them.
func (s *sea) hold(all []*sent) {
	t := s.t
	t.Helper()
	lines := s.journals()
	for _, c := range all {
		line, stored := lines[c.book][c.key]
		switch {
		case c.err == nil:
			require.True(t, stored, "%s was acknowledged and is lost", c.key)
			require.Equal(t, c.result.Seq, line.Seq)
			require.Equal(t, c.result.Operation.ID, line.Effects.Operations[0].ID)
		case errors.Is(c.err, operations.ErrUnknownOutcome):
			s.unknown++
			if stored {
				s.effective++
			}
			result, err := s.safe.Submit(t.Context(), c.book.safe, intent(c.key), c.request())
			require.NoError(t, err, c.key)
			require.Equal(t, stored, result.Replayed, "%s is found if it is there", c.key)
			if stored {
				require.Equal(t, line.Seq, result.Seq)
			}
		default:
			none := errors.Is(c.err, operations.ErrUnavailable) || errors.Is(c.err, context.DeadlineExceeded)
			require.True(t, none, "%s: %v", c.key, c.err)
			require.False(t, stored, "%s had an effect and its caller was told that it had none: %v", c.key, c.err)
			s.none++
			continue
		}
		if c.from < 0 {
			c.book.posted[0] = c.book.posted[0].Add(c.amount)
			continue
		}
		c.book.posted[c.from] = c.book.posted[c.from].Sub(c.amount)
		c.book.posted[1-c.from] = c.book.posted[1-c.from].Add(c.amount)
	}
	want := 0
	for _, c := range all {
		if c.err == nil || errors.Is(c.err, operations.ErrUnknownOutcome) {
			want++
		}
	}
	have := 0
	for _, keys := range lines {
		have += len(keys)
	}
	for b, keys := range s.journals() {
		for key := range keys {
			require.NotContains(t, lines[b], key, "%s twice", key)
		}
		have += len(keys)
	}
	require.Equal(t, want, have, "an entry for each command that had its effect, and no other")
	s.sound()
}

// journals are the entries that came since they were last read, by their keys.
func (s *sea) journals() map[*isle]map[string]operations.Line {
	s.t.Helper()
	all := make(map[*isle]map[string]operations.Line)
	for _, b := range s.books {
		all[b] = make(map[string]operations.Line)
		for more := true; more; {
			page, err := s.safe.Book(b.safe).Journal(s.t.Context(), b.read, operations.MaxLimit)
			require.NoError(s.t, err)
			for _, l := range page {
				require.NotContains(s.t, all[b], l.Key, "twice")
				require.Equal(s.t, b.read+1, l.Seq)
				require.Empty(s.t, l.Refused)
				all[b][l.Key], b.read = l, l.Seq
			}
			more = len(page) == operations.MaxLimit
		}
	}
	return all
}

// sound verifies every book, and that both engines have the balances of the
// model.
func (s *sea) sound() {
	s.t.Helper()
	var g errgroup.Group
	g.SetLimit(dropCallers)
	for _, b := range s.books {
		g.Go(func() error {
			return errors.Join(b.sound(s.t.Context(), s.safe, b.safe), b.sound(s.t.Context(), s.eng, b.scope))
		})
	}
	require.NoError(s.t, g.Wait())
}

func (b *isle) sound(ctx context.Context, eng *operations.Engine, scope tenancy.Scope) error {
	v, err := eng.Verify(ctx, operations.BookID{Tenant: scope.Tenant(), Customer: scope.Customer()})
	if err != nil || len(v.Faults) > 0 {
		return fmt.Errorf("verify: %v: %w", v.Faults, err)
	}
	all, err := eng.Book(scope).Accounts(ctx)
	if err != nil {
		return err
	}
	sum := decimal.Zero
	for _, a := range all {
		want := b.posted[0]
		if a.ID == b.accounts[1] {
			want = b.posted[1]
		}
		if !a.Posted.Equal(want) || !a.Held.IsZero() {
			return fmt.Errorf("account %s has %s and holds %s, not %s and nothing", a.ID, a.Posted, a.Held, want)
		}
		sum = sum.Add(a.Posted.Decimal)
	}
	if !sum.Equal(b.posted[0].Add(b.posted[1])) {
		return fmt.Errorf("%d accounts have %s in all", len(all), sum)
	}
	return nil
}

// calm tells that nothing is left of the connections that were lost, and
// nothing of their books in those that go on.
func (s *sea) calm() {
	t := s.t
	t.Helper()
	left := -1
	eventually(t, func() bool {
		require.NoError(t, s.super.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND usename IN ('`+roleApp+`', '`+roleWorker+`') AND state <> 'idle'`).Scan(&left))
		return left == 0
	})
	var held []*sql.Conn
	reused := s.db.Stats().OpenConnections
	require.Positive(t, reused)
	for range reused {
		conn, err := s.db.Conn(t.Context())
		require.NoError(t, err)
		held = append(held, conn)
		for _, name := range []string{"onbehalf.books", "onbehalf.tenants", "onbehalf.firm"} {
			var value sql.NullString
			require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT current_setting($1, true)", name).Scan(&value))
			require.Empty(t, value.String, name)
		}
	}
	require.Equal(t, reused, s.db.Stats().OpenConnections, "those that were there")
	for _, conn := range held {
		require.NoError(t, conn.Close())
	}
}
