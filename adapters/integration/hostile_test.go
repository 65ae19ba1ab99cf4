package integration_test

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// hostileAmounts are decimals that no amount may be, made by programs that
// did not look.
func hostileAmounts() map[string]decimal.Decimal {
	digits := func(n int) *big.Int {
		return new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil), big.NewInt(1))
	}
	return map[string]decimal.Decimal{
		"1e1000000000":              decimal.New(1, 1_000_000_000),
		"1e2147483647":              decimal.New(1, 2_147_483_647),
		"1e-2147483648":             decimal.New(1, -2_147_483_648),
		"1e10000000":                decimal.New(1, 10_000_000),
		"-1e10000":                  decimal.New(-1, 10_000),
		"100,000 nines":             decimal.NewFromBigInt(digits(100_000), 0),
		"one after 100,000 zeros":   decimal.New(1, -100_001),
		"39 digits":                 decimal.NewFromBigInt(digits(39), 0),
		"10^38":                     decimal.New(1, 38),
		"19 places":                 decimal.New(1, -19),
		"minus one":                 decimal.New(-1, 0),
		"25 at a precision of -100": decimal.New(-25, 100),
		"max int64 with places":     decimal.NewFromBigInt(digits(60), -30),
	}
}

// hostileTexts are texts that may stand in no record.
func hostileTexts() map[string]string {
	return map[string]string{
		"a text that overrides its direction": "pay\u202eanna",
		"an isolate":                          "\u2066x",
		"NUL":                                 "a\x00b",
		"an escape sequence":                  "\x1b]8;;http://evil\x1b\\",
		"a new header":                        "x\r\nSet-Cookie: a=b",
		"bytes that are not UTF-8":            "\xff\xfe",
		"half a surrogate":                    "\xed\xa0\x80",
		"a line separator":                    "a\u2028b",
		"a megabyte":                          strings.Repeat("a", 1<<20),
		"a thousand combining marks":          "e" + strings.Repeat("\u0301", 1000),
		"an emoji over the edge":              strings.Repeat("a", 498) + "\U0001F4A3",
	}
}

// hostileIDs are no ids, though some are texts.
func hostileIDs() map[string]string {
	ids := map[string]string{
		"a wildcard": "%", "another wildcard": "_", "a star": "*", "SQL": "' or '1'='1", "a placeholder": "$1", "a dollar quote": "$tag$ $1 $tag$",
		"a trailing space": "acme ", "a trailing dot": "acme.", "a zero-width joiner": "ac\u200dme", "cyrillic": "p\u0430ypal", "full-width digits": "\uff11\uff12",
		"a path": "../etc/passwd", "an encoded slash": "a%2fb", "a colon": "a:b", "decomposed": "cafe\u0301", "65 bytes": strings.Repeat("a", 65), "a formula": "=HYPERLINK(1)", "markup": "<script>",
	}
	maps.Copy(ids, hostileTexts())
	return ids
}

// witness makes sure that a call is refused as malformed, names one of the
// fields, is quick and leaves no trace.
type witness struct {
	*desk
	store operations.Store
}

func (w *witness) state() string {
	heads, err := w.store.Heads(context.Background(), "acme", "", 1000)
	require.NoError(w.t, err)
	return fmt.Sprint(heads)
}

func (w *witness) invalid(t *testing.T, do func() error, what string, fields ...string) {
	t.Helper()
	before := w.state()
	var from, to runtime.MemStats
	runtime.ReadMemStats(&from)
	began := time.Now()
	err := do()
	took := time.Since(began)
	runtime.ReadMemStats(&to)
	require.Equal(t, "invalid", failure(err).Class, "%s: %v", what, short(err))
	named := false
	for _, f := range tenancy.Fields(err) {
		for _, field := range fields {
			named = named || f.Field == field || strings.HasPrefix(f.Field, field+".")
		}
	}
	require.True(t, named, "%s: %v names none of %v", what, short(err), fields)
	require.Less(t, len(err.Error()), 2000, "%s: the error repeats what was sent", what)
	require.Less(t, took, time.Second, what)
	require.Less(t, to.TotalAlloc-from.TotalAlloc, uint64(64<<20), what)
	require.Equal(t, before, w.state(), "%s: something was recorded", what)
}

