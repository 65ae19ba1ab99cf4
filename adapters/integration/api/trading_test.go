package api_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
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
