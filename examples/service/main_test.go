package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

func opened(t *testing.T) *service {
	t.Helper()
	s, err := open(t.Context(), filepath.Join(t.TempDir(), "books.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	return s
}

// both tells what the service has, the deposit of an invoice, and what the books
// have: the operations and the balance of its account.
func both(t *testing.T, s *service, invoice string) (deposit string, of []operations.Operation, balance string) {
	t.Helper()
	var who tenancy.CustomerID
	var account accounts.ID
	require.NoError(t, s.db.QueryRowContext(t.Context(), `SELECT customer, account, coalesce(deposit, '') FROM invoices WHERE number = ?`, invoice).Scan(&who, &account, &deposit))
	scope, err := s.eng.Gate().Enter(t.Context(), robot(), who, "a look")
	require.NoError(t, err)
	history, err := s.eng.Book(scope).History(t.Context(), operations.HistoryFilter{}, "", 10)
	require.NoError(t, err)
	all, err := s.eng.Book(scope).Accounts(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, account, all[0].ID)
	return deposit, history.Items, all[0].Posted.StringFixed(2)
}

func TestCommitLeavesBoth(t *testing.T) {
	t.Parallel()
	s := opened(t)
	require.NoError(t, s.settle(t.Context(), "17", "80.00"))
	deposit, of, balance := both(t, s, "17")
	require.Equal(t, "80.00", balance)
	require.Len(t, of, 1)
	require.Equal(t, deposit, string(of[0].ID))
	require.Equal(t, operations.Completed, of[0].State)
}

// The deposit was made when the service finds that the amount is wrong, and is
// gone with the rollback, its key, too: the right amount settles it.
func TestRollbackLeavesNeither(t *testing.T) {
	t.Parallel()
	s := opened(t)
	require.ErrorIs(t, s.settle(t.Context(), "18", "1200.00"), errNoInvoice)
	deposit, of, balance := both(t, s, "18")
	require.Empty(t, deposit)
	require.Empty(t, of)
	require.Equal(t, "0.00", balance)

	require.NoError(t, s.settle(t.Context(), "18", "1250.00"))
	deposit, of, balance = both(t, s, "18")
	require.Len(t, of, 1)
	require.Equal(t, deposit, string(of[0].ID))
	require.Equal(t, "1250.00", balance)
}

// What the books refuse, the service does not write either.
func TestARefusalLeavesNeither(t *testing.T) {
	t.Parallel()
	s := opened(t)
	ana := tenancy.Principal{Tenant: "acme", Operator: "ana", Person: "ana.souza"}
	var who tenancy.CustomerID
	require.NoError(t, s.db.QueryRowContext(t.Context(), `SELECT customer FROM invoices WHERE number = '17'`).Scan(&who))
	scope, err := s.eng.Gate().Enter(t.Context(), ana, who, "a court order")
	require.NoError(t, err)
	_, err = s.eng.Manage(t.Context(), scope, operations.Intent{Key: "suspend"}, customer.SetStatus{Status: customer.Suspended})
	require.NoError(t, err)
	require.ErrorIs(t, s.settle(t.Context(), "17", "80.00"), operations.ErrRefused)
	deposit, of, balance := both(t, s, "17")
	require.Empty(t, deposit)
	require.Empty(t, of)
	require.Equal(t, "0.00", balance)
}

// The bank's file may be read again, by another start of the service.
func TestAFileReadTwiceSettlesOnce(t *testing.T) {
	t.Parallel()
	bank, err := os.ReadFile("payments.csv")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "books.db")
	const none = "no open invoice of this amount"
	for _, told := range [][]any{{"settled", none, "settled", none}, {none, "conflict: key_reused", none, none}} {
		var out strings.Builder
		require.NoError(t, run(t.Context(), file, strings.NewReader(string(bank)), &out))
		require.Equal(t, fmt.Sprintf("invoice 17, 80.00 BRL: %s\ninvoice 18, 1200.00 BRL: %s\ninvoice 18, 1250.00 BRL: %s\ninvoice 99, 5.00 BRL: %s\n", told...), out.String())
	}
	s, err := open(t.Context(), file)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	_, of, balance := both(t, s, "17")
	require.Len(t, of, 2)
	require.Equal(t, "1330.00", balance)
}

func TestTheServiceIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("main.go")
	require.NoError(t, err)
	require.Less(t, strings.Count(string(text), "\n"), 120)
}
