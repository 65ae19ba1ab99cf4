package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

// trader is Maria with reais, and accounts in dollars and euros that are empty.
type trader struct {
	*bundle

	customer, reais, dollars, euros string
}

func newTrader(t *testing.T, at ...string) *trader {
	t.Helper()
	b := &bundle{T: t, file: filepath.Join(t.TempDir(), "firm.db"), at: at}
	b.do(exitOK, "ana", "init")
	m := &trader{bundle: b}
	m.customer, m.reais = b.maria()
	account := func(currency, number string) string {
		return m.ask(exitOK, "ana", "account", "--customer", m.customer, currency, "--name", currency, "--bank", "001", "--branch", "1", "--number", number).Account
	}
	m.dollars, m.euros = account("USD", "1"), account("EUR", "2")
	return m
}

// on adds the customer and a pair of his against reais.
func (m *trader) on(base string, args ...string) []string {
	return append(args, "--customer", m.customer, "--base", base, "--quote", m.reais)
}

func (m *trader) pairs() pairsDoc {
	m.Helper()
	out, _ := m.do(exitOK, "ana", "pairs", "--customer", m.customer, "--json")
	var d pairsDoc
	require.NoError(m, json.Unmarshal([]byte(out), &d))
	return d
}

// shows holds a text to what must follow in it, one after the other.
func (m *trader) shows(text string, all ...string) {
	m.Helper()
	rest := text
	for _, next := range all {
		_, after, found := strings.Cut(rest, next)
		require.True(m, found, "%q does not follow in\n%s", next, text)
		rest = after
	}
}

func unmetCodes(all []operations.Unmet) []string {
	var codes []string
	for _, u := range all {
		codes = append(codes, u.Code)
	}
	return codes
}

func TestTradesByCommandLinesAloneOnEveryStore(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(*testing.T) []string{
		"sqlite": func(*testing.T) []string { return nil },
		"postgres": func(t *testing.T) []string {
			t.Helper()
			return []string{"--store", "postgres", "--dsn", shared.Database(t, "")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newTrader(t, at(t)...)
			m.setsUp()
			m.quotes()
			m.finds()
			m.sums()
			m.do(exitOK, "ana", "verify")
		})
	}
}

// setsUp is told step by step what keeps the pair from being traded.
func (m *trader) setsUp() {
	m.Helper()
	buy := m.on(m.dollars, "trade", "buy", "--base-amount", "100.00")
	require.Equal(m, []string{"pair_unknown"}, unmetCodes(m.ask(exitRefused, "ana", buy...).Error.Unmet))
	m.ask(exitNotFound, "ana", m.on(m.dollars, "path", "bank")...)
	m.ask(exitOK, "ana", m.on(m.dollars, "pair", "--min", "10.00", "--max", "900.00", "--quotation", "best_price", "--execution", "priority", "--inactive")...)
	m.ask(exitOK, "ana", m.on(m.dollars, "path", "house", "--spread", "50")...)
	m.ask(exitOK, "ana", m.on(m.dollars, "path", "bank", "--spread", "30", "--days-off", "30.5")...)
	require.Equal(m, []string{"pair_inactive", "no_path", "no_execution_path"}, unmetCodes(m.pairs().Pairs[0].Buy))
	require.Subset(m, unmetCodes(m.pairs().Pairs[0].Problems), []string{"pair_inactive", "no_path", "no_execution_path"})
	text, _ := m.do(exitOK, "ana", "pairs", "--customer", m.customer)
	m.shows(text, "USD/BRL cannot be traded as it is set up:", "pair_inactive", "Choose a pair that is active.", "no_path", "no_execution_path")
	m.ask(exitOK, "ana", m.on(m.dollars, "pair", "--active", "--execution", "pinned")...)
	require.Equal(m, []string{"no_path"}, unmetCodes(m.pairs().Pairs[0].Buy))
	m.ask(exitOK, "ana", "providers", "house", "bank", "--customer", m.customer)
	d := m.pairs()
	require.Equal(m, []string{"house", "bank"}, d.Providers)
	require.Empty(m, d.Pairs[0].Problems)
	require.Empty(m, d.Pairs[0].Buy)
	require.Equal(m, []string{"insufficient_available"}, unmetCodes(d.Pairs[0].Sell), "he has no dollars")
	require.Equal(m, "USD/BRL", d.Pairs[0].BaseAsset+"/"+d.Pairs[0].QuoteAsset)
	require.Equal(m, int64(4), d.Pairs[0].Version)

	out, _ := m.do(exitOK, "ana", "pairs", "--customer", m.customer)
	m.shows(out, "house, bank", "USD/BRL", "both", "from 10.00 BRL", "quoted by best_price, 2 paths", "yes", "insufficient_available", "active", "to 900.00 BRL", "executed by pinned")
	out, _ = m.do(exitOK, "ana", m.on(m.dollars, "paths")...)
	m.shows(out, "quotation", "1", "house", "50 bp", "50 bp", "50 bp", "yes", "quotation", "2", "bank", "30 bp", "30.5 bp", "30 bp", "yes")
	m.ask(exitInvalid, "ana", m.on(m.dollars, "path", "bank", "--priority", "1")...)
	m.ask(exitInvalid, "ana", m.on(m.dollars, "path", "bank", "--spread", "5001")...)
	m.ask(exitOK, "ana", m.on(m.dollars, "path", "bank", "--days-off", "30")...)
}

