package trading_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// A market makes more of the rates on a board than was put up there.
func ExampleMarket() {
	clock := &operationstest.Clock{} // the engine's
	var board trading.Board
	for _, x := range []struct{ base, quote, value string }{{"USD", "BRL", "5.4321"}, {"EUR", "USD", "1.0850"}} {
		value, err := trading.ParseRate(x.value)
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := board.Put(trading.Rate{Base: x.base, Quote: x.quote, Value: value, At: clock.Now(), Source: "feed"}); err != nil {
			fmt.Println(err)
			return
		}
	}
	market := trading.Market{MaxAge: time.Minute, Pivots: []string{"USD"}}.Over(&board, clock)
	for _, pair := range [][2]string{{"USD", "BRL"}, {"BRL", "USD"}, {"EUR", "BRL"}, {"USD", "GBP"}} {
		r, err := market.Rate(context.Background(), pair[0], pair[1])
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(r.Base, r.Quote, r.Value)
		for _, leg := range r.Legs {
			fmt.Println("  from", leg.Base, leg.Quote, leg.Value)
		}
	}
	clock.Advance(time.Hour)
	_, err := market.Rate(context.Background(), "USD", "BRL")
	fmt.Println(err)
	// Output:
	// USD BRL 5.4321
	// BRL USD 0.1840908672520756
	//   from USD BRL 5.4321
	// EUR BRL 5.8938285
	//   from EUR USD 1.085
	//   from USD BRL 5.4321
	// no rate for the pair: GBP/USD is not on the board
	// the rate is too old: USD/BRL is of 2026-11-02T09:00:00Z
}

// The spread of a path depends on whether its provider works.
func ExampleCalendar() {
	city := trading.OnDates(trading.Date{Year: 2027, Month: time.January, Day: 25})
	calendar := trading.Calendar{
		Zone:     time.FixedZone("BRT", -3*60*60), // or what time.LoadLocation finds for America/Sao_Paulo
		Holidays: trading.AnyOf(trading.Brazil{Banks: true}, city),
		Opens:    9 * time.Hour,
		Closes:   17 * time.Hour,
	}
	spread := trading.Spreads{Working: dec("50"), DayOff: dec("120"), Closed: dec("80")}
	for _, at := range []time.Time{
		time.Date(2026, 11, 19, 15, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 19, 22, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC), // a holiday since 2024
		time.Date(2027, 1, 25, 15, 0, 0, 0, time.UTC),  // of the city
	} {
		session := calendar.At(at)
		fmt.Println(at.Format("Mon 2 Jan 15:04"), session, spread.For(session))
	}
	next, _ := calendar.Next(trading.Date{Year: 2026, Month: time.November, Day: 19})
	fmt.Println("settles on", next)
	// Output:
	// Thu 19 Nov 15:00 working 50
	// Thu 19 Nov 22:00 outside_hours 80
	// Fri 20 Nov 15:00 day_off 120
	// Mon 25 Jan 15:00 day_off 120
	// settles on 2026-11-23
}

// The currency market of New York begins its Monday at 17:00 on Sunday, and is
// closed from Friday at 17:00.
func ExampleCalendar_overMidnight() {
	calendar := trading.Calendar{
		Zone:  time.FixedZone("EST", -5*60*60), // or what time.LoadLocation finds for America/New_York
		Opens: -7 * time.Hour, Closes: 17 * time.Hour,
	}
	for _, at := range []time.Time{
		time.Date(2026, 11, 20, 16, 59, 0, 0, calendar.Zone), // a Friday
		time.Date(2026, 11, 20, 17, 0, 0, 0, calendar.Zone),
		time.Date(2026, 11, 22, 16, 59, 0, 0, calendar.Zone),
		time.Date(2026, 11, 22, 17, 0, 0, 0, calendar.Zone),
	} {
		fmt.Println(at.Format("Mon 15:04"), calendar.At(at))
	}
	// Output:
	// Fri 16:59 working
	// Fri 17:00 outside_hours
	// Sun 16:59 day_off
	// Sun 17:00 working
}

// On days without a rate of their own the last one is played, marked stale.
func ExampleReadRecorded() {
	clock := operationstest.NewClock(time.Date(2013, 1, 4, 12, 0, 0, 0, time.UTC)) // a Friday
	rates, err := trading.ReadRecorded(strings.NewReader("date,base,quote,rate\n2013-01-03,USD,BRL,2.0430\n2013-01-04,USD,BRL,2.0300\n"), "tape", nil, clock)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		r, err := rates.Rate(context.Background(), "USD", "BRL")
		fmt.Println(clock.Now().Format("Mon 2 Jan"), r.Value, r.Stale, err)
		clock.Advance(24 * time.Hour)
	}
	// Output:
	// Fri 4 Jan 2.03 false <nil>
	// Sat 5 Jan 2.03 true <nil>
	// Sun 6 Jan 2.03 true <nil>
}

// What a simulated provider says and what it does are two things.
func ExampleSimulated() {
	clock := &operationstest.Clock{}
	bank := trading.NewSimulated(&trading.Board{}, clock, 1, operations.Contract{HonoursReference: true}, trading.Faults{Silence: 1000})
	_, err := bank.Send(context.Background(), instruction("ref-1"))
	fmt.Println(err)
	for _, done := range bank.Ledger() {
		fmt.Println(done.Reference, done.Side, done.BaseAmount, done.Base, "for", done.QuoteAmount, done.Quote, done.Effects)
	}
	bank.Set(trading.Faults{})
	a, err := bank.Ask(context.Background(), "ref-1")
	fmt.Println(a.Status, err)
	// Output:
	// simulated: no answer
	// ref-1 buy 100 USD for 540 BRL 1
	// settled <nil>
}
