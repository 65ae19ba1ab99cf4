package trading_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// From what the firm owes a provider to the books that make it up, and to the
// postings behind one of them.
func TestAPositionIsDrilledDownTo(t *testing.T) {
	t.Parallel()
	p := &outside{quoter: &quoter{quote: at("5")}, answer: filled("0", "")}
	d := beginWith(t, trading.Config{Providers: map[string]trading.Provider{"bank": p}}, operations.Config{Kinds: []operations.Kind{trading.Settlements{}}})
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	house, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	_, err = d.eng.Submit(t.Context(), house, d.in(), trading.Settlement{Provider: "bank", Asset: "BRL", Paid: dec("120"), Reference: "TED 1"})
	require.NoError(t, err)
	firm, err := d.eng.Gate().Firm(t.Context(), ana())
	require.NoError(t, err)
	lists := d.eng.Firm(firm)
	of := operations.PositionPlace{Ref: accounts.Clearing("bank"), Asset: "BRL"}
	require.Equal(t, "380", d.positions()["clearing:bank BRL"])
	all, err := lists.PositionBooks(t.Context(), of, "", 0)
	require.NoError(t, err)
	got := map[string]string{}
	for _, r := range all.Items {
		got[string(r.Customer)] = accounts.Canonical(r.Amount)
	}
	require.Equal(t, map[string]string{string(d.scope.Customer()): "500", string(tenancy.House): "-120"}, got)
	lines, err := d.eng.Book(d.scope).Statement(t.Context(), operations.StatementFilter{Account: of.Ref, Asset: of.Asset}, "", 10)
	require.NoError(t, err)
	require.Len(t, lines.Items, 1)
	first, err := lists.PositionBooks(t.Context(), of, "", 1)
	require.NoError(t, err)
	require.True(t, first.More)
	rest, err := lists.PositionBooks(t.Context(), of, first.Next, 10)
	require.NoError(t, err)
	require.Equal(t, all.Items, append(first.Items, rest.Items...))
	for _, bad := range []operations.PositionPlace{{}, {Ref: accounts.Customer(d.brl), Asset: "BRL"}, {Ref: of.Ref}} {
		_, err = lists.PositionBooks(t.Context(), bad, "", 1)
		require.ErrorIs(t, err, operations.ErrInvalid)
	}
}

// The incidents of all customers whom an operator may view, and of no others.
func TestTheFirmsIncidentsAreListed(t *testing.T) {
	t.Parallel()
	d, p := outsideDesk(t, "0")
	firm, err := d.eng.Gate().Firm(t.Context(), ana())
	require.NoError(t, err)
	_, err = d.eng.OpenCustomer(t.Context(), firm, d.in(), customer.Profile{Name: "Nobody's", Type: customer.Individual})
	require.NoError(t, err)
	p.answer = filled("1", "")
	for range 3 {
		_, err = d.execute(d.quote(d.buy("100")))
		require.NoError(t, err)
	}
	all := d.incidents()
	require.Len(t, all, 3)
	walk := func(f tenancy.Scope, limit int) (found []operations.IncidentItem) {
		after := tenancy.CustomerID("")
		for range 10 {
			page, err := d.eng.Firm(f).Incidents(t.Context(), after, limit)
			require.NoError(t, err)
			found = append(found, page.Items...)
			if !page.More {
				return found
			}
			after = page.Next
		}
		t.Fatal("the list does not end")
		return nil
	}
	for _, limit := range []int{1, 2, 200} {
		found := walk(firm, limit)
		require.Len(t, found, 3)
		for i := range found {
			require.Equal(t, operations.IncidentItem{Customer: d.scope.Customer(), Incident: all[i]}, found[i])
		}
	}
	own, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	for _, x := range []operations.Administrative{
		tenancy.Register{Operator: "bruno", Person: "p-bruno"},
		tenancy.Allow{Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View)},
	} {
		_, err := d.eng.Manage(t.Context(), own, d.in(), x)
		require.NoError(t, err)
	}
	his, err := d.eng.Gate().Firm(t.Context(), tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"})
	require.NoError(t, err)
	require.Empty(t, walk(his, 200), "he may view the house alone")
}
