package trading

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Strategy is how a path is chosen among several.
type Strategy string

// The strategies. Quotations are found by Priority or BestPrice, executions by
// Pinned or Priority.
const (
	// Priority takes the first path, in order, that answers in time; for
	// executions the first that is active.
	Priority Strategy = "priority"
	// BestPrice asks all paths at once and takes what is best for the customer,
	// the spread included; of equal ones the first.
	BestPrice Strategy = "best_price"
	// Pinned executes where the price was quoted.
	Pinned Strategy = "pinned"
)

// Sides says in which directions something is traded. The zero value is both.
type Sides string

// The sides.
const (
	Both     Sides = ""
	BuyOnly  Sides = "buy"
	SellOnly Sides = "sell"
)

func (s Sides) has(side operations.Side) bool { return s == Both || string(s) == string(side) }

func (s Sides) validate(field string) error {
	if s != Both && s != BuyOnly && s != SellOnly {
		return tenancy.Invalid(field, "is not buy, sell or empty for both")
	}
	return nil
}

// Fills says what may become of a trade that its provider can carry out in part
// only.
type Fills string

// The fills.
const (
	// WholeOnly has a trade carried out whole or not at all. It is the zero value. A
	// provider who tells of a part all the same is not believed: an incident opens,
	// and nothing is posted.
	WholeOnly Fills = ""
	// InPart takes the part that was carried out, at the rate of the quote, and
	// gives back what was set aside for the rest; see operations.AnswerPart.
	InPart Fills = "in_part"
)

// Path is one way to a price, or to its execution.
type Path struct {
	Provider string  `json:"provider"`
	Priority int     `json:"priority"` // 1 comes first; each once in a list
	Spread   Spreads `json:"spread,omitzero"`
	Sides    Sides   `json:"sides,omitempty"`
	Inactive bool    `json:"inactive,omitempty"`
}

// Pair is what a customer may trade: one unit of the asset of the base account
// for so many of that of the quote account.
type Pair struct {
	Base  accounts.ID `json:"base"`
	Quote accounts.ID `json:"quote"` // an account of another asset
	Sides Sides       `json:"sides,omitempty"`

	Minimum accounts.Amount `json:"minimum,omitzero"` // of the quote amount of one trade
	Maximum accounts.Amount `json:"maximum,omitzero"` // zero: none

	Inactive   bool     `json:"inactive,omitempty"`
	Quotation  Strategy `json:"quotation,omitempty"`  // Priority or BestPrice; empty: Priority
	Execution  Strategy `json:"execution,omitempty"`  // Pinned or Priority; empty: Pinned
	Fills      Fills    `json:"fills,omitempty"`      // of trades that a provider carries; frozen in each quote
	Quotations []Path   `json:"quotations,omitempty"` // at most MaxPaths
	Executions []Path   `json:"executions,omitempty"` // for Priority; their spreads do not count
}

// MaxPaths is how many paths a list of a pair may have.
const MaxPaths = 16

// Customer is what holds for all pairs of a customer.
type Customer struct {
	Providers []string `json:"providers"` // that may be used for him, by name
}

// maxProviders is how many providers may be enabled for a customer.
const maxProviders = 64

// SetPair sets a pair up, or changes it. A pair that is not tradable yet can be
// kept: operations.Book.Problems tells what it wants. Version as for operations.Set.
type SetPair struct {
	Pair

	Version int64 `json:"version"`
}

// SetCustomer says which providers may be used for a customer. Version as for
// operations.Set.
type SetCustomer struct {
	Customer

	Version int64 `json:"version"`
}

// pairName is the setting that holds a pair.
func pairName(base, quote accounts.ID) string {
	return KindTrade + ":" + string(base) + ":" + string(quote)
}

// Change names the change.
func (SetPair) Change() string { return operations.Set{}.Change() }

// Validate tells everything that is malformed.
func (x SetPair) Validate() error { return x.validate() }

// Set is the setting to be kept.
func (x SetPair) Set() (operations.Set, error) {
	return setting(pairName(x.Base, x.Quote), x.Version, x.Pair, x.Validate())
}

// Change names the change.
func (SetCustomer) Change() string { return operations.Set{}.Change() }

// Validate tells everything that is malformed.
func (x SetCustomer) Validate() error { return x.validate() }

// Set is the setting to be kept.
func (x SetCustomer) Set() (operations.Set, error) {
	return setting(KindTrade, x.Version, x.Customer, x.Validate())
}

