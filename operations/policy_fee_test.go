package operations

import (
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

func exact(t *testing.T, text string) decimal.Decimal {
	t.Helper()
	d, err := accounts.ParseAmount(text, accounts.MaxScale)
	require.NoError(t, err)
	return d
}

// feeBook has a second account, and 1000 on the first.
func feeBook(t *testing.T, c Config) *deskBook {
	t.Helper()
	b := newDeskBook(t, c, time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC))
	for _, a := range []AccountEffect{
		{ID: "save", Asset: "BRL", Kind: accounts.Fiat, Scale: 2, Status: accounts.Active, Configured: []string{"pix_key"}},
		{ID: "usd", Asset: "USD", Kind: accounts.Fiat, Scale: 2, Status: accounts.Active, Configured: []string{"pix_key"}},
	} {
		b.do("account.open", func(d *decision) error {
			d.enable(a.Asset, true)
			d.fx.Accounts = append(d.fx.Accounts, a)
			return nil
		})
	}
	for _, id := range []accounts.ID{"brl", "save"} {
		b.do("seed", func(d *decision) error {
			d.fx.Postings = legs(accounts.Clearing("seed"), accounts.Customer(id), "BRL", decimal.New(1000, 0))
			return nil
		})
	}
	return b
}

func (b *deskBook) posted(id accounts.ID) string {
	a, _ := b.f.accounts.get(id)
	return a.Posted.String()
}

func TestAFeeIsWhatItsRatesSay(t *testing.T) {
	t.Parallel()
	d := func(text string) decimal.Decimal { return exact(t, text) }
	tiers := []Tier{{UpTo: d("100"), Fixed: d("1")}, {UpTo: d("1000"), BPS: d("50")}, {Fixed: d("2"), BPS: d("10")}}
	for name, c := range map[string]struct {
		fee     FeeRule
		amount  string
		want    string
		rounded bool
	}{
		"fixed":                            {FeeRule{Tier: Tier{Fixed: d("1.5")}}, "10", "1.5", false},
		"basis points":                     {FeeRule{Tier: Tier{BPS: d("25")}}, "200", "0.5", false},
		"both":                             {FeeRule{Tier: Tier{Fixed: d("0.3"), BPS: d("100")}}, "10", "0.4", false},
		"half even":                        {FeeRule{Tier: Tier{BPS: d("50")}}, "1", "0", true},
		"half up":                          {FeeRule{Tier: Tier{BPS: d("50")}, Rounding: accounts.HalfUp}, "1", "0.01", true},
		"up":                               {FeeRule{Tier: Tier{BPS: d("1")}, Rounding: accounts.Up}, "1", "0.01", true},
		"down":                             {FeeRule{Tier: Tier{BPS: d("199")}, Rounding: accounts.Down}, "1", "0.01", true},
		"at least":                         {FeeRule{Tier: Tier{BPS: d("1")}, Minimum: d("3")}, "100", "3", false},
		"at most":                          {FeeRule{Tier: Tier{BPS: d("1000")}, Maximum: d("7")}, "100", "7", false},
		"a minimum of more decimal places": {FeeRule{Tier: Tier{BPS: d("1")}, Minimum: d("0.125")}, "1", "0.12", true},
		"a maximum of more decimal places": {FeeRule{Tier: Tier{BPS: d("1000")}, Maximum: d("0.125"), Rounding: accounts.Up}, "100", "0.12", true},
		"a rate just below that maximum":   {FeeRule{Tier: Tier{BPS: d("1249")}, Maximum: d("0.125"), Rounding: accounts.Up}, "1", "0.12", true},
		"the first tier, to its end":       {FeeRule{Tiers: tiers}, "100", "1", false},
		"the second tier":                  {FeeRule{Tiers: tiers}, "100.01", "0.5", true},
		"the last tier":                    {FeeRule{Tiers: tiers}, "2000", "4", false},
		"above all tiers":                  {FeeRule{Tiers: tiers[:2]}, "1000.01", "0", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fee, by := c.fee.charges(exact(t, c.amount), 2)
			require.Equal(t, c.want, accounts.Canonical(fee))
			require.Equal(t, c.rounded, by != "")
		})
	}
}