// quotes asks for prices, executes one, and trades at once.
func (m *trader) quotes() {
	m.Helper()
	require.Equal(m, []string{"trade_maximum"}, unmetCodes(m.ask(exitRefused, "ana", m.on(m.dollars, "quote", "buy", "--quote-amount", "900.01")...).Error.Unmet))
	m.ask(exitInvalid, "ana", m.on(m.dollars, "quote", "buy")...)
	m.ask(exitInvalid, "ana", m.on(m.dollars, "quote", "buy", "--base-amount", "1.00", "--quote-amount", "1.00")...)
	m.ask(exitInvalid, "ana", m.on(m.dollars, "quote", "barter", "--base-amount", "1.00")...)
	live, _ := m.do(exitOK, "ana", m.on(m.dollars, "quote", "buy", "--live", "--base-amount", "100.00")...)
	m.shows(live, "buy 100.00 USD for 544.84 BRL", "It would be accepted.")

	out, _ := m.do(exitOK, "ana", m.on(m.dollars, "quote", "buy", "--base-amount", "100.00", "--valid-for", "1m")...)
	m.shows(out, "trade (buy) of 100.00 USD", "prepared, version 1",
		"price", "buy 100.00 USD for 544.84 BRL", "exact amount", "USD exact, the other rounded up", "rate, all in", "5.4483963 BRL for 1 USD",
		"rate of the provider", "5.4321 BRL", "reference", "5.4321 BRL for 1 USD, made up of ", "spread", "30 basis points, ", ": 1.63 BRL", "quoted by", "bank",
		"total debit", "544.84 BRL", "total credit", "99.90 USD", "settled by", "bank", "fee trade", "0.10 USD on top", "expires", "in 1m0s")

	o := m.ask(exitOK, "ana", m.on(m.dollars, "quote", "buy", "--base-amount", "100.00")...).Operation
	execute := []string{"execute", string(o.ID), "--version", "1", "--customer", m.customer}
	out, _ = m.do(exitOK, "ana", execute...)
	m.shows(out, "completed", "buy 100.00 USD for 544.84 BRL", "settled by", "bank")
	require.Equal(m, []string{"state_forbids"}, unmetCodes(m.ask(exitRefused, "ana", "execute", string(o.ID), "--version", "3", "--customer", m.customer).Error.Unmet), "a quote is used once")

	m.ask(exitOK, "ana", m.on(m.dollars, "pair", "--fills", "in_part")...)
	out, _ = m.do(exitOK, "ana", "pairs", "--customer", m.customer)
	m.shows(out, "executed by pinned, in part")
	out, _ = m.do(exitOK, "ana", m.on(m.dollars, "quote", "buy", "--live", "--base-amount", "10.00")...)
	m.shows(out, "quoted by", "bank", "in part", "whatever part of it is carried out counts")
	m.ask(exitOK, "ana", m.on(m.dollars, "pair", "--fills", "whole")...)
	resolve := []string{"resolve", string(o.ID), "--version", "3", "--evidence", "statement 7", "--customer", m.customer}
	require.Equal(m, []string{"state_forbids"}, unmetCodes(m.ask(exitRefused, "ana", append(resolve, "--settled", "--part", "40", "--counter", "217.28")...).Error.Unmet))
	m.ask(exitInvalid, "ana", append(resolve, "--settled", "--part", "forty", "--counter", "217.28")...)
	m.ask(exitInvalid, "ana", append(resolve, "--not-settled", "--part", "40", "--counter", "217.28")...)
	out, _ = m.do(exitOK, "ana", "incidents", "--json")
	require.JSONEq(m, `{"incidents":[]}`, out)

	m.ask(exitOK, "ana", m.on(m.euros, "pair")...)
	m.ask(exitOK, "ana", m.on(m.euros, "path", "bank", "--spread", "30")...)
	m.ask(exitOK, "ana", m.on(m.euros, "path", "house", "--spread", "50")...)
	out, _ = m.do(exitOK, "ana", m.on(m.euros, "trade", "buy", "--quote-amount", "100.00")...)
	m.shows(out, "trade (buy) of 100.00 BRL", "completed, version 1", "buy 16.88 EUR for 100.00 BRL", "BRL exact, the other rounded down",
		"5.8938285 BRL for 1 EUR", "quoted by", "house", "made from", "1.085 USD for 1 EUR, made up", "made from", "5.4321 BRL for 1 USD, made up", "path that failed", "bank: no_rate", "total debit", "100.10 BRL", "total credit", "16.88 EUR",
		"settled by", "house", "fee trade", "0.10 BRL on top")
	require.Equal(m, []string{"limit_not_reached"}, unmetCodes(m.ask(exitRefused, "ana", m.on(m.euros, "trade", "sell", "--base-amount", "1.00", "--rate-limit", "6")...).Error.Unmet))
	sold := m.ask(exitOK, "ana", m.on(m.euros, "trade", "sell", "--base-amount", "1.00", "--rate-limit", "5.8")...).Operation
	require.Equal(m, "5.86", sold.Terms.Exchange.QuoteAmount.String(), "5.8643593575, rounded down")
	require.Equal(m, "0.03", sold.Terms.Exchange.ProviderAmount.Sub(sold.Terms.Exchange.QuoteAmount.Decimal).String())
}

