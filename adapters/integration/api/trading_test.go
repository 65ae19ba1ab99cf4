package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func TestATradeShowsItsPriceOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.trades()
	for _, c := range []struct{ name, from, to, amount, side, fixed, base, quote, rate string }{
		{"buy_quote", string(w.brl), string(w.coins), "1000.00", "buy", "quote", "0.00199004", "1000", "502500"},
		{"buy_base", string(w.brl), string(w.coins), "0.002", "buy", "base", "0.002", "1005", "502500"},
		{"sell_base", string(w.coins), string(w.brl), "0.001", "sell", "base", "0.001", "497.5", "497500"},
		{"sell_quote", string(w.coins), string(w.brl), "497.50", "sell", "quote", "0.001", "497.5", "497500"},
	} {
		quoted := w.send(does("POST", "/prepare", fmt.Sprintf(`{"kind":"trade","from":%q,"to":%q,"amount":%q,"attributes":{"side":%q,"fixed":%q}}`, c.from, c.to, c.amount, c.side, c.fixed))(w))
		require.Equal(t, 201, quoted.code, "%s: %s", c.name, quoted.body)
		var r operations.Result
		require.NoError(t, json.Unmarshal([]byte(quoted.body), &r))
		x := r.Operation.Terms.Exchange
		require.NotNil(t, x, c.name)
		require.Equal(t, [4]string{c.base, c.quote, c.rate, "500000"}, [4]string{x.BaseAmount.String(), x.QuoteAmount.String(), x.Rate.String(), x.ProviderRate.String()}, c.name)
		require.Equal(t, "broker", x.Quoted)
		a := does("POST", "/operations/"+string(r.Operation.ID)+"/execute", "")(w)
		a.version = r.Operation.Version
		done := w.send(a)
		require.Equal(t, 200, done.code, done.body)
		require.NoError(t, json.Unmarshal([]byte(done.body), &r))
		require.Equal(t, operations.Completed, r.Operation.State, done.body)
	}
}

func TestAPairThatWasChangedIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.trades()
	pair := func(version int, more string) reply {
		return w.send(does("PUT", "/trading/pairs", fmt.Sprintf(`{"base":%q,"quote":%q,"version":%d%s}`, w.coins, w.brl, version, more))(w))
	}
	for _, seen := range []int{0, 2} {
		got := pair(seen, "")
		require.Equal(t, 412, got.code, got.body)
		require.Equal(t, "stale_version", got.problem(t).Code)
		require.Contains(t, got.body, `"version":1`, "it tells where the pair is now")
	}
	require.Equal(t, 200, pair(1, `,"inactive":true`).code)
	got := w.send(reads("/trading")(w))
	require.Equal(t, 200, got.code, got.body)
	require.Contains(t, got.body, `"inactive":true`)
	require.Contains(t, got.body, `"version":2`)
	require.Contains(t, got.body, "pair_inactive")
	providers := w.send(does("PUT", "/trading/providers", `{"providers":[],"version":0}`)(w))
	require.Equal(t, 412, providers.code, providers.body)
}

