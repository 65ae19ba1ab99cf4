package trading_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestWhatIsOwedToAProviderIsSettledInTheFirmsOwnBook(t *testing.T) {
	t.Parallel()
	p := &outside{quoter: &quoter{quote: at("5")}, answer: filled("0", "")}
	d := beginWith(t, trading.Config{Providers: map[string]trading.Provider{"bank": p}}, operations.Config{Kinds: []operations.Kind{trading.Settlements{}}})
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"clearing:bank USD": "-100", "clearing:bank BRL": "500", "income:spread BRL": "2.5"}, d.positions(),
		"the bank owes the 100 USD that the customer has, and is owed the 500 BRL he paid")

	house, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	for _, s := range []trading.Settlement{
		{Provider: "bank", Asset: "BRL", Paid: dec("500"), Reference: "TED 1"},
		{Provider: "bank", Asset: "USD", Received: dec("60"), Reference: "wire 1", Through: "correspondent"},
		{Provider: "bank", Asset: "USD", Received: dec("40"), Reference: "wire 2", Through: "correspondent"},
	} {
		res, err := d.eng.Submit(t.Context(), house, d.in(), s)
		require.NoError(t, err)
		require.Equal(t, operations.Completed, res.Operation.State)
		_, err = d.eng.Submit(t.Context(), d.scope, d.in(), s)
		require.Equal(t, []string{operations.CodeHouseOnly}, codes(err), "not in a customer's book")
	}
	require.Equal(t, map[string]string{"clearing:bank USD": "0", "clearing:bank BRL": "0", "clearing:correspondent USD": "-100", "income:spread BRL": "2.5"}, d.positions(),
		"nothing is owed, and the dollars are with the correspondent")
	v, err := d.eng.Book(house).Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Faults)
}

func TestSettlementsThatAreNoneAreMalformed(t *testing.T) {
	t.Parallel()
	good := trading.Settlement{Provider: "bank", Asset: "BRL", Paid: dec("1"), Reference: "r"}
	require.NoError(t, trading.Settlements{}.Validate(good.Order()))
	for field, change := range map[string]func(*trading.Settlement){
		"paid":      func(s *trading.Settlement) { s.Received = dec("1") },
		"via":       func(s *trading.Settlement) { s.Provider = "" },
		"reference": func(s *trading.Settlement) { s.Reference = "" },
		"asset":     func(s *trading.Settlement) { s.Asset = "XXB" },
		"amount":    func(s *trading.Settlement) { s.Paid = dec("0.001") },
		"through":   func(s *trading.Settlement) { s.Through = "bank" },
	} {
		s := good
		change(&s)
		require.ErrorContains(t, trading.Settlements{}.Validate(s.Order()), field)
	}
}

// A firm whose fees match everything can settle with its providers.
func TestASettlementIsChargedNothing(t *testing.T) {
	t.Parallel()
	d := beginWith(t, trading.Config{Providers: house()}, operations.Config{
		Kinds: []operations.Kind{trading.Settlements{}}, Fees: []operations.FeeRule{{Name: "all", Tier: operations.Tier{Fixed: dec("1")}}},
	})
	own, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	res, err := d.eng.Submit(t.Context(), own, d.in(), trading.Settlement{Provider: "bank", Asset: "BRL", Paid: dec("500"), Reference: "TED 1"})
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
	require.Empty(t, res.Operation.Terms.Fees)
	v, err := d.eng.Book(own).Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, v.Faults)
}

func TestASettlementWaitsForApproval(t *testing.T) {
	t.Parallel()
	d := beginWith(t, trading.Config{Providers: house()}, operations.Config{
		Kinds: []operations.Kind{trading.Settlements{}}, Approvals: []operations.Approval{{Name: "all", Match: operations.Match{Kinds: []string{trading.KindSettlement}}}},
	})
	own, err := d.eng.Gate().Own(t.Context(), ana(), "")
	require.NoError(t, err)
	for _, x := range []operations.Administrative{
		tenancy.Register{Operator: "bruno", Person: "p-bruno"},
		tenancy.Allow{Operator: "bruno", Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Approve)},
		tenancy.Allow{Operator: "bruno", Everyone: true, Permissions: tenancy.NewPermissions(tenancy.View, tenancy.Approve)},
	} {
		_, err := d.eng.Manage(t.Context(), own, d.in(), x)
		require.NoError(t, err)
	}
	s := trading.Settlement{Provider: "bank", Asset: "BRL", Paid: dec("500"), Reference: "TED 1"}
	res, err := d.eng.Submit(t.Context(), own, d.in(), s)
	require.NoError(t, err)
	require.Equal(t, operations.AwaitingApproval, res.Operation.State)
	_, err = d.eng.Approve(t.Context(), own, d.in(), res.Operation.Ref())
	require.Equal(t, []string{operations.CodeOwnOperation}, codes(err))
	bruno := tenancy.Principal{Tenant: "acme", Operator: "bruno", Person: "p-bruno"}
	his, err := d.eng.Gate().Own(t.Context(), bruno, "")
	require.NoError(t, err)
	res, err = d.eng.Approve(t.Context(), his, d.in(), res.Operation.Ref())
	require.NoError(t, err)
	require.Equal(t, operations.Completed, res.Operation.State)
}