// finds lists what was traded by pair.
func (m *trader) finds() {
	m.Helper()
	for pair, n := range map[string]int{"USD/BRL": 2, "EUR/BRL": 2, "BRL/USD": 0, "USD/EUR": 0} {
		out, _ := m.do(exitOK, "ana", "history", "--customer", m.customer, "--pair", pair, "--json")
		var d historyDoc
		require.NoError(m, json.Unmarshal([]byte(out), &d))
		require.Len(m, d.Operations, n, pair)
	}
	m.ask(exitInvalid, "ana", "history", "--customer", m.customer, "--pair", "USD")
}

// sums holds the treasury against what was traded.
func (m *trader) sums() {
	m.Helper()
	out, _ := m.do(exitOK, "ana", "treasury", "--json")
	var d treasuryDoc
	require.NoError(m, json.Unmarshal([]byte(out), &d))
	owed := map[string][2]string{}
	for _, p := range d.Providers {
		owed[p.Provider+" "+p.Asset] = [2]string{p.Owed.String(), p.Owing.String()}
	}
	require.Equal(m, map[string][2]string{
		"desk BRL":  {"1000", "0"}, // the deposit
		"bank USD":  {"100", "0"},
		"bank BRL":  {"0", "543.21"},
		"house EUR": {"15.88", "0"},
		"house BRL": {"0", "93.6"}, // 99.49 and 5.89 back
	}, owed)
	earned := map[string]string{}
	for _, r := range d.Income {
		earned[string(r.Account)+" "+r.Asset] = r.Amount.String()
	}
	require.Equal(m, map[string]string{
		"income:spread BRL": "2.17", // 1.63, 0.51 and 0.03
		"income:fees BRL":   "0.1",
		"income:fees USD":   "0.1", // a tenth of a cent of the euro is none
	}, earned)
	require.Empty(m, d.Other)
	out, _ = m.do(exitOK, "ana", "treasury")
	m.shows(out, "owes the firm", "is owed", "bank", "BRL", "543.21", "bank", "USD", "100.00", "Earned", "income:fees", "income:spread", "2.17")

	out, _ = m.do(exitOK, "ana", "treasury", "--of", "clearing:bank", "--asset", "BRL")
	m.shows(out, "clearing:bank, BRL", m.customer, "543.21", "desk statement clearing:bank")
	m.ask(exitInvalid, "ana", "treasury", "--of", "clearing:bank")

	settled := m.ask(exitOK, "ana", "settle", "bank", "--asset", "BRL", "--paid", "543.21", "--reference", "ted 1").Operation
	require.Equal(m, operations.Completed, settled.State)
	m.ask(exitOK, "ana", "settle", "bank", "--asset", "USD", "--received", "60.00", "--reference", "wire 1")
	m.ask(exitInvalid, "ana", "settle", "bank", "--asset", "USD", "--received", "60.001", "--reference", "wire 2")
	out, _ = m.do(exitOK, "ana", "treasury", "--json")
	d = treasuryDoc{}
	require.NoError(m, json.Unmarshal([]byte(out), &d))
	left := map[string]string{}
	for _, p := range d.Providers {
		if p.Provider == "bank" {
			left[p.Asset] = p.Owed.Sub(p.Owing.Decimal).String()
		}
	}
	require.Equal(m, "40", left["USD"])
	require.Contains(m, []string{"", "0"}, left["BRL"])
}

