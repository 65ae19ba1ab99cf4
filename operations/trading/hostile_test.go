package trading_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/memory"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Settings of whatever form are refused, or kept so that the book loads again.
func TestHostileSettings(t *testing.T) {
	t.Parallel()
	store := memory.New()
	d := begin(t, store, trading.Config{Providers: house()}, operations.Config{CacheBytes: -1})
	name := "trade:" + string(d.usd) + ":" + string(d.brl)
	pair := func(rest string) string {
		return `{"base":"` + string(d.usd) + `","quote":"` + string(d.brl) + `"` + rest + `}`
	}
	bodies := []string{
		``, `null`, ` null `, `{}`, `[]`, `1e1000000000`, `"\ud800"`, `{"a":1}`, strings.Repeat("[", 9000), strings.Repeat("[", 8000) + strings.Repeat("]", 8000),
		`{"providers":["house","\u0000"]}`, "{\"providers\":[\"\xff\"]}", `{"providers":["house"]} {}`, "{\"providers\":\n[\"house\"]\t}", `{"Providers":["house"],"providers":["house"]}`,
		`{"providers":["` + strings.Repeat("x", operations.MaxSetting) + `"]}`, `{"providers":["<>&"]}`,
		pair(``), pair(`,"minimum":"1e1000000000"`), pair(`,"minimum":"-0"`), pair(`,"minimum":"-1"`), pair(`,"minimum":"0.000000000000000001"`), pair(`,"minimum":1`), pair(`,"maximum":"99999999999999999999999999999999999999"`),
		pair(`,"quotations":[{"provider":"house","priority":1,"spread":{"working":"1e9"}}]`), pair(`,"quotations":[{"provider":"house","priority":1,"spread":{"working":"-1"}}]`),
		pair(`,"quotations":[{"provider":"house","priority":1,"spread":{"working":1e-1000000000}}]`), pair(`,"quotations":[{"provider":"house","priority":9223372036854775807}]`), pair(`,"quotations":[{"provider":"house","priority":1e999}]`),
		pair(`,"quotations":null,"sides":"buy"`), pair(`,"quotation":"pinned"`), pair(`,"execution":"best_price"`), pair(`,"base":"x"`),
	}
	for _, n := range []string{"trade", name, "trade:x", "trade:" + string(d.brl) + ":" + string(d.usd), "trade::", "trade:\n", "other", "", ":", strings.Repeat("t", 300)} {
		for _, body := range bodies {
			all, err := d.eng.Book(d.scope).Settings(t.Context())
			require.NoError(t, err)
			version := int64(0)
			for _, s := range all {
				if s.Name == n {
					version = s.Version
				}
			}
			d.clock.Advance(5 * time.Second)
			_, err = d.eng.Manage(t.Context(), d.scope, d.in(), operations.Set{Name: n, Version: version, Body: json.RawMessage(body)})
			require.True(t, err == nil || errors.Is(err, operations.ErrInvalid) || errors.Is(err, operations.ErrRefused), "%q %.60q: %v", n, body, err)
			_, err = d.eng.Explain(t.Context(), d.scope, d.buy("100"))
			require.NoError(t, err, "%q %.60q", n, body)
		}
	}
	d.verified()
	var file bytes.Buffer
	_, err := d.eng.Book(d.scope).Export(t.Context(), &file)
	require.NoError(t, err)
	fresh, err := operations.New(memory.New(), operations.Config{Clock: d.clock})
	require.NoError(t, err)
	_, err = fresh.Import(t.Context(), bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
}

// Two customers whose requests are joined get the rate, and nothing else, in
// common: each goes by his own spread and accounts.
func TestJoinedRequestsShareTheRateOnly(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 2), make(chan struct{})
	q := &quoter{Provider: operations.Desk{}, quote: func(context.Context, trading.Ask) (trading.Quotation, error) {
		asked <- struct{}{}
		<-release
		return trading.Quotation{Rate: dec("5")}, nil
	}}
	d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"bank": q}})
	firm, err := d.eng.Gate().Firm(t.Context(), ana())
	require.NoError(t, err)
	opened, err := d.eng.OpenCustomer(t.Context(), firm, d.in(), customer.Profile{Name: "Joana", Type: customer.Individual})
	require.NoError(t, err)
	other := *d
	other.scope, err = d.eng.Gate().Enter(t.Context(), ana(), opened.ID, "")
	require.NoError(t, err)
	other.n = 1000
	other.brl = other.open("BRL", detailsOf("3"))
	other.usd = other.open("USD", detailsOf("4"))
	other.deposit(other.brl, "1000.00")
	other.manage(trading.SetCustomer{Customer: trading.Customer{Providers: []string{"bank"}}})
	other.manage(trading.SetPair{Pair: trading.Pair{Base: other.usd, Quote: other.brl, Quotations: []trading.Path{{Provider: "bank", Priority: 1, Spread: trading.Spreads{Working: dec("1000"), DayOff: dec("1000"), Closed: dec("1000")}}}}})
	var wg sync.WaitGroup
	var plans [2]operations.Plan
	var errs [2]error
	for i, x := range []*desk{d, &other} {
		wg.Go(func() { plans[i], errs[i] = x.eng.Explain(t.Context(), x.scope, x.buy("100")) })
	}
	<-asked
	close(release)
	wg.Wait()
	require.NoError(t, errors.Join(errs[:]...))
	require.Equal(t, "502.5", plans[0].Terms.Exchange.QuoteAmount.String())
	require.Equal(t, "550", plans[1].Terms.Exchange.QuoteAmount.String())
	text, err := json.Marshal(plans[1])
	require.NoError(t, err)
	require.NotContains(t, string(text), string(d.usd))
	require.NotContains(t, string(text), string(d.brl))
	require.NotEmpty(t, cmp.Diff(plans[0].Terms, plans[1].Terms))
}

