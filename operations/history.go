package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// The bounds of every list.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// HistoryFilter says which operations to list; zero fields do not restrict.
type HistoryFilter struct {
	States   []State
	Kinds    []string
	Asset    string
	Account  accounts.ID // debited or credited
	Min, Max *decimal.Decimal
	Since    time.Time // created at or after
	Until    time.Time // created before
	Maker    tenancy.OperatorID
	Pair     Pair // exchanged at a price of this pair
}

// Pair names two assets: so many of the quote asset are the price of one unit of
// the base asset. The zero value is none.
type Pair struct{ Base, Quote string }

// ParsePair reads a pair in the form BASE/QUOTE, such as USD/BRL. Errors:
// invalid.
func ParsePair(text string) (Pair, error) {
	base, quote, ok := strings.Cut(text, "/")
	p := Pair{Base: base, Quote: quote}
	if !ok || p.validate() != nil {
		return Pair{}, tenancy.Invalid("pair", "is not two assets in the form BASE/QUOTE")
	}
	return p, nil
}

// String is the pair as ParsePair reads it; empty for none.
func (p Pair) String() string {
	if p == (Pair{}) {
		return ""
	}
	return p.Base + "/" + p.Quote
}

func (p Pair) validate() error {
	if p.Base == p.Quote {
		return tenancy.Invalid("pair", "is of one asset alone")
	}
	return errors.Join(tenancy.CheckID("pair", p.Base), tenancy.CheckID("pair", p.Quote))
}

// prices tells whether the operation is an exchange at a price of the pair.
func (p Pair) prices(o *Operation) bool {
	x := o.Terms.Exchange
	return x != nil && x.Base == p.Base && x.Quote == p.Quote
}

// Operations is a page of operations, newest first.
type Operations struct {
	Items []Operation
	Next  string // cursor of the next page; empty: there is none
}

// History lists the customer's operations, newest first. Limit 0 is
// DefaultLimit, more than MaxLimit is invalid. A page may come back short with
// a Next to go on from: it looks at a bounded number of rows. The cursor is
// good for this book and filter only. Errors: invalid, too.
func (b *Book) History(ctx context.Context, q HistoryFilter, cursor string, limit int) (Operations, error) {
	if err := q.validate(); err != nil {
		return Operations{}, err
	}
	q.Since, q.Until = instant(q.Since), instant(q.Until)
	limit, before, err := b.place("history", q, cursor, limit)
	if err != nil {
		return Operations{}, err
	}
	r, err := b.eng.read(ctx, b.scope, "history", Want{})
	if err != nil {
		return Operations{}, err
	}
	query := HistoryQuery{
		Before: before, Limit: limit, States: q.States, Kinds: q.Kinds, Asset: q.Asset, Account: q.Account,
		Min: q.Min, Max: q.Max, Since: q.Since, Until: q.Until, Maker: q.Maker,
	}
	if q.Pair != (Pair{}) {
		// The store knows accounts, and by them nearly which: the document tells the
		// rest, such as which of the two assets is the base.
		if query.Between = r.f.between(q.Pair); query.Between.IsZero() {
			return Operations{}, nil
		}
	}
	page, err := b.eng.store.History(ctx, r.f.id, query)
	if err != nil {
		return Operations{}, b.eng.failed(ctx, fmt.Errorf("list operations: %w", err))
	}
	all := Operations{Items: make([]Operation, 0, len(page.Items))}
	for i := range page.Items {
		o, err := documentOf(&page.Items[i])
		if err != nil {
			return Operations{}, classify(err)
		}
		if q.Pair == (Pair{}) || q.Pair.prices(o) {
			all.Items = append(all.Items, *o)
		}
	}
	if page.More {
		all.Next = b.cursor("history", q, page.Next)
	}
	return all, nil
}

// between are the accounts that an exchange of the pair goes between, of any
// status; none where the customer never had one of either asset.
func (f *Folded) between(p Pair) Between {
	var b Between
	for id, a := range f.accounts.all {
		switch a.Asset {
		case p.Base:
			b.One = append(b.One, id)
		case p.Quote:
			b.Other = append(b.Other, id)
		}
	}
	if len(b.One) == 0 || len(b.Other) == 0 {
		return Between{}
	}
	return b
}

