// Command crash works on the books of a database until it is killed, and tells
// each command that was acknowledged on its standard output, a line each: key,
// customer, seq, operation, state. The tests beside it kill it, again and again,
// and hold the database against those lines. With -pair it measures instead what
// two processes on one PostgreSQL do together, against what one does alone:
//
//	go run ./adapters/integration/crash -pair -dsn postgres://...
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/onbehalf/onbehalf/adapters/sqlstore"
)

func main() {
	var l life
	var store string
	flag.StringVar(&store, "store", string(sqlstore.SQLite), "sqlite or postgres")
	flag.StringVar(&l.at.name, "db", "", "the database file of sqlite")
	dsn := flag.String("dsn", "", "the data source name of postgres")
	flag.Uint64Var(&l.cycle, "cycle", 0, "the number of this life: keys begin with it, and it seeds the work")
	flag.IntVar(&l.workers, "workers", 8, "how many work at a time, one command each")
	flag.IntVar(&l.own, "own", 0, "books of this life alone, beside those that all share")
	flag.DurationVar(&l.measured, "measure", 0, "work for so long once standard input has a line, and tell how many commands were acknowledged")
	hold := flag.Bool("hold", false, "take the write lock, say so, and keep it until standard input ends")
	pair := flag.Bool("pair", false, "measure two processes together against one alone")
	flag.Parse()
	l.at.dialect = sqlstore.Dialect(store)
	if *dsn != "" {
		l.at = place{sqlstore.PostgreSQL, *dsn}
	}
	ctx := context.Background()
	var err error
	switch {
	case *hold:
		err = keepLocked(ctx, l.at.name)
	case *pair:
		err = measurePair(ctx, l.at, os.Stdout)
	default:
		err = l.live(ctx)
	}
	if err != nil {
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

// life is one run of this command.
type life struct {
	at           place
	cycle        uint64
	workers, own int
	measured     time.Duration
}

func (l *life) live(ctx context.Context) error {
	o, err := open(ctx, l.at)
	if err != nil {
		return err
	}
	desks, err := setUp(ctx, o.eng, sharedBooks())
	if err != nil {
		return err
	}
	if l.own > 0 {
		own, err := setUp(ctx, o.eng, ownBooks(l.cycle, l.own))
		if err != nil {
			return err
		}
		desks = append(desks, own...)
	}
	if l.measured > 0 {
		return l.measure(ctx, o, desks[len(sharedBooks()):])
	}
	c := newCrew(o.eng, desks, fmt.Sprintf("c%d-", l.cycle), l.workers, func(a ack) error {
		_, err := fmt.Println(a.key, a.customer, a.seq, a.operation, a.state)
		return err
	})
	c.wait(ctx)
	return c.err()
}
