// Command crash works on the books of a SQLite file until it is killed, and
// tells each command that was acknowledged on its standard output, a line each:
// key, customer, seq, operation, state. The test beside it kills it, again and
// again, and holds the file against those lines.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"sync"

	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func main() {
	file := flag.String("db", "", "the database file")
	cycle := flag.Uint64("cycle", 0, "the number of this life: keys begin with it, and it seeds the work")
	workers := flag.Int("workers", 8, "how many work at a time, one command each")
	hold := flag.Bool("hold", false, "take the write lock, say so, and keep it until standard input ends")
	flag.Parse()
	if *hold {
		if err := keepLocked(context.Background(), *file); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := live(context.Background(), *file, *cycle, *workers); err != nil {
		log.Fatal(err)
	}
}

// keepLocked is another writer that is slow to end.
func keepLocked(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("take the lock: %w", err)
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	return errors.Join(tx.Rollback(), db.Close())
}

// Customers is how many customers there are.
const customers = 3

func ana() tenancy.Principal {
	return tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "p-ana", Channel: tenancy.ChannelJob}
}

func open(ctx context.Context, file string) (*sql.DB, *operations.Engine, error) {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return nil, nil, fmt.Errorf("open database: %w", err)
	}
	store, err := sqlstore.New(db, sqlstore.SQLite)
	if err != nil {
		return nil, nil, fmt.Errorf("open store: %w", err)
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, nil, fmt.Errorf("migrate: %w", err)
	}
	eng, err := operations.New(store, operations.Config{})
	if err != nil {
		return nil, nil, fmt.Errorf("make engine: %w", err)
	}
	return db, eng, nil
}

// desk is what a worker works with: one customer's scope and two accounts.
type desk struct {
	scope    tenancy.Scope
	accounts [2]accounts.ID
}

func setUp(ctx context.Context, eng *operations.Engine) ([]desk, error) {
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: "Acme", Admin: ana()})
	if err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	desks := make([]desk, customers)
	for i := range desks {
		in := func(what string) operations.Intent {
			return operations.Intent{Key: fmt.Sprintf("setup-%d-%s", i, what)}
		}
		c, err := eng.OpenCustomer(ctx, firm, in("customer"), customer.Profile{Name: fmt.Sprint("Customer ", i)})
		if err != nil {
			return nil, fmt.Errorf("open customer: %w", err)
		}
		d := &desks[i]
		if d.scope, err = eng.Gate().Enter(ctx, ana(), c.ID, "crash test"); err != nil {
			return nil, fmt.Errorf("enter: %w", err)
		}
		for j := range d.accounts {
			m, err := eng.Manage(ctx, d.scope, in(fmt.Sprint("account", j)), accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "key"}})
			if err != nil {
				return nil, fmt.Errorf("open account: %w", err)
			}
			d.accounts[j] = m.Account
		}
		if _, err := eng.Submit(ctx, d.scope, in("deposit"), operations.Deposit{To: d.accounts[0], Amount: decimal.New(1000, 0)}); err != nil {
			return nil, fmt.Errorf("deposit: %w", err)
		}
	}
	return desks, nil
}

func live(ctx context.Context, file string, cycle uint64, workers int) error {
	_, eng, err := open(ctx, file)
	if err != nil {
		return err
	}
	desks, err := setUp(ctx, eng)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	failed := make(chan error, workers)
	for w := range workers {
		wg.Go(func() {
			k := worker{eng: eng, desk: desks[w%customers], prefix: fmt.Sprintf("c%d-w%d-", cycle, w), rng: rand.New(rand.NewPCG(cycle, uint64(w)))} //nolint:gosec // w is small and positive; the draws must be repeatable
			failed <- k.work(ctx)
		})
	}
	wg.Wait()
	return <-failed
}

type worker struct {
	eng    *operations.Engine
	desk   desk
	prefix string
	rng    *rand.Rand
	n      int
}

// work goes on until it is killed or something is wrong.
func (k *worker) work(ctx context.Context) error {
	for {
		if err := k.step(ctx); err != nil {
			return err
		}
	}
}

func (k *worker) step(ctx context.Context) error {
	amount := decimal.New(k.rng.Int64N(5000)+1, -2)
	a, b := k.desk.accounts[k.rng.IntN(2)], k.desk.accounts[k.rng.IntN(2)]
	switch k.rng.IntN(5) {
	case 0:
		return k.told(k.submit(ctx, operations.Deposit{To: a, Amount: amount}))
	case 1:
		return k.told(k.submit(ctx, operations.Withdrawal{From: a, Amount: amount}))
	case 2:
		if a == b {
			return nil
		}
		return k.told(k.submit(ctx, operations.Transfer{From: a, To: b, Amount: amount}))
	}
	key := k.key()
	res, err := k.eng.Prepare(ctx, k.desk.scope, operations.Intent{Key: key}, operations.Withdrawal{From: a, Amount: amount})
	if err := k.told(key, res, err); err != nil || res.Operation.ID == "" {
		return err
	}
	key = k.key()
	if k.rng.IntN(2) == 0 {
		res, err = k.eng.Execute(ctx, k.desk.scope, operations.Intent{Key: key}, res.Operation.Ref())
	} else {
		res, err = k.eng.Cancel(ctx, k.desk.scope, operations.Intent{Key: key}, res.Operation.Ref())
	}
	return k.told(key, res, err)
}

func (k *worker) key() string {
	k.n++
	return fmt.Sprint(k.prefix, k.n)
}

func (k *worker) submit(ctx context.Context, q operations.Request) (string, operations.Result, error) {
	key := k.key()
	res, err := k.eng.Submit(ctx, k.desk.scope, operations.Intent{Key: key}, q)
	return key, res, err
}

// told writes the line of an acknowledged command, refused ones without an
// operation; those refused beyond what a book records in a minute have no entry
// and are not told.
func (k *worker) told(key string, res operations.Result, err error) error {
	if err != nil && !errors.Is(err, operations.ErrRefused) {
		return err
	}
	if err != nil && res.Seq == 0 {
		return nil
	}
	id, state := string(res.Operation.ID), string(res.Operation.State)
	if err != nil {
		id, state = "-", "refused"
	}
	_, err = fmt.Fprintln(os.Stdout, key, k.desk.scope.Customer(), res.Seq, id, state)
	return err
}