func TestTradesByRecordedRates(t *testing.T) {
	t.Parallel()
	m := newTrader(t)
	file := filepath.Join(t.TempDir(), "rates.csv")
	require.NoError(t, os.WriteFile(file, []byte("date,base,quote,rate\n2017-11-30,USD,BRL,3.2600\n2017-12-01,USD,BRL,3.2610\n"), 0o600))
	m.ask(exitOK, "ana", "providers", "bank", "--customer", m.customer)
	m.ask(exitOK, "ana", m.on(m.dollars, "pair")...)
	m.ask(exitOK, "ana", m.on(m.dollars, "path", "bank", "--spread", "100")...)
	out, _ := m.do(exitOK, "ana", m.on(m.dollars, "quote", "buy", "--base-amount", "10.00", "--rates", file)...)
	m.shows(out, "buy 10.00 USD for 32.94 BRL", "3.29361 BRL", "3.261 BRL", "reference", "rates.csv of 2017-12-01", "stale")
	m.ask(exitInvalid, "ana", "pairs", "--customer", m.customer, "--rates", file+".gone")
	require.NoError(t, os.WriteFile(file, []byte("date,base,quote,rate\n2017-11-31,USD,BRL,3.2600\n"), 0o600))
	require.Equal(t, "date", m.ask(exitInvalid, "ana", "pairs", "--customer", m.customer, "--rates", file).Error.Fields[0].Field)

	m.ask(exitOK, "ana", m.on(m.dollars, "path", "bank", "--remove")...)
	require.Equal(t, []string{"no_path"}, unmetCodes(m.pairs().Pairs[0].Buy))
	m.ask(exitOK, "ana", "providers", "--none", "--customer", m.customer)
	require.Empty(t, m.pairs().Providers)
}
