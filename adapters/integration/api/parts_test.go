package api_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// A pair that is set by HTTP is the one that was meant, with every field that a
// pair can have, and comes back as it was set.
func TestAPairIsKeptWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	path := trading.Path{Provider: "broker", Priority: 2, Sides: trading.BuyOnly, Inactive: true, Spread: trading.Spreads{Working: money("50.5"), DayOff: money("80"), Closed: money("120")}}
	pair := trading.Pair{
		Base: w.coins, Quote: w.brl, Sides: trading.BuyOnly, Minimum: accounts.Exact(money("10.5")), Maximum: accounts.Exact(money("20000")), Inactive: true,
		Quotation: trading.BestPrice, Execution: trading.Priority, Fills: trading.InPart, Quotations: []trading.Path{path}, Executions: []trading.Path{path},
	}
	for _, of := range []reflect.Value{reflect.ValueOf(pair), reflect.ValueOf(path), reflect.ValueOf(path.Spread)} {
		for f, v := range of.Fields() {
			require.False(t, v.IsZero(), "%s.%s is not held here", of.Type(), f.Name)
		}
	}
	meant, err := json.Marshal(pair)
	require.NoError(t, err)
	got := w.send(does("PUT", "/trading/pairs", `{"version":0,`+string(meant[1:]))(w))
	require.Equal(t, 200, got.code, got.body)

	kept, err := w.eng.Book(w.scopes[string(w.maria)]).Settings(t.Context())
	require.NoError(t, err)
	require.Len(t, kept, 1)
	require.JSONEq(t, string(meant), string(kept[0].Body))
	shown := w.send(reads("/trading")(w))
	require.Equal(t, 200, shown.code, shown.body)
	var r struct {
		Pairs []map[string]any `json:"pairs"`
	}
	var want map[string]any
	require.NoError(t, json.Unmarshal([]byte(shown.body), &r))
	require.NoError(t, json.Unmarshal(meant, &want))
	require.Len(t, r.Pairs, 1)
	delete(r.Pairs[0], "version")
	delete(r.Pairs[0], "problems")
	require.Empty(t, cmp.Diff(want, r.Pairs[0]))

	wrong := does("PUT", "/trading/pairs", fmt.Sprintf(`{"base":%q,"quote":%q,"version":1,"fills":"some"}`, w.coins, w.brl))(w)
	wrong.unchecked = true
	got = w.send(wrong)
	require.Equal(t, 400, got.code, got.body)
	require.Equal(t, "fills", got.problem(t).Errors[0].Field)
}

// inParts lets maria trade in parts, by phone.
func (w *world) inParts() {
	w.t.Helper()
	w.trades()
	w.manage(w.maria, customer.SetGroups{Groups: []string{"by-phone"}})
	got := w.send(does("PUT", "/trading/pairs", fmt.Sprintf(`{"base":%q,"quote":%q,"version":1,"fills":"in_part","quotations":[{"provider":"broker","priority":1,"spread":{"working":"50"}}]}`, w.coins, w.brl))(w))
	require.Equal(w.t, 200, got.code, got.body)
}

func (w *world) buy(how, amount string) operations.Operation {
	w.t.Helper()
	return w.result(w.send(does("POST", "/"+how, fmt.Sprintf(`{"kind":"trade","from":%q,"to":%q,"amount":%q,"attributes":{"side":"buy","fixed":"base"}}`, w.brl, w.coins, amount))(w)))
}

func (w *world) result(got reply) operations.Operation {
	w.t.Helper()
	require.Less(w.t, got.code, 300, got.body)
	var r operations.Result
	require.NoError(w.t, json.Unmarshal([]byte(got.body), &r))
	return r.Operation
}

// story is that of an operation, kept as a golden answer.
func (w *world) story(name string, o operations.Operation) string {
	w.t.Helper()
	got := w.send(reads("/operations/" + string(o.ID))(w))
	require.Equal(w.t, 200, got.code, got.body)
	keep(w.t, name, got.body)
	return got.body
}

func TestAPartIsToldOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.inParts()
	quoted := w.buy("prepare", "0.01234567").Terms
	require.True(t, quoted.Exchange.Parts)
	require.Equal(t, "100000 5", fmt.Sprint(quoted.Exchange.Legs[0].Rate, " ", quoted.Exchange.Legs[1].Rate))
	require.True(t, quoted.Fees[0].Whole)

	w.rail.Set(trading.Faults{Part: 1000})
	done := w.buy("submit", "0.01234567")
	require.Equal(t, operations.Completed, done.State)
	x := done.Terms.Exchange
	require.Equal(t, "0.01234567", x.Agreed.String())
	require.True(t, x.BaseAmount.LessThan(x.Agreed.Decimal), x.BaseAmount)
	require.Equal(t, "2", done.Terms.Fees[0].Amount.String(), "it is charged whole")
	w.story("story_part", done)
}

