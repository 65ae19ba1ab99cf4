// Command service is another service of a firm: it settles invoices, in a
// database of its own, and credits what was paid to the customer's account by
// the library in the same transaction. It reads the bank's file, a line
// "invoice,amount" for each payment, and may read it again.
package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func main() {
	file := flag.String("db", "", "the SQLite database; empty: one in memory")
	flag.Parse()
	if err := run(context.Background(), *file, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run settles all payments of a file; one that cannot be settled is told, and
// the others go on.
func run(ctx context.Context, file string, payments io.Reader, out io.Writer) (err error) {
	s, err := open(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	lines := csv.NewReader(payments)
	lines.FieldsPerRecord = 2
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		told := "settled"
		if err := s.settle(ctx, line[0], line[1]); err != nil {
			told = err.Error()
		}
		if _, err := fmt.Fprintf(out, "invoice %s, %s BRL: %s\n", line[0], line[1], told); err != nil {
			return err
		}
	}
}

// service has its own rows and the books in one database.
type service struct {
	db    *sql.DB
	store *sqlstore.Store
	eng   *operations.Engine
}

// robot is who acts: an operator like any other, with a grant.
func robot() tenancy.Principal {
	return tenancy.Principal{Tenant: "acme", Operator: "invoicing", Person: "it.invoicing", Channel: tenancy.ChannelJob}
}

// errNoInvoice means that no open invoice has this number and amount.
var errNoInvoice = errors.New("no open invoice of this amount")

// settle closes an invoice and credits its customer, or does neither.
func (s *service) settle(ctx context.Context, invoice, paid string) error {
	amount, err := accounts.ParseAmount(paid, 2)
	if err != nil {
		return err
	}
	var customer tenancy.CustomerID
	var account accounts.ID
	err = s.db.QueryRowContext(ctx, `SELECT customer, account FROM invoices WHERE number = ?`, invoice).Scan(&customer, &account)
	if errors.Is(err, sql.ErrNoRows) {
		return errNoInvoice
	}
	if err != nil {
		return err
	}
	scope, err := s.eng.Gate().Enter(ctx, robot(), customer, "invoice "+invoice) // before the transaction begins
	if err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing is left of what was not committed
	deposit := operations.Deposit{To: account, Amount: amount, Reference: "invoice " + invoice}
	key := operations.Intent{Key: "invoice-" + invoice}
	done, err := s.eng.Within(s.store.WithTx(tx)).Submit(ctx, scope, key, deposit)
	if err != nil {
		return err
	}
	closed, err := tx.ExecContext(ctx, `UPDATE invoices SET deposit = ? WHERE number = ? AND amount = ? AND deposit IS NULL`, done.Operation.ID, invoice, amount.StringFixed(2))
	if err != nil {
		return err
	}
	if n, err := closed.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return errNoInvoice // and no deposit
	}
	return tx.Commit()
}
