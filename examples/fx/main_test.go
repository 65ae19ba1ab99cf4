package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// write puts rates of the pair into a file, a day each from a date on.
func write(t *testing.T, from time.Time, rates ...string) string {
	t.Helper()
	lines := []string{"date,base,quote,rate"}
	for i, r := range rates {
		lines = append(lines, from.AddDate(0, 0, i).Format(time.DateOnly)+",USD,BRL,"+r)
	}
	file := filepath.Join(t.TempDir(), "rates.csv")
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return file
}

func play(t *testing.T, file, store string) string {
	t.Helper()
	var out bytes.Buffer
	o := &options{Rates: file, Store: store}
	require.NoError(t, o.run(t.Context(), &out), out.String())
	return out.String()
}

// squeezed has single spaces alone, so that tables can be held to text.
func squeezed(text string) string { return regexp.MustCompile(` +`).ReplaceAllString(text, " ") }

func TestADayOfTradesComputedByHand(t *testing.T) {
	t.Parallel()
	rates := append(slices.Repeat([]string{"5.0000"}, remembers), "4.9000", "5.1000", "5.0000")
	out := squeezed(play(t, write(t, time.Date(2013, 1, 2, 0, 0, 0, 0, time.UTC), rates...), "memory"))
	// The 22nd is a Tuesday, and he buys in the evening: 4.9 and 80 basis points
	// are 4.9392, for 2000 that is 404.92 dollars, which are worth 1984.11. On the
	// 23rd he would sell 600.
	for _, want := range []string{
		"2013-01 5.0000 404.92 " + strings.Repeat("#", dollarBar) + " 15.89 " + strings.Repeat("=", incomeBar) + "\n",
		"| working | 0 | 0.00 | 0.00 | 0.00 |",
		"| outside hours | 1 | 2000.00 | 15.89 | 79.45 |",
		"| day off | 0 | 0.00 | 0.00 | 0.00 |",
		"| clearing:house | BRL | owed to house | 1984.11 |",
		"| clearing:house | USD | owed by house | 404.92 |",
		"| income:spread | BRL | earned | 15.89 |",
		"2 quotes asked for: 1 executed, 0 expired before he agreed, 1 refused for want of money",
		"He has 98000.00 BRL and 404.92 USD, together worth 100024.60 BRL at the last rate.",
		"2 of 2 books verified",
	} {
		require.Contains(t, out, want)
	}
}

// years are days of rates that go up and down, from 1.80 to 2.40.
func years(days int) []string {
	var all []string
	for i := range days {
		wave := i % 60
		all = append(all, decimal.New(18_000+200*int64(min(wave, 60-wave)), -4).StringFixed(4))
	}
	return all
}

func TestAYearIsTheSameOnEveryStore(t *testing.T) {
	t.Parallel()
	file := write(t, time.Date(2013, 9, 1, 0, 0, 0, 0, time.UTC), years(365)...) // clocks go forward in October, and back in February
	out := play(t, file, "memory")
	require.Equal(t, out, play(t, file, "sqlite"))
	require.Len(t, regexp.MustCompile(`(?m)^201[34]-\d\d `).FindAllString(out, -1), 12)
	held(t, out)
}

// held tells that the books held, and that the spreads were those of the hours:
// of the amount before the spread, so a little off when it is held against what
// was paid both ways.
func held(t *testing.T, out string) {
	t.Helper()
	require.Contains(t, out, "2 of 2 books verified\n")
	for hours, bps := range map[string]int64{"working": 50, "outside hours": 80, "day off": 120} {
		found := regexp.MustCompile(`(?m)^\| ` + hours + ` +\| +(\d+) \| +\S+ \| +\S+ \| +(\S+) \|$`).FindStringSubmatch(out)
		require.Len(t, found, 3, out)
		require.NotEqual(t, "0", found[1], hours)
		off := decimal.RequireFromString(found[2]).Sub(decimal.NewFromInt(bps)).Abs()
		require.True(t, off.LessThan(decimal.NewFromInt(2)), "%s: %s", hours, found[2])
	}
	var asked, done, expired, lacking int
	line := regexp.MustCompile(`(?m)^\d+ quotes asked for: .*$`).FindString(out)
	_, err := fmt.Sscanf(line, "%d quotes asked for: %d executed, %d expired before he agreed, %d refused", &asked, &done, &expired, &lacking)
	require.NoError(t, err)
	require.Equal(t, asked, done+expired+lacking)
	require.Positive(t, expired)
}