func (q HistoryFilter) validate() error {
	var errs []error
	for _, s := range q.States {
		if !slices.Contains(States(), s) {
			errs = append(errs, tenancy.Invalid("states", "has one that is no state"))
		}
	}
	if len(q.Kinds) > 64 || len(q.States) > 64 {
		errs = append(errs, tenancy.Invalid("kinds", "are more than 64"))
	}
	for _, k := range q.Kinds {
		errs = append(errs, tenancy.CheckID("kinds", k))
	}
	for _, f := range []struct{ field, id string }{{"account", string(q.Account)}, {"maker", string(q.Maker)}, {"asset", q.Asset}} {
		if f.id != "" {
			errs = append(errs, tenancy.CheckID(f.field, f.id))
		}
	}
	for _, f := range []struct {
		field string
		d     *decimal.Decimal
	}{{"min", q.Min}, {"max", q.Max}} {
		if f.d != nil {
			errs = append(errs, accounts.CheckSigned(f.field, *f.d, accounts.MaxScale))
		}
	}
	if q.Pair != (Pair{}) {
		errs = append(errs, q.Pair.validate())
	}
	return errors.Join(append(errs, checkTime("since", q.Since), checkTime("until", q.Until))...)
}

// Lines is a page of a statement, newest first.
type Lines struct {
	Items []PostingRow
	Next  string
}

// Statement lists the postings of one of the customer's accounts, or of a
// system account of the book in one asset, newest first, each with the balance
// after it. Limit and cursor as for History; a page may hold more lines than
// the limit when one entry posts more than once to the account.
func (b *Book) Statement(ctx context.Context, q StatementFilter, cursor string, limit int) (Lines, error) {
	if err := q.validate(); err != nil {
		return Lines{}, err
	}
	q.Since, q.Until = instant(q.Since), instant(q.Until)
	limit, before, err := b.place("statement", q, cursor, limit)
	if err != nil {
		return Lines{}, err
	}
	r, err := b.eng.read(ctx, b.scope, "statement", Want{})
	if err != nil {
		return Lines{}, err
	}
	if id, ok := q.Account.Account(); ok {
		if _, found := r.f.accounts.get(id); !found {
			return Lines{}, ErrNotFound
		}
	}
	page, err := b.eng.store.Statement(ctx, r.f.id, StatementQuery{
		Ref: q.Account, Asset: q.Asset, Before: before, Limit: limit, Since: q.Since, Until: q.Until,
	})
	if err != nil {
		return Lines{}, b.eng.failed(ctx, fmt.Errorf("list postings: %w", err))
	}
	all := Lines{Items: page.Items}
	if page.More {
		all.Next = b.cursor("statement", q, page.Next)
	}
	return all, nil
}

// StatementFilter says which postings to list.
type StatementFilter struct {
	Account accounts.Ref // required
	Asset   string       // for a system account that has several; empty: all
	Since   time.Time
	Until   time.Time
}

func (q StatementFilter) validate() error {
	errs := []error{q.Account.Validate(), checkTime("since", q.Since), checkTime("until", q.Until)}
	if q.Asset != "" {
		errs = append(errs, tenancy.CheckID("asset", q.Asset))
	}
	return errors.Join(errs...)
}

// Line is one entry of the journal with its hash.
type Line struct {
	Entry
	Hash Hash
}

func lineOf(s Sealed) (Line, error) {
	e, err := s.Open()
	if err != nil {
		return Line{}, classify(err)
	}
	return Line{Entry: *e, Hash: s.Hash}, nil
}

// Journal lists the book's entries after seq, oldest first: who did what for
// whom and why, with every effect. Limit as for History.
func (b *Book) Journal(ctx context.Context, after int64, limit int) ([]Line, error) {
	limit, err := bounded(limit)
	if after < 0 {
		err = errors.Join(err, tenancy.Invalid("after", "is negative"))
	}
	if err != nil {
		return nil, err
	}
	r, err := b.eng.read(ctx, b.scope, "journal", Want{})
	if err != nil {
		return nil, err
	}
	sealed, err := b.eng.store.Journal(ctx, r.f.id, after, limit)
	if err != nil {
		return nil, b.eng.failed(ctx, fmt.Errorf("read journal: %w", err))
	}
	lines := make([]Line, 0, len(sealed))
	for _, s := range sealed {
		l, err := lineOf(s)
		if err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func bounded(limit int) (int, error) {
	switch {
	case limit == 0:
		return DefaultLimit, nil
	case limit < 0 || limit > MaxLimit:
		return 0, tenancy.Invalid("limit", fmt.Sprintf("is not 1 to %d", MaxLimit))
	}
	return limit, nil
}