// Two persons find that a part happened, and the rest is given back.
func TestAPartIsResolvedByTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.inParts()
	w.rail.Set(trading.Faults{Lose: 1000})
	o := w.buy("submit", "0.01")
	require.Equal(t, operations.Unresolved, o.State)
	resolve := func(by, body string) reply {
		t.Helper()
		a := does("POST", "/operations/"+string(o.ID)+"/resolve", body)(w)
		a.by, a.version, a.unchecked = by, o.Version, true
		return w.send(a)
	}
	before := w.heads()
	for body, field := range map[string]string{
		`{"settled":true,"evidence":"e","amount":"0.004"}`:                    "counter",
		`{"settled":true,"evidence":"e","counter":"2000"}`:                    "counter",
		`{"settled":true,"evidence":"e","amount":"0","counter":"2000"}`:       "amount",
		`{"settled":true,"evidence":"e","amount":"0.004","counter":"0.00"}`:   "counter",
		`{"settled":true,"evidence":"e","amount":"0x1","counter":"2000"}`:     "amount",
		`{"settled":true,"evidence":"e","amount":"0.004","counter":"2e3"}`:    "counter",
		`{"settled":true,"evidence":"e","amount":"0.01","counter":"5000"}`:    "amount", // the whole is no part
		`{"settled":true,"evidence":"e","amount":"0.004","counter":"9000"}`:   "amount", // not at that rate
		`{"settled":false,"evidence":"e","amount":"0.004","counter":"2000"}`:  "amount",
		`{"settled":true,"evidence":"e","amount":"-0.004","counter":"-2000"}`: "amount",
	} {
		got := resolve("ana", body)
		require.Equal(t, 400, got.code, "%s: %s", body, got.body)
		require.Equal(t, field, got.problem(t).Errors[0].Field, body)
	}
	require.Equal(t, before, w.heads(), "nothing of that may have had an effect")

	o = w.result(resolve("ana", `{"settled":true,"evidence":"statement 7","amount":"0.004","counter":"2000.00"}`))
	require.Equal(t, "0.004 2000", fmt.Sprint(o.Finding.Amount, " ", o.Finding.Counter))
	w.story("story_finding", o)
	o = w.result(resolve("bia", `{"settled":true,"evidence":"line 9","amount":"0.0040","counter":"2000"}`))
	require.Equal(t, operations.Completed, o.State)
	require.Equal(t, "0.01 0.004", fmt.Sprint(o.Terms.Exchange.Agreed, " ", o.Terms.Exchange.BaseAmount))
	holds, err := w.eng.Book(w.scopes[string(w.maria)]).Holds(t.Context())
	require.NoError(t, err)
	require.Empty(t, holds)
}

// Who may see one customer sees his incidents alone, and each page goes on where
// the one before ended.
func TestIncidentsAreOfAllWhomTheOperatorMayView(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.incident()
	w.incident()
	w.deny(w.jose, operations.Deposit{To: w.joses, Amount: money("10"), Via: "bank"})
	list := func(by string, limit int) (all []string, pages int) {
		t.Helper()
		query := fmt.Sprint("?limit=", limit)
		for {
			var page struct {
				Items []struct {
					Customer string              `json:"customer"`
					Incident operations.Incident `json:"incident"`
				} `json:"items"`
				Next string `json:"next_cursor"`
			}
			got := w.send(ask{method: "GET", path: "/incidents" + query, by: by})
			require.Equal(t, 200, got.code, got.body)
			require.NoError(t, json.Unmarshal([]byte(got.body), &page))
			pages++
			for _, i := range page.Items {
				require.NotEmpty(t, i.Incident.ID)
				require.Equal(t, operations.IncidentContradiction, i.Incident.Code)
				all = append(all, i.Customer)
			}
			if page.Next == "" {
				return all, pages
			}
			query = fmt.Sprint("?limit=", limit, "&cursor=", page.Next)
		}
	}
	m, j := string(w.maria), string(w.jose)
	all, pages := list("ana", 200)
	require.ElementsMatch(t, []string{m, m, j}, all)
	require.Equal(t, 1, pages)
	all, pages = list("ana", 1)
	require.ElementsMatch(t, []string{m, m, j}, all)
	require.Greater(t, pages, 1)
	all, _ = list("carl", 200)
	require.Equal(t, []string{j}, all)
}

// However many operations a page has, what may be done to them is of one reading
// of the book, and the same as each one's story tells.
func TestActionsOfAPageAreOfOneReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, contract(t))
	w.waiting()
	w.doubtful()
	w.prepare(w.maria, operations.Withdrawal{From: w.brl, Amount: money("7")})
	a := reads("/operations?actions=true")(w)
	w.enter("ana", a.context)
	w.readings = nil
	got := w.send(a)
	require.Equal(t, 200, got.code, got.body)
	require.Equal(t, []string{"enter", "history", "actions"}, w.readings)
	var page struct {
		Items []struct {
			Operation operations.Operation   `json:"operation"`
			Actions   []operations.Allowance `json:"actions"`
		} `json:"items"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &page))
	require.Len(t, page.Items, 4)
	for _, i := range page.Items {
		each, err := w.eng.Book(w.scopes[string(w.maria)]).Actions(t.Context(), i.Operation.ID)
		require.NoError(t, err)
		require.NotEmpty(t, each)
		require.Empty(t, cmp.Diff(each, i.Actions), i.Operation.State)
	}
}