func TestTheRealRatesArePlayedWhole(t *testing.T) {
	t.Parallel()
	const file = "../../../shared/data/fxdaily/rates.csv"
	if _, err := os.Stat(file); err != nil {
		require.NotContains(t, strings.Split(os.Getenv("ONBEHALF_REQUIRE"), ","), "data", "the real data are required: %v", err)
		t.Skip("the real rates are not beside the checkout: ../shared/data/fxdaily")
	}
	out := play(t, file, "memory")
	require.Len(t, regexp.MustCompile(`(?m)^201[3-7]-\d\d `).FindAllString(out, -1), 60)
	held(t, out)
}

func TestBooksThatDifferAreTold(t *testing.T) {
	t.Parallel()
	c := customerOf(&firm{dollars: "usd", reais: "brl", began: decimal.New(100, 0)}, time.Time{})
	total := traded{base: decimal.New(10, 0), quote: decimal.New(51, 0), spread: decimal.New(1, 0)}
	has := map[accounts.ID]decimal.Decimal{"usd": decimal.New(10, 0), "brl": decimal.New(49, 0)}
	at := map[operations.PositionPlace]decimal.Decimal{
		{Ref: accounts.IncomeSpread, Asset: quote}:    decimal.New(1, 0),
		{Ref: accounts.Clearing(house), Asset: quote}: decimal.New(50, 0),
		{Ref: accounts.Clearing(house), Asset: base}:  decimal.New(-10, 0),
	}
	require.Empty(t, c.compare(total, has, at))
	for place := range at {
		wrong := maps.Clone(at)
		wrong[place] = wrong[place].Add(decimal.New(1, -2))
		require.Len(t, c.compare(total, has, wrong), 1, "%v", place)
	}
	has["brl"] = decimal.New(48, 0)
	require.Equal(t, []string{"reais: the books say 48, what was traded comes to 49"}, c.compare(total, has, at))
}

func TestRatesThatCannotBePlayed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"no such pair":  {"date,base,quote,rate\n2013-01-02,USD,MXN,12.76\n", operations.ErrNotFound},
		"no rate":       {"date,base,quote,rate\n2013-01-02,USD,BRL,0\n", operations.ErrInvalid},
		"another form":  {"day,rate\n2013-01-02,2.04\n", nil},
		"the same date": {"date,base,quote,rate\n2013-01-02,USD,BRL,2\n2013-01-02,USD,BRL,2\n", operations.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "rates.csv")
			require.NoError(t, os.WriteFile(file, []byte(c.text), 0o600))
			err := (&options{Rates: file, Store: "memory"}).run(t.Context(), &bytes.Buffer{})
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
}

func TestTheRuleOfTheCustomer(t *testing.T) {
	t.Parallel()
	c := customerOf(&firm{}, time.Time{})
	five := decimal.New(5, 0)
	_, wants := c.wish(decimal.New(1, 0))
	require.False(t, wants, "he knows no mean yet")
	c.days = slices.Repeat([]decimal.Decimal{five}, remembers)
	for rate, want := range map[string]operations.Side{"4.9499": operations.Buy, "4.95": "", "5": "", "5.05": "", "5.0501": operations.Sell} {
		got, wants := c.wish(decimal.RequireFromString(rate))
		require.Equal(t, want, got.Side, rate)
		require.Equal(t, want != "", wants, rate)
	}
}