// However many pairs there are, the book is read once.
func TestPairsAreOfOneReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.trades()
	w.manage(w.maria, trading.SetPair{Pair: trading.Pair{Base: w.coins, Quote: w.more}})
	a := reads("/trading")(w)
	w.enter("ana", a.context)
	w.readings = nil
	got := w.send(a)
	require.Equal(t, 200, got.code, got.body)
	var r struct {
		Pairs []json.RawMessage `json:"pairs"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &r))
	require.Len(t, r.Pairs, 2)
	require.Equal(t, []string{"enter", "settings"}, w.readings)
}

func TestOperationsAreFilteredByPair(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.trades()
	w.waiting()
	var want []string
	for _, side := range []string{"buy", "sell"} {
		from, to := string(w.brl), string(w.coins)
		if side == "sell" {
			from, to = to, from
		}
		quoted := w.send(does("POST", "/submit", fmt.Sprintf(`{"kind":"trade","from":%q,"to":%q,"amount":"0.001","attributes":{"side":%q,"fixed":"base"}}`, from, to, side))(w))
		require.Equal(t, 201, quoted.code, quoted.body)
		var r operations.Result
		require.NoError(t, json.Unmarshal([]byte(quoted.body), &r))
		want = append([]string{string(r.Operation.ID)}, want...)
	}
	list := func(query string) []string {
		var page struct {
			Items []struct {
				Operation operations.Operation `json:"operation"`
			} `json:"items"`
		}
		got := w.send(reads("/operations?" + query)(w))
		require.Equal(t, 200, got.code, got.body)
		require.NoError(t, json.Unmarshal([]byte(got.body), &page))
		ids := []string{}
		for _, i := range page.Items {
			ids = append(ids, string(i.Operation.ID))
		}
		return ids
	}
	table := func(query string) []string {
		got := w.send(reads("/operations.csv?" + query)(w))
		require.Equal(t, 200, got.code, got.body)
		rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
		require.NoError(t, err)
		ids := []string{}
		for _, row := range rows[1:] {
			ids = append(ids, row[0])
		}
		return ids
	}
	for _, ids := range []func(string) []string{list, table} {
		require.Equal(t, want, ids("pair=BTC/BRL"))
		require.Equal(t, want, ids("pair=BTC%2FBRL&kind=trade"))
		require.Empty(t, ids("pair=BRL/BTC"))
		require.Empty(t, ids("pair=USD/BRL"))
		require.Len(t, ids(""), 4)
	}
}

// What is settled with a provider stands in the firm's own book, and in the
// position that its parts make up.
func TestSettlingWithAProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.trades()
	bought := w.send(does("POST", "/submit", fmt.Sprintf(`{"kind":"trade","from":%q,"to":%q,"amount":"0.001","attributes":{"side":"buy","fixed":"base"}}`, w.brl, w.coins))(w))
	require.Equal(t, 201, bought.code, bought.body)
	books := func() map[string]string {
		var page struct {
			Items []struct {
				Customer string `json:"customer"`
				Amount   string `json:"amount"`
			} `json:"items"`
		}
		got := w.send(ask{method: "GET", path: "/treasury/books?account=clearing:broker&asset=BRL"})
		require.Equal(t, 200, got.code, got.body)
		require.NoError(t, json.Unmarshal([]byte(got.body), &page))
		all := map[string]string{}
		for _, i := range page.Items {
			all[i.Customer] = i.Amount
		}
		return all
	}
	require.Equal(t, map[string]string{string(w.maria): "500"}, books())
	settle := func(of, body string) reply {
		return w.send(ask{method: "POST", path: "/customers/" + of + "/settlements", context: of, key: w.key(), body: body, unchecked: true})
	}
	require.Equal(t, 201, settle("house", `{"provider":"broker","asset":"BRL","paid":"500.00","reference":"TED 1"}`).code)
	require.Equal(t, map[string]string{string(w.maria): "500", "house": "-500"}, books(), "nothing is owed any more")
	got := settle(string(w.maria), `{"provider":"broker","asset":"BRL","received":"500.00","reference":"TED 1"}`)
	require.Equal(t, 422, got.code, got.body)
	require.Contains(t, got.body, operations.CodeHouseOnly)
	before := w.heads()
	for field, body := range map[string]string{
		"paid":      `{"provider":"broker","asset":"BRL","reference":"r"}`,
		"received":  `{"provider":"broker","asset":"BRL","reference":"r","received":"0x1"}`,
		"reference": `{"provider":"broker","asset":"BRL","paid":"1","reference":""}`,
		"asset":     `{"provider":"broker","asset":"XXB","paid":"1","reference":"r"}`,
		"provider":  `{"provider":"between","asset":"BRL","paid":"1","reference":"r"}`,
		"through":   `{"provider":"broker","asset":"BRL","paid":"1","reference":"r","through":"broker"}`,
	} {
		got := settle("house", body)
		require.Equal(t, 400, got.code, "%s: %s", body, got.body)
		require.Equal(t, field, got.problem(t).Errors[0].Field, got.body)
	}
	both := settle("house", `{"provider":"broker","asset":"BRL","paid":"1","received":"1","reference":"r"}`)
	require.Equal(t, 400, both.code, both.body)
	require.Equal(t, before, w.heads())
}

// The treasury is of the whole firm: who may see one customer sees none of it.
func TestTheTreasuryIsForWhoMaySeeAllCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	for _, path := range []string{"/treasury", "/treasury/books?account=clearing:desk&asset=BRL"} {
		got := w.send(ask{method: "GET", path: path, by: "carl"})
		require.Equal(t, 403, got.code, got.body)
		require.NotContains(t, got.body, "Maria")
	}
	_, err := w.eng.Bootstrap(t.Context(), tenancy.Firm{Tenant: "rival", Admin: principal("rival", "ana")})
	require.NoError(t, err)
	got := w.send(ask{method: "GET", path: "/treasury/books?account=clearing:desk&asset=BRL", by: "rival/ana"})
	require.Equal(t, 200, got.code)
	require.JSONEq(t, `{"items":[]}`, got.body)
}

// An account of another customer in a pair is the same as none.
func TestAForeignAccountInAPairIsTheSameAsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	var codes []string
	for _, base := range []string{string(w.joses), "nobody-ever-had-this"} {
		got := w.send(does("PUT", "/trading/pairs", fmt.Sprintf(`{"base":%q,"quote":%q,"version":0}`, base, w.brl))(w))
		require.Equal(t, 422, got.code, got.body)
		p := got.problem(t)
		require.NotEmpty(t, p.Errors)
		codes = append(codes, fmt.Sprint(p.Code, len(p.Errors), p.Errors[0].Code))
	}
	require.Equal(t, codes[0], codes[1])
}
