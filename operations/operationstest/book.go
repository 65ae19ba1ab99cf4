package operationstest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Opposite is where the other side of every balance of a BookSpec is posted, so
// that a book made from one is balanced and each of its other system accounts
// holds just what the spec says.
const Opposite accounts.Ref = "clearing:operationstest"

// BookSpec describes one customer's book as a test needs it. The zero value is
// an active individual without accounts. Amounts are text as people write it,
// such as "1250.00", read by accounts.ParseSigned at the asset's scale; empty
// is zero.
//
// Fold makes the book from entries of its own, as the engine folds a journal:
// what no journal folds to is an error of the spec.
type BookSpec struct {
	Tenant   tenancy.TenantID   // empty: "firm"
	Customer tenancy.CustomerID // empty: "customer"
	Type     customer.Type      // empty: individual
	Status   customer.Status    // empty: active
	Groups   []string           // the customer's
	Country  string             // ISO 3166-1, two capital letters; empty: not known
	At       time.Time          // when all of it happened, if not said otherwise. Zero: Start

	Accounts   []AccountSpec
	Currencies []string // enabled beside those of the accounts
	Disabled   []string // not enabled, though there are accounts in it
	System     []SystemSpec
	Settings   []operations.Setter // of kinds, such as trading.SetPair; their kinds' checks are not made
	Open       []OperationSpec
	Freezes    []operations.Freeze // that hold; the reason is required

	Assets accounts.Assets // as in Config; zero: every current fiat currency
}

// AccountSpec describes an account of the customer. Only ID and Asset are
// required: it is then active, empty, without a debt limit, and has the details
// it needs.
type AccountSpec struct {
	ID         accounts.ID
	Asset      string
	Posted     string // below zero: he owes it
	Held       string // set aside by operations the spec does not list; those in Open add theirs
	DebtLimit  string // of debt
	Status     accounts.Status
	Directions accounts.Directions
	Configured []string  // the details that are set; empty: bank, branch and number, or network and address
	Incomplete bool      // no details at all: not usable yet
	Opened     time.Time // zero: the spec's At
}

// SystemSpec is the balance of a system account of the book.
type SystemSpec struct {
	Ref    accounts.Ref
	Asset  string
	Posted string
}

// OperationSpec describes an operation that is not final. Only Request is
// required: it is then executing, with the plain terms of such an order.
type OperationSpec struct {
	ID      operations.OperationID // empty: "open-1" for the first one, and so on
	State   operations.State       // empty: executing
	Request operations.Request
	Terms   operations.Terms // zero: the amount moves from From, or clearing, to To, or clearing, and is held on From
	Maker   tenancy.Actor    // zero: Operator
	Created time.Time        // zero: the spec's At
	Counts  []string         // the limits it counts towards, on the UTC day of Created: "daily", or "daily@operator" where each counts for himself
}

// Operator is who acts where a test does not say: operator "operator", person
// "person".
func Operator() tenancy.Actor {
	return tenancy.Actor{Kind: tenancy.OperatorActor, ID: "operator", Person: "person"}
}

// Fold makes the book. What the spec has wrong, such as an unknown asset or an
// amount with too many digits, ends the test, with all of it listed.
func (s BookSpec) Fold(tb testing.TB) *operations.Folded {
	tb.Helper()
	f, err := s.defaulted().fold()
	if err != nil {
		tb.Fatalf("operationstest: the book cannot be made:\n%v", err)
	}
	return f
}

func (s BookSpec) fold() (*operations.Folded, error) {
	w := &writer{f: operations.Empty(operations.BookID{Tenant: s.Tenant, Customer: s.Customer})}
	events, err := s.events()
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	if err := w.write(s.opening(events[0].at)); err != nil {
		return nil, err
	}
	for _, e := range events {
		if err := w.write(e); err != nil {
			return nil, err
		}
	}
	return w.f, nil
}

func (s BookSpec) defaulted() BookSpec {
	d := s
	set(&d.Tenant, "firm")
	set(&d.Customer, "customer")
	set(&d.Type, customer.Individual)
	set(&d.Status, customer.Active)
	set(&d.At, Start())
	return d
}

func set[T comparable](field *T, usual T) {
	var zero T
	if *field == zero {
		*field = usual
	}
}

// event is an entry to be: what happens, and when.
type event struct {
	at      time.Time
	action  operations.Action
	subject operations.OperationID
	effects func(seq int64, at time.Time) operations.Effects
}

// opening is the first entry. It is not later than any other.
func (s BookSpec) opening(first time.Time) event {
	fx := operations.Effects{Customer: &operations.CustomerEffect{Type: s.Type, Status: s.Status, Country: s.Country, Groups: slices.Sorted(slices.Values(s.Groups))}}
	if s.At.Before(first) {
		first = s.At
	}
	return event{at: first, action: operations.ActOpen, effects: func(int64, time.Time) operations.Effects { return fx }}
}