func TestAFeeIsPostedAsItsTermsSaid(t *testing.T) {
	t.Parallel()
	on := FeeRule{Name: "on-top", Tier: Tier{BPS: exact(t, "100")}}
	in := FeeRule{Name: "inside", Tier: Tier{Fixed: exact(t, "3")}, Inside: true}
	other := FeeRule{Name: "other", Tier: Tier{Fixed: exact(t, "5")}, Payer: func(View, Terms) accounts.ID { return "save" }}
	amount := accounts.Exact(decimal.New(200, 0))
	for name, c := range map[string]struct {
		fees                []FeeRule
		order               Order
		brl, save, income   string
		debit, credit, held string // held: on both accounts, by the terms
		carried             string
	}{
		"deposit, on top":          {[]FeeRule{on}, Order{Kind: KindDeposit, To: "brl"}, "1198", "1000", "2", "2", "200", "", "200"},
		"deposit, inside":          {[]FeeRule{in}, Order{Kind: KindDeposit, To: "brl"}, "1197", "1000", "3", "0", "197", "", "200"},
		"deposit, another pays":    {[]FeeRule{other}, Order{Kind: KindDeposit, To: "brl"}, "1200", "995", "5", "5", "200", "save 5", "200"},
		"withdrawal, on top":       {[]FeeRule{on}, Order{Kind: KindWithdrawal, From: "brl"}, "798", "1000", "2", "202", "0", "brl 202", "200"},
		"withdrawal, inside":       {[]FeeRule{in}, Order{Kind: KindWithdrawal, From: "brl"}, "800", "1000", "3", "200", "0", "brl 200", "197"},
		"withdrawal, another pays": {[]FeeRule{other}, Order{Kind: KindWithdrawal, From: "brl"}, "800", "995", "5", "205", "0", "brl 200 save 5", "200"},
		"withdrawal, all":          {[]FeeRule{on, in, other}, Order{Kind: KindWithdrawal, From: "brl"}, "798", "995", "10", "207", "0", "brl 202 save 5", "197"},
		"transfer, on top":         {[]FeeRule{on}, Order{Kind: KindTransfer, From: "brl", To: "save"}, "798", "1200", "2", "202", "200", "brl 202", "200"},
		"transfer, inside":         {[]FeeRule{in}, Order{Kind: KindTransfer, From: "brl", To: "save"}, "800", "1197", "3", "200", "197", "brl 200", "200"},
		"an adjustment is free":    {[]FeeRule{on, in}, Order{Kind: KindAdjustment, To: "brl", Purpose: string(Correction)}, "1200", "1000", "0", "0", "200", "", "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := feeBook(t, Config{Fees: c.fees})
			c.order.Amount = amount
			prepared := b.do(ActPrepare, prepare("op", c.order)).Effects.Operations[0]
			terms := prepared.Terms
			require.NoError(t, accounts.Balanced(terms.Postings))
			require.Equal(t, c.debit, terms.Debit.String())
			require.Equal(t, c.credit, terms.Credit.String())
			require.Equal(t, c.carried, prepared.carried().String())
			held := ""
			for _, h := range terms.Holds {
				if held != "" {
					held += " "
				}
				held += string(h.Account) + " " + h.Amount.String()
			}
			require.Equal(t, c.held, held)
			o := b.do(ActExecute, execute(prepared.Ref())).Effects.Operations[0]
			require.Equal(t, Completed, o.State)
			require.Equal(t, terms.Fees, o.Terms.Fees)
			require.Equal(t, []string{c.brl, c.save, c.income},
				[]string{b.posted("brl"), b.posted("save"), accounts.Canonical(b.f.systemPosted(accounts.IncomeFees, "BRL"))})
			_, err := b.decide(ActExecute, execute(o.Ref()))
			require.Error(t, err, "what has ended is charged for once")
		})
	}
}

func TestAFeeThatCannotBePaidIsARefusal(t *testing.T) {
	t.Parallel()
	inside := FeeRule{Name: "inside", Tier: Tier{Fixed: decimal.New(200, 0)}, Inside: true}
	stranger := FeeRule{Name: "stranger", Tier: Tier{Fixed: decimal.New(1, 0)}, Payer: func(View, Terms) accounts.ID { return "elsewhere" }}
	dollars := FeeRule{Name: "dollars", Tier: Tier{Fixed: decimal.New(1, 0)}, Payer: func(View, Terms) accounts.ID { return "usd" }}
	b := feeBook(t, Config{Fees: []FeeRule{inside, stranger, dollars}})
	withdraw := func(b *deskBook, amount int64) []Unmet {
		_, err := b.decide(ActSubmit, submit("op", Order{Kind: KindWithdrawal, From: "brl", Amount: accounts.Exact(decimal.New(amount, 0))}))
		refused, ok := errors.AsType[*RefusedError](err)
		require.True(t, ok, "%v", err)
		return refused.Unmet
	}
	var told []string
	for _, u := range withdraw(b, 200) {
		told = append(told, u.Code+" "+u.Subject)
	}
	require.Equal(t, []string{CodeFeeExceeds + " fee:inside", CodeFeeAccount + " fee:stranger", CodeFeeAccount + " fee:dollars"}, told)

	short := feeBook(t, Config{Fees: []FeeRule{{Name: "top", Tier: Tier{Fixed: decimal.New(1, 0)}}}})
	require.Equal(t, accounts.CodeInsufficientAvailable, withdraw(short, 1000)[0].Code)
}

