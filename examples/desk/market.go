package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
)

// The providers of this firm's trades. A bank of its own keeps no secrets and
// asks nobody: it is simulated.
const (
	house = "house"
	bank  = "bank"
)

// trades adds to what the firm decided that customers may trade: with the house,
// which turns rates round and crosses them over the dollar, and with a bank that
// knows the pairs of its source alone. Both work at São Paulo's hours, and the
// firm takes a tenth of a percent.
func trades(c operations.Config, file string) (operations.Config, error) {
	source, err := rates(file, c.Clock)
	if err != nil {
		return c, err
	}
	market := trading.Market{KeepStale: true, Pivots: []string{"USD"}}.Over(source, c.Clock)
	providers := map[string]trading.Provider{
		house: trading.NewHouse(market),
		bank:  trading.NewSimulated(source, c.Clock, 1, operations.Contract{HonoursReference: true}, trading.Faults{}),
	}
	hours := trading.Calendar{
		Zone: time.FixedZone("BRT", -3*60*60), Holidays: trading.Brazil{Banks: true}, Opens: 9 * time.Hour, Closes: 17 * time.Hour,
	}
	kind, err := trading.New(trading.Config{
		Providers: providers, Calendars: map[string]trading.Calendar{house: hours, bank: hours}, Reference: market,
		ValidFor: 2 * time.Minute, MaxValid: 10 * time.Minute,
	})
	if err != nil {
		return c, err
	}
	c.Fees = append(c.Fees, operations.FeeRule{
		Name: "trade", Match: operations.Match{Kinds: []string{trading.KindTrade}}, Tier: operations.Tier{BPS: decimal.New(10, 0)},
	})
	c.Kinds = append(c.Kinds, kind, trading.Settlements{Assets: c.Assets})
	c.Providers = map[string]operations.Provider{}
	for name, p := range providers {
		c.Providers[name] = p
	}
	return c, nil
}

// rates are the recorded ones of a file, played by the clock, or those below.
func rates(file string, clock operations.Clock) (trading.Source, error) {
	if file == "" {
		return board(clock)
	}
	f, err := os.Open(file) //nolint:gosec // the file the caller names
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("rates: %w: %w", operations.ErrNotFound, err)
		}
		return nil, fmt.Errorf("rates: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	return trading.ReadRecorded(f, filepath.Base(file), nil, clock)
}

// board has a few rates that are made up. It stands where a real host has its
// feed.
func board(clock operations.Clock) (*trading.Board, error) {
	b := &trading.Board{}
	for _, x := range []struct{ base, quote, value string }{
		{"USD", "BRL", "5.4321"}, {"EUR", "USD", "1.0850"}, {"BTC", "USD", "61234.50"}, {"USDC", "USD", "0.9998"},
	} {
		value, err := trading.ParseRate(x.value)
		if err != nil {
			return nil, err
		}
		if _, err := b.Put(trading.Rate{Base: x.base, Quote: x.quote, Value: value, At: clock.Now(), Source: "made up"}); err != nil {
			return nil, err
		}
	}
	return b, nil
}