func short(err error) string {
	if err == nil {
		return "no error"
	}
	return fmt.Sprintf("%.300s", err.Error())
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	store := memory.New()
	d := sit(t, store, operations.Config{})
	d.deposit("1000")
	return &witness{d, store}
}

func TestHostileAmountsAreInvalidEverywhere(t *testing.T) { //nolint:paralleltest // it measures allocation
	ctx := context.Background()
	w := newWitness(t)
	prep, err := w.eng.Prepare(ctx, w.scope, w.next(), operations.Deposit{To: w.acc, Amount: money("1")})
	require.NoError(t, err)
	other := w.account("0")
	request := func(q func(decimal.Decimal) operations.Request) map[string]func(decimal.Decimal) error {
		return map[string]func(decimal.Decimal) error{
			"prepare": func(a decimal.Decimal) error { _, err := w.eng.Prepare(ctx, w.scope, w.next(), q(a)); return err },
			"submit":  func(a decimal.Decimal) error { _, err := w.eng.Submit(ctx, w.scope, w.next(), q(a)); return err },
			"explain": func(a decimal.Decimal) error { _, err := w.eng.Explain(ctx, w.scope, q(a)); return err },
		}
	}
	for kind, q := range map[string]func(decimal.Decimal) operations.Request{
		"deposit":    func(a decimal.Decimal) operations.Request { return operations.Deposit{To: w.acc, Amount: a} },
		"withdrawal": func(a decimal.Decimal) operations.Request { return operations.Withdrawal{From: w.acc, Amount: a} },
		"transfer": func(a decimal.Decimal) operations.Request {
			return operations.Transfer{From: w.acc, To: other, Amount: a}
		},
		"adjustment": func(a decimal.Decimal) operations.Request {
			return operations.Adjustment{From: w.acc, Amount: a, Purpose: operations.Fee}
		},
		"order": func(a decimal.Decimal) operations.Request {
			return operations.Order{Kind: "deposit", To: w.acc, Amount: accounts.Exact(a)}
		},
	} {
		for name, call := range request(q) {
			t.Run(kind+" "+name, func(t *testing.T) {
				for what, a := range hostileAmounts() {
					w.invalid(t, func() error { return call(a) }, what, "amount")
				}
				w.invalid(t, func() error { return call(decimal.Decimal{}) }, "zero", "amount")
				w.invalid(t, func() error { return call(decimal.New(0, 999_999_999)) }, "0e999999999", "amount")
				w.invalid(t, func() error { return call(money("0.001")) }, "more places than the asset", "amount")
			})
		}
	}
	for name, call := range map[string]struct { //nolint:paralleltest // it measures allocation
		field string
		do    func(decimal.Decimal) error
	}{
		"modify": {"amount", func(a decimal.Decimal) error {
			_, err := w.eng.Modify(ctx, w.scope, w.next(), prep.Operation.Ref(), operations.Modification{Amount: a})
			return err
		}},
		"open": {"limit", func(a decimal.Decimal) error {
			_, err := w.eng.Manage(ctx, w.scope, w.next(), accounts.Open{Currency: "BRL", DebtLimit: a})
			return err
		}},
		"limit": {"limit", func(a decimal.Decimal) error {
			_, err := w.eng.Manage(ctx, w.scope, w.next(), accounts.SetLimit{Account: w.acc, Limit: a})
			return err
		}},
		"history": {"min", func(a decimal.Decimal) error {
			_, err := w.eng.Book(w.scope).History(ctx, operations.HistoryFilter{Min: &a}, "", 0)
			if a.Exponent() == 0 && a.Sign() < 0 { // a bound may be negative
				return tenancy.Invalid("min", "")
			}
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for what, a := range hostileAmounts() {
				w.invalid(t, func() error { return call.do(a) }, what, call.field)
			}
		})
	}
}

func TestHostileAnswersMoveNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	bank := &fakeProvider{known: map[string]operations.Instruction{}, send: "pending"}
	d := sit(t, memory.New(), operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
	d.deposit("100")
	told := map[string]bool{}
	report := func(a operations.Answer, what string) { // the first makes it unresolved, the next say nothing at all
		got, err := d.eng.Report(ctx, "acme", "bank", a)
		if again := told[a.Reference]; again {
			require.Equal(t, "invalid", failure(err).Class, what)
			return
		}
		told[a.Reference] = true
		require.NoError(t, err, what)
		require.Equal(t, operations.Unresolved, got.Operation.State, "%s %s is no evidence", a.Status, what)
	}
	for what, a := range hostileAmounts() {
		res, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Withdrawal{From: d.acc, Amount: money("1"), Via: "bank"})
		require.NoError(t, err)
		for _, status := range []operations.AnswerStatus{operations.AnswerSettled, "garbage", ""} {
			report(operations.Answer{Reference: res.Operation.ProviderReference, Status: status, Amount: a, Asset: "BRL", External: "x"}, what)
		}
	}
	for what, text := range hostileTexts() {
		if len(text) < 300 {
			text += strings.Repeat(" ", 300)
		}
		res, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Withdrawal{From: d.acc, Amount: money("1"), Via: "bank"})
		require.NoError(t, err)
		for _, a := range []operations.Answer{{External: text}, {Code: text}, {Text: text}} {
			a.Reference, a.Status, a.Amount, a.Asset = res.Operation.ProviderReference, operations.AnswerSettled, money("1"), "BRL"
			report(a, what)
		}
		for _, reference := range []string{text, res.Operation.ProviderReference + text, "acme:" + text + ":x"} {
			_, err := d.eng.Report(ctx, "acme", "bank", operations.Answer{Reference: reference, Status: operations.AnswerSettled})
			require.Equal(t, "invalid", failure(err).Class, what)
		}
		_, err = d.eng.Report(ctx, "acme", text, operations.Answer{Reference: res.Operation.ProviderReference, Status: operations.AnswerSettled})
		require.Equal(t, "invalid", failure(err).Class, what)
	}
	require.Equal(t, fmt.Sprintf("100/%d", len(hostileAmounts())+len(hostileTexts())), d.balance())
}

func TestAReversalOfAHostileAmountIsAnsweredAtOnce(t *testing.T) { //nolint:paralleltest // it measures allocation
	ctx := context.Background()
	bank := &fakeProvider{known: map[string]operations.Instruction{}, send: "settle"}
	d := sit(t, memory.New(), operations.Config{Providers: map[string]operations.Provider{"bank": bank}})
	res, err := d.eng.Submit(ctx, d.scope, d.next(), operations.Deposit{To: d.acc, Amount: money("1"), Via: "bank"})
	require.NoError(t, err)
	// A million zeros are written out within a second, where 1e1000000000 would never end.
	for _, a := range []decimal.Decimal{decimal.New(1, 1_000_000), decimal.New(1, -1_000_000)} {
		var from, to runtime.MemStats
		runtime.ReadMemStats(&from)
		_, err := d.eng.Report(ctx, "acme", "bank", operations.Answer{Reference: res.Operation.ProviderReference, Status: operations.AnswerReversed, Amount: a, Asset: "BRL", External: "x"})
		runtime.ReadMemStats(&to)
		require.Equal(t, "invalid", failure(err).Class)
		require.Less(t, to.TotalAlloc-from.TotalAlloc, uint64(256<<10), "the digits of an unchecked amount were written out")
	}
	require.Equal(t, "1/0", d.balance())
}

