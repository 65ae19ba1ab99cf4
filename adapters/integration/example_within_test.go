package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/sqlstore"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// What the engine writes within the host's own transaction goes or stays with
// the host's rows.
func Example_hostTransaction() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "onbehalf")
	must(err)
	defer func() { must(os.RemoveAll(dir)) }()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "books.db")))
	must(err)
	defer func() { must(db.Close()) }()
	store, err := sqlstore.New(db, sqlstore.SQLite)
	must(err)
	must(store.Migrate(ctx))
	eng, err := operations.New(store, operations.Config{})
	must(err)
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "ana.souza"}
	firm, err := eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Admin: ana})
	must(err)
	maria, err := eng.OpenCustomer(ctx, firm, operations.Intent{Key: "maria"}, customer.Profile{Name: "Maria"})
	must(err)
	scope, err := eng.Gate().Enter(ctx, ana, maria.ID, "invoice 17") // before the transaction
	must(err)
	acc, err := eng.Manage(ctx, scope, operations.Intent{Key: "account"}, accounts.Open{Currency: "BRL", Details: accounts.Details{PixKey: "maria@example.com"}})
	must(err)
	_, err = db.ExecContext(ctx, `CREATE TABLE invoices (number INTEGER PRIMARY KEY) STRICT`)
	must(err)

	amount, err := accounts.ParseAmount("80.00", 2)
	must(err)
	pay := func(number int) *sql.Tx {
		tx, err := db.BeginTx(ctx, nil)
		must(err)
		_, err = tx.ExecContext(ctx, `INSERT INTO invoices (number) VALUES (?)`, number)
		must(err)
		_, err = eng.Within(store.WithTx(tx)).Submit(ctx, scope, operations.Intent{Key: fmt.Sprint("invoice-", number)},
			operations.Deposit{To: acc.Account, Amount: amount})
		must(err)
		return tx
	}
	must(pay(17).Rollback())
	must(pay(18).Commit())

	var invoices int
	must(db.QueryRowContext(ctx, `SELECT count(*) FROM invoices`).Scan(&invoices))
	accs, err := eng.Book(scope).Accounts(ctx)
	must(err)
	fmt.Println(invoices, "invoice,", accs[0].Posted, "BRL")
	// Output: 1 invoice, 80 BRL
}
