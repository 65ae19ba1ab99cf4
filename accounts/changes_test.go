package accounts_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
)

func TestChangesNameTheirAction(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]interface {
		Change() string
		Validate() error
	}{
		"account.open":   accounts.Open{},
		"account.status": accounts.SetStatus{},
		"account.limit":  accounts.SetLimit{},
		"account.edit":   accounts.Edit{},
		"currency.set":   accounts.SetCurrency{},
	} {
		require.Equal(t, want, change.Change())
		require.Error(t, change.Validate(), "%s without content", want)
	}
}

func TestOpenValidates(t *testing.T) {
	t.Parallel()
	brl, ok := accounts.Assets{}.Lookup("BRL")
	require.True(t, ok)
	good := accounts.Open{Name: "Main", Currency: "BRL", Details: accounts.Details{PixKey: "a@b.example"}, DebtLimit: dec("100.00")}
	require.NoError(t, good.Validate())
	require.NoError(t, good.ValidateFor(brl))

	bad := accounts.Open{Name: "a\nb", Currency: "b", Details: accounts.Details{Address: "a\nb"}, DebtLimit: dec("-1"), Directions: "none"}
	require.Equal(t, []string{"name", "currency", "address", "limit", "directions"}, problemFields(bad.Validate()))
	require.Equal(t, []string{"name", "address", "address", "limit", "directions", "currency"}, problemFields(bad.ValidateFor(brl)))

	fine := good
	fine.DebtLimit = dec("0.001")
	require.NoError(t, fine.Validate(), "the asset is not known yet")
	requireField(t, fine.ValidateFor(brl), "limit")
	endless := good
	endless.DebtLimit = decimal.New(1, 1_000_000_000)
	requireField(t, endless.Validate(), "limit")
}

func TestOtherChangesValidate(t *testing.T) {
	t.Parallel()
	brl, _ := accounts.Assets{}.Lookup("BRL")
	for _, status := range accounts.Statuses() {
		err := accounts.SetStatus{Account: "acc1", Status: status}.Validate()
		if status == accounts.Pending || status == accounts.Overdrawn {
			requireField(t, err, "status")
		} else {
			require.NoError(t, err)
		}
	}
	require.NoError(t, accounts.SetLimit{Account: "acc1"}.Validate())
	require.NoError(t, accounts.SetLimit{Account: "acc1", Limit: dec("1.000")}.ValidateFor(brl))
	requireField(t, accounts.SetLimit{Account: "acc1", Limit: dec("-0.01")}.Validate(), "limit")
	requireField(t, accounts.SetLimit{Account: "acc1", Limit: dec("0.001")}.ValidateFor(brl), "limit")
	require.NoError(t, accounts.Edit{Account: "acc1", Name: "x", Details: accounts.Details{Address: "bc1q"}}.Validate())
	requireField(t, accounts.Edit{Account: "acc1", Name: "x", Details: accounts.Details{Address: "bc1q"}}.ValidateFor(brl), "address")
	require.NoError(t, accounts.SetCurrency{Currency: "USDT-TRON", Enabled: true}.Validate())
	requireField(t, accounts.SetCurrency{Currency: "brl"}.Validate(), "currency")
}

func TestOpenJSON(t *testing.T) {
	t.Parallel()
	in := accounts.Open{
		Name: "Main", Currency: "BRL", Details: accounts.Details{Bank: "001", Branch: "2"},
		DebtLimit: dec("100.50"), Directions: accounts.CreditOnly, Pending: true,
	}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"Main","currency":"BRL","details":{"bank":"001","branch":"2"},"debt_limit":"100.5",
		"directions":"credit_only","pending":true}`, string(text))
	var out accounts.Open
	require.NoError(t, json.Unmarshal(text, &out))
	require.Empty(t, cmp.Diff(in, out))
	for _, bad := range []string{`{"debt_limit":100}`, `{"debt_limit":"1e9"}`, `{"debt_limit":"1.50"}`, `{"debt_limit":null}`, `{"unknown":1}`, `{"details":{"iban":"x"}}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &out), bad)
	}
	require.Empty(t, cmp.Diff(in, out), "a refused text must change nothing")
	in.DebtLimit = decimal.New(1, 1_000_000_000)
	_, err = json.Marshal(in)
	require.Error(t, err)
}

func TestSetLimitJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(accounts.SetLimit{Account: "acc1", Limit: dec("10.00")})
	require.NoError(t, err)
	require.JSONEq(t, `{"account":"acc1","debt_limit":"10"}`, string(text))
	var out accounts.SetLimit
	require.NoError(t, json.Unmarshal(text, &out))
	require.Empty(t, cmp.Diff(accounts.SetLimit{Account: "acc1", Limit: dec("10")}, out))
	for _, bad := range []string{`{"debt_limit":100}`, `{"debt_limit":"1e9"}`, `{"other":1}`} {
		require.Error(t, json.Unmarshal([]byte(bad), &out), bad)
	}
	_, err = json.Marshal(accounts.SetLimit{Limit: decimal.New(1, 99)})
	require.Error(t, err)
}