func TestHostileTextsAreInvalidEverywhere(t *testing.T) { //nolint:paralleltest // it measures allocation
	ctx := context.Background()
	w := newWitness(t)
	prep, err := w.eng.Prepare(ctx, w.scope, w.next(), operations.Deposit{To: w.acc, Amount: money("1")})
	require.NoError(t, err)
	firm, err := w.eng.Gate().Firm(ctx, principal("acme", "ana"))
	require.NoError(t, err)
	one := money("1")
	submit := func(q operations.Request) error { _, err := w.eng.Submit(ctx, w.scope, w.next(), q); return err }
	modify := func(m operations.Modification) error {
		_, err := w.eng.Modify(ctx, w.scope, w.next(), prep.Operation.Ref(), m)
		return err
	}
	manage := func(s tenancy.Scope, x operations.Administrative) error {
		_, err := w.eng.Manage(ctx, s, w.next(), x)
		return err
	}
	open := func(p customer.Profile) error { _, err := w.eng.OpenCustomer(ctx, firm, w.next(), p); return err }
	enter := func(p tenancy.Principal, c tenancy.CustomerID, reason string) error {
		_, err := w.eng.Gate().Enter(ctx, p, c, reason)
		return err
	}
	book := w.eng.Book(w.scope)
	texts := map[string]func(string) ([]string, error){
		"intent.request_id": func(x string) ([]string, error) {
			_, err := w.eng.Submit(ctx, w.scope, operations.Intent{Key: "k", RequestID: x}, operations.Deposit{To: w.acc, Amount: one})
			return []string{"intent.request_id"}, err
		},
		"order.purpose": func(x string) ([]string, error) {
			return []string{"purpose"}, submit(operations.Deposit{To: w.acc, Amount: one, Purpose: x})
		},
		"order.reference": func(x string) ([]string, error) {
			return []string{"reference"}, submit(operations.Deposit{To: w.acc, Amount: one, Reference: x})
		},
		"order.attribute": func(x string) ([]string, error) {
			return []string{"attributes"}, submit(operations.Order{Kind: "deposit", To: w.acc, Amount: accounts.Exact(one), Attributes: map[string]string{"a": x}})
		},
		"modify.purpose": func(x string) ([]string, error) {
			return []string{"purpose"}, modify(operations.Modification{Purpose: x})
		},
		"modify.reference": func(x string) ([]string, error) {
			return []string{"reference"}, modify(operations.Modification{Reference: x})
		},
		"freeze.reason": func(x string) ([]string, error) {
			return []string{"reason"}, manage(w.scope, operations.Freeze{Reason: x})
		},
		"stop.reason": func(x string) ([]string, error) {
			return []string{"reason"}, manage(w.house, tenancy.Stop{Subject: tenancy.WholeFirm, Reason: x})
		},
		"profile.name": func(x string) ([]string, error) { return []string{"name"}, open(customer.Profile{Name: x}) },
		"profile.country": func(x string) ([]string, error) {
			return []string{"country"}, open(customer.Profile{Name: "m", Country: x})
		},
		"profile.tax": func(x string) ([]string, error) {
			return []string{"tax_id"}, open(customer.Profile{Name: "m", TaxID: customer.TaxID{Kind: customer.Other, Number: x}})
		},
		"customer.edit": func(x string) ([]string, error) {
			return []string{"name"}, manage(w.scope, customer.Edit{Profile: customer.Profile{Name: x}})
		},
		"account.name": func(x string) ([]string, error) {
			return []string{"name"}, manage(w.scope, accounts.Open{Currency: "BRL", Name: x})
		},
		"account.currency": func(x string) ([]string, error) {
			return []string{"currency"}, manage(w.scope, accounts.Open{Currency: x})
		},
		"account.bank": func(x string) ([]string, error) {
			return []string{"bank"}, manage(w.scope, accounts.Open{Currency: "BRL", Details: accounts.Details{Bank: x}})
		},
		"account.pix": func(x string) ([]string, error) {
			return []string{"pix_key"}, manage(w.scope, accounts.Edit{Account: w.acc, Details: accounts.Details{PixKey: x}})
		},
		"account.directions": func(x string) ([]string, error) {
			return []string{"directions"}, manage(w.scope, accounts.Open{Currency: "BRL", Directions: accounts.Directions(x)})
		},
		"account.status": func(x string) ([]string, error) {
			return []string{"status"}, manage(w.scope, accounts.SetStatus{Account: w.acc, Status: accounts.Status(x)})
		},
		"reason": func(x string) ([]string, error) {
			return []string{"reason"}, enter(principal("acme", "ana"), w.scope.Customer(), x)
		},
		"firm name": func(x string) ([]string, error) {
			_, err := w.eng.Bootstrap(ctx, tenancy.Firm{Tenant: "acme", Name: x, Admin: principal("acme", "ana")})
			return []string{"name"}, err
		},
		"search": func(x string) ([]string, error) {
			_, err := w.eng.Firm(firm).Customers(ctx, operations.CustomerFilter{Search: x}, "", 0)
			return []string{"search"}, err
		},
		"history cursor": func(x string) ([]string, error) {
			_, err := book.History(ctx, operations.HistoryFilter{}, x, 0)
			return []string{"cursor"}, err
		},
		"history state": func(x string) ([]string, error) {
			_, err := book.History(ctx, operations.HistoryFilter{States: []operations.State{operations.State(x)}}, "", 0)
			return []string{"states"}, err
		},
	}
	ids := map[string]func(string) ([]string, error){
		"key": func(x string) ([]string, error) {
			if x != "" && len(x) <= 128 && !strings.ContainsFunc(x, func(r rune) bool { return r <= ' ' || r > '~' }) {
				return []string{"intent.key"}, tenancy.Invalid("intent.key", "") // a key is any printable text
			}
			_, err := w.eng.Submit(ctx, w.scope, operations.Intent{Key: x}, operations.Deposit{To: w.acc, Amount: one})
			return []string{"intent.key"}, err
		},
		"order.kind": func(x string) ([]string, error) {
			return []string{"kind"}, submit(operations.Order{Kind: x, To: w.acc, Amount: accounts.Exact(one)})
		},
		"order.to": func(x string) ([]string, error) {
			return []string{"to"}, submit(operations.Deposit{To: accounts.ID(x), Amount: one})
		},
		"order.from": func(x string) ([]string, error) {
			return []string{"from"}, submit(operations.Withdrawal{From: accounts.ID(x), Amount: one})
		},
		"order.via": func(x string) ([]string, error) {
			return []string{"via"}, submit(operations.Deposit{To: w.acc, Amount: one, Via: x})
		},
		"attribute key": func(x string) ([]string, error) {
			return []string{"attributes"}, submit(operations.Order{Kind: "deposit", To: w.acc, Amount: accounts.Exact(one), Attributes: map[string]string{x: "v"}})
		},
		"modify.to": func(x string) ([]string, error) {
			return []string{"to"}, modify(operations.Modification{To: accounts.ID(x)})
		},
		"modify.via": func(x string) ([]string, error) { return []string{"via"}, modify(operations.Modification{Via: x}) },
		"execute": func(x string) ([]string, error) {
			_, err := w.eng.Execute(ctx, w.scope, w.next(), operations.Ref{ID: operations.OperationID(x), Version: 1})
			return []string{"id"}, err
		},
		"cancel": func(x string) ([]string, error) {
			_, err := w.eng.Cancel(ctx, w.scope, w.next(), operations.Ref{ID: operations.OperationID(x), Version: 1})
			return []string{"id"}, err
		},
		"actions": func(x string) ([]string, error) {
			_, err := book.Actions(ctx, operations.OperationID(x))
			return []string{"id"}, err
		},
		"operation": func(x string) ([]string, error) {
			_, err := book.Operation(ctx, operations.OperationID(x))
			return []string{"id"}, err
		},
		"statement": func(x string) ([]string, error) {
			_, err := book.Statement(ctx, operations.StatementFilter{Account: accounts.Ref(x)}, "", 0)
			return []string{"account"}, err
		},
		"statement asset": func(x string) ([]string, error) {
			_, err := book.Statement(ctx, operations.StatementFilter{Account: accounts.Customer(w.acc), Asset: x}, "", 0)
			return []string{"asset"}, err
		},
		"history account": func(x string) ([]string, error) {
			_, err := book.History(ctx, operations.HistoryFilter{Account: accounts.ID(x)}, "", 0)
			return []string{"account"}, err
		},
		"history kind": func(x string) ([]string, error) {
			_, err := book.History(ctx, operations.HistoryFilter{Kinds: []string{x}}, "", 0)
			return []string{"kinds"}, err
		},
		"history maker": func(x string) ([]string, error) {
			_, err := book.History(ctx, operations.HistoryFilter{Maker: tenancy.OperatorID(x)}, "", 0)
			return []string{"maker"}, err
		},
		"history asset": func(x string) ([]string, error) {
			_, err := book.History(ctx, operations.HistoryFilter{Asset: x}, "", 0)
			return []string{"asset"}, err
		},
		"customers after": func(x string) ([]string, error) {
			_, err := w.eng.Firm(firm).Customers(ctx, operations.CustomerFilter{}, tenancy.CustomerID(x), 0)
			return []string{"after"}, err
		},
		"account status": func(x string) ([]string, error) {
			return []string{"account"}, manage(w.scope, accounts.SetStatus{Account: accounts.ID(x), Status: accounts.Frozen})
		},
		"account limit": func(x string) ([]string, error) {
			return []string{"account"}, manage(w.scope, accounts.SetLimit{Account: accounts.ID(x), Limit: one})
		},
		"account edit": func(x string) ([]string, error) {
			return []string{"account"}, manage(w.scope, accounts.Edit{Account: accounts.ID(x)})
		},
		"allow": func(x string) ([]string, error) {
			return []string{"operator"}, manage(w.scope, tenancy.Allow{Operator: tenancy.OperatorID(x), Permissions: 1})
		},
		"revoke": func(x string) ([]string, error) {
			return []string{"grant"}, manage(w.scope, tenancy.Revoke{Grant: tenancy.GrantID(x)})
		},
		"register": func(x string) ([]string, error) {
			return []string{"operator"}, manage(w.house, tenancy.Register{Operator: tenancy.OperatorID(x), Person: "p"})
		},
		"register person": func(x string) ([]string, error) {
			return []string{"person"}, manage(w.house, tenancy.Register{Operator: "new", Person: tenancy.PersonID(x)})
		},
		"suspend": func(x string) ([]string, error) {
			return []string{"operator"}, manage(w.house, tenancy.Suspend{Operator: tenancy.OperatorID(x)})
		},
		"incident": func(x string) ([]string, error) {
			return []string{"incident"}, manage(w.scope, operations.CloseIncident{Incident: operations.IncidentID(x)})
		},
		"freeze account": func(x string) ([]string, error) {
			return []string{"account"}, manage(w.scope, operations.Freeze{Account: accounts.ID(x), Reason: "r"})
		},
		"unfreeze account": func(x string) ([]string, error) {
			return []string{"account"}, manage(w.scope, operations.Unfreeze{Account: accounts.ID(x), Reason: "r"})
		},
		"stop": func(x string) ([]string, error) {
			return []string{"subject"}, manage(w.house, tenancy.Stop{Subject: x, Reason: "r"})
		},
		"stop kind": func(x string) ([]string, error) {
			return []string{"subject"}, manage(w.house, tenancy.Stop{Subject: tenancy.KindSubject(x), Reason: "r"})
		},
		"lift provider": func(x string) ([]string, error) {
			return []string{"subject"}, manage(w.house, tenancy.Lift{Subject: tenancy.ProviderSubject(x)})
		},
		"person": func(x string) ([]string, error) {
			return []string{"person"}, open(customer.Profile{Name: "m", Person: tenancy.PersonID(x)})
		},
		"enter tenant": func(x string) ([]string, error) {
			return []string{"tenant"}, enter(principal(tenancy.TenantID(x), "ana"), w.scope.Customer(), "")
		},
		"enter operator": func(x string) ([]string, error) {
			return []string{"operator"}, enter(principal("acme", x), w.scope.Customer(), "")
		},
		"enter customer": func(x string) ([]string, error) {
			return []string{"customer"}, enter(principal("acme", "ana"), tenancy.CustomerID(x), "")
		},
		"bootstrap": func(x string) ([]string, error) {
			_, err := w.eng.Bootstrap(ctx, tenancy.Firm{Tenant: tenancy.TenantID(x), Admin: principal(tenancy.TenantID(x), "ana")})
			return []string{"tenant"}, err
		},
	}
	for name, call := range texts {
		t.Run(name, func(t *testing.T) {
			for what, x := range hostileTexts() {
				if what == "an emoji over the edge" && name == "reason" { // 502 bytes of at most 500
					require.Greater(t, len(x), tenancy.MaxReason)
				}
				var fields []string
				w.invalid(t, func() (err error) { fields, err = call(x); return err }, what, fieldsOf(call)...)
				require.NotEmpty(t, fields)
			}
		})
	}
	for name, call := range ids { //nolint:paralleltest // it measures allocation
		t.Run(name, func(t *testing.T) {
			for what, x := range hostileIDs() {
				w.invalid(t, func() error { _, err := call(x); return err }, what, fieldsOf(call)...)
			}
		})
	}
}