func setting(name string, version int64, body any, malformed error) (operations.Set, error) {
	if malformed != nil {
		return operations.Set{}, malformed
	}
	b, err := json.Marshal(body)
	if err != nil {
		return operations.Set{}, tenancy.Invalid("body", err.Error())
	}
	return operations.Set{Name: name, Version: version, Body: b}, nil
}

func (c *Customer) validate() error {
	var errs []error
	if len(c.Providers) > maxProviders {
		errs = append(errs, tenancy.Invalid("providers", fmt.Sprintf("are more than %d", maxProviders)))
	}
	for i, name := range c.Providers {
		errs = append(errs, accounts.CheckProvider(fmt.Sprintf("providers[%d]", i), name))
		if slices.Contains(c.Providers[:i], name) {
			errs = append(errs, tenancy.Invalid("providers", fmt.Sprintf("has %q twice", name)))
		}
	}
	return errors.Join(errs...)
}

func (p *Pair) validate() error {
	errs := []error{tenancy.CheckID("base", string(p.Base)), tenancy.CheckID("quote", string(p.Quote)), p.Sides.validate("sides")}
	if p.Base != "" && p.Base == p.Quote {
		errs = append(errs, tenancy.Invalid("quote", "is the base account"))
	}
	for _, b := range []struct {
		field  string
		amount decimal.Decimal
	}{{"minimum", p.Minimum.Decimal}, {"maximum", p.Maximum.Decimal}} {
		if !b.amount.IsZero() {
			errs = append(errs, accounts.CheckAmount(b.field, b.amount, accounts.MaxScale))
		}
	}
	if p.Maximum.IsPositive() && p.Minimum.GreaterThan(p.Maximum.Decimal) {
		errs = append(errs, tenancy.Invalid("minimum", "is above the maximum"))
	}
	if !slices.Contains([]Strategy{"", Priority, BestPrice}, p.Quotation) {
		errs = append(errs, tenancy.Invalid("quotation", "is not priority or best_price"))
	}
	if !slices.Contains([]Strategy{"", Priority, Pinned}, p.Execution) {
		errs = append(errs, tenancy.Invalid("execution", "is not pinned or priority"))
	}
	if p.Fills != WholeOnly && p.Fills != InPart {
		errs = append(errs, tenancy.Invalid("fills", "is not in_part, or empty for whole only"))
	}
	errs = append(errs, checkPaths("quotations", p.Quotations), checkPaths("executions", p.Executions))
	return errors.Join(errs...)
}

func checkPaths(field string, paths []Path) error {
	var errs []error
	if len(paths) > MaxPaths {
		errs = append(errs, tenancy.Invalid(field, fmt.Sprintf("are more than %d", MaxPaths)))
	}
	for i, p := range paths {
		at := fmt.Sprintf("%s[%d]", field, i)
		errs = append(errs, accounts.CheckProvider(at+".provider", p.Provider), p.Sides.validate(at+".sides"), p.Spread.Validate(at+".spread"))
		if p.Priority < 1 || p.Priority > 1000 {
			errs = append(errs, tenancy.Invalid(at+".priority", "is not 1 to 1000"))
		}
		for _, q := range paths[:i] {
			if q.Priority == p.Priority {
				errs = append(errs, tenancy.Invalid(at+".priority", "is that of another path"))
			}
			if q.Provider == p.Provider && (q.Sides == Both || p.Sides == Both || q.Sides == p.Sides) {
				errs = append(errs, tenancy.Invalid(at+".provider", "has another path for that side"))
			}
		}
	}
	return errors.Join(errs...)
}

// CheckSetting tells what is wrong with a setting of trades. A pair that cannot
// be traded yet may be kept, an account that is not the customer's may not.
func (k *Kind) CheckSetting(v operations.View, s operations.Setting) ([]operations.Unmet, error) {
	if s.Name == KindTrade {
		var c Customer
		if err := read(s, &c); err != nil {
			return nil, err
		}
		return nil, c.validate()
	}
	var p Pair
	if err := read(s, &p); err != nil {
		return nil, err
	}
	if err := p.validate(); err != nil {
		return nil, err
	}
	if s.Name != pairName(p.Base, p.Quote) {
		return nil, tenancy.Invalid("name", "is not that of the pair")
	}
	return p.foreign(v), nil
}