// events are all further entries, in the order of the spec; errors name what
// it has wrong.
func (s BookSpec) events() ([]event, error) {
	errs := []error{
		tenancy.CheckID("tenant", string(s.Tenant)), tenancy.CheckID("customer", string(s.Customer)), s.customerValid(),
	}
	var all []event
	add := func(at time.Time, action operations.Action, fx operations.Effects) {
		all = append(all, event{at: at, action: action, effects: func(int64, time.Time) operations.Effects { return fx }})
	}
	var fx operations.Effects
	scales := map[accounts.ID]accounts.Asset{}
	for i, a := range s.Accounts {
		at := a.Opened
		set(&at, s.At)
		effects, asset, err := a.effects(s.Assets)
		if err != nil {
			errs = append(errs, fmt.Errorf("accounts[%d] %q: %w", i, a.ID, err))
			continue
		}
		if _, twice := scales[a.ID]; twice {
			errs = append(errs, fmt.Errorf("accounts[%d] %q: is there twice", i, a.ID))
		}
		scales[a.ID] = asset
		add(at, "account.open", effects)
		fx.Currencies = enable(fx.Currencies, asset.Code, true)
	}
	for _, c := range s.Currencies {
		fx.Currencies = enable(fx.Currencies, c, true)
	}
	for _, c := range s.Disabled {
		fx.Currencies = enable(fx.Currencies, c, false)
	}
	for _, c := range fx.Currencies {
		if _, ok := s.Assets.Lookup(c.Asset); !ok {
			errs = append(errs, fmt.Errorf("currency %q: is not in the spec's assets", c.Asset))
		}
	}
	for i, b := range s.System {
		postings, err := b.postings(s.Assets)
		if err != nil {
			errs = append(errs, fmt.Errorf("system[%d] %q: %w", i, b.Ref, err))
		}
		fx.Postings = append(fx.Postings, postings...)
	}
	add(s.At, "operationstest.balances", fx)
	for i, x := range s.Settings {
		set, err := x.Set()
		if err != nil {
			errs = append(errs, fmt.Errorf("settings[%d]: %w", i, err))
			continue
		}
		all = append(all, event{at: s.At, action: "setting.set", effects: func(seq int64, at time.Time) operations.Effects {
			return operations.Effects{Settings: []operations.Setting{{
				Name: set.Name, Version: set.Version + 1, Body: set.Body, By: tenancy.OperatorID(Operator().ID), Seq: seq, At: at,
			}}}
		}})
	}
	for i, z := range s.Freezes {
		subject := "customer"
		if z.Account != "" {
			subject = "account:" + string(z.Account)
		}
		if err := z.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("freezes[%d]: %w", i, err))
		}
		if _, ok := scales[z.Account]; !ok && z.Account != "" {
			errs = append(errs, fmt.Errorf("freezes[%d]: account %q is not in the spec", i, z.Account))
		}
		all = append(all, event{at: s.At, action: operations.Action(z.Change()), effects: func(int64, time.Time) operations.Effects {
			return operations.Effects{Freezes: []operations.FreezeEffect{{Subject: subject, Frozen: true, Reason: z.Reason}}}
		}})
	}
	for i, o := range s.Open {
		events, err := o.events(operations.OperationID(fmt.Sprintf("open-%d", i+1)), s.At, scales)
		if err != nil {
			errs = append(errs, fmt.Errorf("open[%d]: %w", i, err))
		}
		all = append(all, events...)
	}
	return all, errors.Join(errs...)
}

func (s BookSpec) customerValid() error {
	var errs []error
	if _, err := customer.ParseType(string(s.Type)); err != nil {
		errs = append(errs, fmt.Errorf("type: %w", err))
	}
	if _, err := customer.ParseStatus(string(s.Status)); err != nil {
		errs = append(errs, fmt.Errorf("status: %w", err))
	}
	if s.Country != "" && !slices.Contains(customer.Countries(), s.Country) {
		errs = append(errs, errors.New("country: is not an ISO 3166-1 code of two capital letters"))
	}
	return errors.Join(errs...)
}

func enable(all []operations.CurrencyEffect, asset string, enabled bool) []operations.CurrencyEffect {
	for i := range all {
		if all[i].Asset == asset {
			all[i].Enabled = enabled
			return all
		}
	}
	return append(all, operations.CurrencyEffect{Asset: asset, Enabled: enabled})
}

// postings bring the system account to its balance.
func (b SystemSpec) postings(assets accounts.Assets) ([]accounts.Posting, error) {
	asset, ok := assets.Lookup(b.Asset)
	amount, err := amountOf("posted", b.Posted, asset.Scale)
	switch {
	case !ok:
		return nil, fmt.Errorf("asset %q is not in the spec's assets", b.Asset)
	case err != nil:
		return nil, err
	case !b.Ref.System() || b.Ref == Opposite:
		return nil, errors.New("is not a system account that a spec may set")
	}
	return against(b.Ref, asset.Code, amount), b.Ref.Validate()
}

// against posts the amount with its other side on Opposite.
func against(ref accounts.Ref, asset string, amount decimal.Decimal) []accounts.Posting {
	if amount.IsZero() {
		return nil
	}
	return []accounts.Posting{
		{Ref: ref, Asset: asset, Amount: accounts.Exact(amount)},
		{Ref: Opposite, Asset: asset, Amount: accounts.Exact(amount.Neg())},
	}
}

func amountOf(field, text string, scale int32) (decimal.Decimal, error) {
	if text == "" {
		return decimal.Decimal{}, nil
	}
	d, err := accounts.ParseSigned(text, scale)
	if err != nil {
		return d, fmt.Errorf("%s %q: %w", field, text, err)
	}
	return d, nil
}

// writer folds one entry after the other.
type writer struct{ f *operations.Folded }

func (w *writer) write(e event) error {
	seq := w.f.Head().Seq + 1
	at := e.at.UTC().Truncate(time.Microsecond)
	id := w.f.ID()
	entry := &operations.Entry{
		Format: operations.Format, Tenant: id.Tenant, Customer: id.Customer, Seq: seq, At: at, Prev: w.f.Head().Hash,
		Action: e.action, Actors: []tenancy.Actor{Operator()}, Operation: e.subject, Effects: e.effects(seq, at),
	}
	sealed, err := operations.Seal(entry)
	if err != nil {
		return fmt.Errorf("operationstest: %w", err)
	}
	f, err := operations.Fold(w.f, entry, sealed.Hash)
	if err != nil {
		return fmt.Errorf("operationstest: %w", err)
	}
	w.f = f
	return nil
}