// fieldsOf asks a call for the fields it is to name.
func fieldsOf(call func(string) ([]string, error)) []string {
	fields, _ := call("\x00")
	return fields
}

func TestHostileTimesAndLimitsAreInvalid(t *testing.T) { //nolint:paralleltest // it measures allocation
	ctx := context.Background()
	w := newWitness(t)
	book := w.eng.Book(w.scope)
	prep, err := w.eng.Prepare(ctx, w.scope, w.next(), operations.Deposit{To: w.acc, Amount: money("1")})
	require.NoError(t, err)
	for what, at := range map[string]time.Time{
		"year 10000":                        time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"year 1":                            time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC),
		"before 1970":                       time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		"year -1000":                        time.Date(-1000, 1, 1, 0, 0, 0, 0, time.UTC),
		"an offset that goes over the year": time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("west", -25*3600)),
	} {
		for field, do := range map[string]func() error{
			"not_before": func() error {
				_, err := w.eng.Submit(ctx, w.scope, w.next(), operations.Deposit{To: w.acc, Amount: money("1"), NotBefore: at})
				return err
			},
			"expires": func() error {
				_, err := w.eng.Manage(ctx, w.scope, w.next(), tenancy.Allow{Operator: "ben", Permissions: 1, Expires: at})
				return err
			},
			"since": func() error { _, err := book.History(ctx, operations.HistoryFilter{Since: at}, "", 0); return err },
			"until": func() error {
				_, err := book.Statement(ctx, operations.StatementFilter{Account: accounts.Customer(w.acc), Until: at}, "", 0)
				return err
			},
		} {
			t.Run(what+" "+field, func(t *testing.T) { w.invalid(t, do, what, field) })
		}
		t.Run(what+" modify", func(t *testing.T) {
			w.invalid(t, func() error {
				_, err := w.eng.Modify(ctx, w.scope, w.next(), prep.Operation.Ref(), operations.Modification{NotBefore: at})
				return err
			}, what, "not_before")
		})
	}
	for _, limit := range []int{-1, 201, 1 << 31, 1<<63 - 1, -1 << 63} {
		for name, do := range map[string]func() error{
			"history": func() error { _, err := book.History(ctx, operations.HistoryFilter{}, "", limit); return err },
			"statement": func() error {
				_, err := book.Statement(ctx, operations.StatementFilter{Account: accounts.Customer(w.acc)}, "", limit)
				return err
			},
			"journal": func() error { _, err := book.Journal(ctx, 0, limit); return err },
		} {
			w.invalid(t, do, fmt.Sprint(name, limit), "limit")
		}
	}
	w.invalid(t, func() error { _, err := book.Journal(ctx, -1, 10); return err }, "a negative place", "after")
	first, err := book.History(ctx, operations.HistoryFilter{}, "", 1)
	require.NoError(t, err)
	require.NotEmpty(t, first.Next)
	for i := range len(first.Next) {
		flipped := []byte(first.Next)
		flipped[i] ^= 1
		_, err := book.History(ctx, operations.HistoryFilter{}, string(flipped), 1)
		if err != nil { // a place within its own list is no secret; anything else is no cursor
			require.Equal(t, "invalid", failure(err).Class)
		}
	}
	for _, cursor := range []string{first.Next[1:], first.Next + "A", first.Next + "=", strings.Repeat("A", 32), strings.Repeat("A", 1<<20)} {
		w.invalid(t, func() error { _, err := book.History(ctx, operations.HistoryFilter{}, cursor, 1); return err }, "a cursor", "cursor")
	}
	for _, version := range []int64{0, -1, -1 << 63} { //nolint:paralleltest // it measures allocation
		w.invalid(t, func() error {
			_, err := w.eng.Execute(ctx, w.scope, w.next(), operations.Ref{ID: prep.Operation.ID, Version: version})
			return err
		}, "a version", "version")
	}
	_, err = w.eng.Execute(ctx, w.scope, w.next(), operations.Ref{ID: prep.Operation.ID, Version: 1<<63 - 1})
	require.ErrorIs(t, err, operations.ErrConflict)
}