// A provider that panics, hangs to its deadline or says what is no rate fails
// the one request.
func TestHostileQuotations(t *testing.T) {
	t.Parallel()
	late := time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, quote := range map[string]func(context.Context, trading.Ask) (trading.Quotation, error){
		"panics":     func(context.Context, trading.Ask) (trading.Quotation, error) { panic("no") },
		"panics nil": func(context.Context, trading.Ask) (trading.Quotation, error) { panic(errors.New("no")) },
		"negative":   at("-1"),
		"zero":       at("-0.00"),
		"huge":       at("1e1000000000"),
		"tiny":       at("1e-1000000000"),
		"long":       at("1." + strings.Repeat("1", 5000)),
		"hangs": func(ctx context.Context, _ trading.Ask) (trading.Quotation, error) {
			<-ctx.Done()
			return trading.Quotation{Rate: dec("5")}, nil
		},
		"over": func(context.Context, trading.Ask) (trading.Quotation, error) {
			return trading.Quotation{Rate: dec("5"), Expires: time.Unix(1, 0)}, nil
		},
		"no utf-8": func(context.Context, trading.Ask) (trading.Quotation, error) {
			return trading.Quotation{Rate: dec("5"), External: "\xff"}, nil
		},
		"long external": func(context.Context, trading.Ask) (trading.Quotation, error) {
			return trading.Quotation{Rate: dec("5"), External: strings.Repeat("x", 129)}, nil
		},
		"joined errors": func(context.Context, trading.Ask) (trading.Quotation, error) {
			return trading.Quotation{Rate: dec("5")}, errors.Join(trading.ErrStale, trading.ErrNoRate)
		},
	} {
		d := memoryDesk(t, trading.Config{Deadline: 10 * time.Millisecond, Providers: map[string]trading.Provider{"bank": &quoter{Provider: operations.Desk{}, quote: quote}}})
		for range 3 {
			_, err := d.eng.Prepare(t.Context(), d.scope, d.in(), d.buy("100"))
			require.Equal(t, []string{trading.CodeNoQuote}, codes(err), name)
		}
		d.verified()
	}
	d := memoryDesk(t, trading.Config{Providers: map[string]trading.Provider{"bank": &quoter{Provider: operations.Desk{}, quote: func(context.Context, trading.Ask) (trading.Quotation, error) {
		return trading.Quotation{Rate: dec("5.000"), Expires: late.In(time.FixedZone("", 3600))}, nil
	}}}})
	_, err := d.execute(d.quote(d.buy("100")))
	require.NoError(t, err, "an expiry beyond all years is the firm's own")
	d.verified()
}

// A quote is executed once, whoever asks at the same time.
func TestAQuoteIsExecutedOnceByMany(t *testing.T) {
	t.Parallel()
	d := memoryDesk(t, trading.Config{Providers: house()})
	o := d.quote(d.buy("100"))
	var wg sync.WaitGroup
	won := make(chan struct{}, 16)
	for i := range 16 {
		in := d.in()
		wg.Go(func() {
			if i%4 == 0 {
				_, err := d.eng.Modify(t.Context(), d.scope, in, o.Ref(), operations.Modification{Amount: dec("101")})
				_ = err
				return
			}
			if _, err := d.eng.Execute(t.Context(), d.scope, in, o.Ref()); err == nil {
				won <- struct{}{}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, len(won), 1)
	if len(won) == 1 {
		require.Equal(t, [2]string{"99454.07", "100100"}, d.has())
	} else {
		require.Equal(t, [2]string{"100000", "100000"}, d.has())
	}
	d.verified()
}

func detailsOf(number string) accounts.Details {
	return accounts.Details{Bank: "001", Branch: "1", Number: number}
}

// Whoever had the desk's name would be sent what people settle by hand.
func TestNobodyTakesTheNameOfTheManualDesk(t *testing.T) {
	t.Parallel()
	p := house()["house"]
	_, err := trading.New(trading.Config{Providers: map[string]trading.Provider{"desk": p}})
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	require.ErrorContains(t, err, "give it another")
	_, err = operations.New(memoryStore(), operations.Config{Providers: map[string]operations.Provider{"desk": p}})
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	require.ErrorContains(t, err, "give it another")
}