func TestWhatIsWrongWithFeesIsToldAtOnce(t *testing.T) {
	t.Parallel()
	payer := func(View, Terms) accounts.ID { return "save" }
	err := checkFees([]FeeRule{
		{Name: "a"},
		{Name: "a", Rounding: "nearest"},
		{Name: "", Tier: Tier{Fixed: decimal.New(-1, 0)}},
		{Name: "c", Tier: Tier{Fixed: decimal.New(1, 0)}, Tiers: []Tier{{Fixed: decimal.New(1, 0)}}},
		{Name: "d", Tiers: []Tier{{UpTo: decimal.New(2, 0)}, {UpTo: decimal.New(1, 0)}}},
		{Name: "e", Tiers: []Tier{{}, {UpTo: decimal.New(1, 0)}}},
		{Name: "f", Minimum: decimal.New(2, 0), Maximum: decimal.New(1, 0)},
		{Name: "g", Inside: true, Payer: payer},
		{Name: "h", Tier: Tier{BPS: decimal.New(10_001, 0)}},
	})
	require.ErrorIs(t, err, tenancy.ErrInvalid)
	for _, part := range []string{
		"Fees[1]: is named", "Fees[1]: has no such rounding", "Fees[2]: cannot be named", "Fees[2]: has a figure", "Fees[3]: has a rate beside",
		"Fees[4]: has tiers", "Fees[5]: has tiers", "Fees[6]: has a minimum", "Fees[7]: is inside", "Fees[8]: charges more",
	} {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "Fees[0]")
}

// What fees inside leave is what one on top is held against, in whichever order
// they come.
func TestFeesOnTopAreHeldAgainstWhatThoseInsideLeave(t *testing.T) {
	t.Parallel()
	in := FeeRule{Name: "inside", Tier: Tier{Fixed: exact(t, "9.5")}, Inside: true}
	more := FeeRule{Name: "more", Tier: Tier{Fixed: exact(t, "0.2")}, Inside: true}
	on := FeeRule{Name: "on-top", Tier: Tier{Fixed: exact(t, "1")}}
	for name, fees := range map[string][]FeeRule{"inside first": {in, more, on}, "between": {in, on, more}, "on top first": {on, in, more}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := feeBook(t, Config{Fees: fees})
			v := View{f: b.f, order: b.deposit(10)}
			terms, _ := deposit{}.Plan(v, b.now)
			require.Empty(t, b.rules.charge(&v, &terms))
			require.Equal(t, "0.3", terms.Credit.String())
			require.Equal(t, "1", terms.Debit.String())
			require.Equal(t, "-0.7", accounts.Canonical(accounts.Sum(terms.Postings, "brl", "BRL")))
			require.Len(t, terms.Holds, 1)
			require.Equal(t, "0.7", terms.Holds[0].Amount.String())
			require.Equal(t, "999.3", func() string { b.submit("a", b.deposit(10)); return b.posted("brl") }())
		})
	}
}

// What a firm's own code is shown of terms is a copy.
func TestAPayerCannotChangeTheTerms(t *testing.T) {
	t.Parallel()
	spoil := func(_ View, terms Terms) accounts.ID {
		for i := range terms.Postings {
			terms.Postings[i].Amount = accounts.Exact(decimal.New(1, 0))
		}
		return "save"
	}
	when := func(v View, terms Terms) bool { return spoil(v, terms) != "" }
	b := feeBook(t, Config{Fees: []FeeRule{{Name: "other", Match: Match{When: when}, Tier: Tier{Fixed: exact(t, "5")}, Payer: spoil}}})
	o := b.submit("a", b.deposit(200))
	require.Equal(t, "200", o.Terms.Credit.String())
	require.Equal(t, "1200", b.posted("brl"))
	require.Equal(t, "995", b.posted("save"))
}