// read decodes a setting strictly.
func read(s operations.Setting, into any) error {
	dec := json.NewDecoder(bytes.NewReader(s.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return tenancy.Invalid("body", err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return tenancy.Invalid("body", "is more than one document")
	}
	return nil
}

// Problems tells everything that keeps a pair from being traded now, on each of
// its sides, or the customer from trading at all.
func (k *Kind) Problems(v operations.View, s operations.Setting) []operations.Unmet {
	var unmet []operations.Unmet
	if s.Name == KindTrade {
		if len(customerOf(v).Providers) == 0 {
			unmet = append(unmet, operations.Unmet{Code: CodeNoPath, Subject: "customer", Remedy: "Have providers enabled for the customer."})
		}
		return unmet
	}
	var p Pair
	if read(s, &p) != nil {
		return []operations.Unmet{{Code: operations.CodeSettingUnknown, Subject: "setting:" + s.Name, Remedy: "Have it set anew."}}
	}
	for _, side := range []operations.Side{operations.Buy, operations.Sell} {
		if !p.Sides.has(side) {
			continue
		}
		o := operations.Order{Kind: KindTrade, From: p.Quote, To: p.Base, Attributes: map[string]string{attrSide: string(side), attrFixed: fixedBase}}
		if side == operations.Sell {
			o.From, o.To = p.Base, p.Quote
		}
		_, not := k.offered(v, o)
		unmet = append(unmet, not...)
		unmet = append(unmet, v.Eligible(o.From, accounts.Debit, decimal.Decimal{})...)
		unmet = append(unmet, v.Eligible(o.To, accounts.Credit, decimal.Decimal{})...)
	}
	return unmet
}

// PairSetting is the name of the setting that holds a pair; see
// operations.Book.Problems.
func PairSetting(base, quote accounts.ID) string { return pairName(base, quote) }

// foreign tells of accounts of the pair that are not the customer's, or are of
// one asset.
func (p *Pair) foreign(v operations.View) []operations.Unmet {
	var unmet []operations.Unmet
	base, found := v.Account(p.Base)
	if !found {
		unmet = append(unmet, v.Eligible(p.Base, accounts.Credit, decimal.Decimal{})...)
	}
	quote, other := v.Account(p.Quote)
	if !other {
		unmet = append(unmet, v.Eligible(p.Quote, accounts.Credit, decimal.Decimal{})...)
	}
	if found && other && base.Asset == quote.Asset {
		unmet = append(unmet, operations.Unmet{
			Code: CodePairSame, Subject: "account:" + string(p.Quote), Figures: []operations.Figure{{Name: "asset", Value: quote.Asset}},
			Remedy: "Choose two accounts of different assets.",
		})
	}
	return unmet
}

// Pairs are the customer's pairs as they are set up, by base and quote account.
func Pairs(v operations.View) ([]Pair, error) {
	var all []Pair
	for _, s := range v.Settings(KindTrade) {
		if s.Name == KindTrade {
			continue
		}
		var p Pair
		if err := read(s, &p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// pairOf finds the pair of an order, whichever way round.
func pairOf(v operations.View, o operations.Order) (p *Pair, side operations.Side, ok bool) {
	for _, side := range []operations.Side{operations.Buy, operations.Sell} {
		if want := o.Attributes[attrSide]; want != "" && want != string(side) {
			continue
		}
		if d, ok := v.Decoded(pairNameOf(o, side), decodePair); ok {
			p, is := d.(*Pair)
			return p, side, is
		}
	}
	return &Pair{}, "", false
}

// pairNameOf is the setting of the pair that an order on this side is of.
func pairNameOf(o operations.Order, side operations.Side) string {
	if side == operations.Sell {
		return pairName(o.From, o.To)
	}
	return pairName(o.To, o.From)
}

// versions are those of the settings an order rests on.
func versions(v operations.View, o operations.Order) (pair, customer int64) {
	return v.SettingVersion(pairNameOf(o, operations.Side(o.Attributes[attrSide]))), v.SettingVersion(KindTrade)
}

func decodePair(s operations.Setting) (any, error) {
	p := &Pair{}
	err := read(s, p)
	return p, err
}

func decodeCustomer(s operations.Setting) (any, error) {
	c := &Customer{}
	err := read(s, c)
	return c, err
}

func (c *Customer) enabled(provider string) bool { return slices.Contains(c.Providers, provider) }

func customerOf(v operations.View) *Customer {
	if d, ok := v.Decoded(KindTrade, decodeCustomer); ok {
		if c, is := d.(*Customer); is {
			return c
		}
	}
	return &Customer{}
}

// inOrder are the active paths for a side, the first one first.
func inOrder(paths []Path, side operations.Side) []Path {
	var all []Path
	for _, p := range paths {
		if !p.Inactive && p.Sides.has(side) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Path) int { return a.Priority - b.Priority })
	return all
}

// pairText is how a pair is named in subjects.
func pairText(o operations.Order) string {
	return "pair:" + string(o.From) + "/" + string(o.To)
}
