package trading

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// KindSettlement is the kind of settlements with providers.
const KindSettlement = "settlement"

// Settlement books, in the firm's own book, that money which the books of
// customers say is owed to a provider was paid to him, or that what he owes
// came: see operations.Firm.Treasury for how much that is. What is posted on the
// clearing account of the provider in all books together comes to zero by it,
// and the other side is at the bank or rail through which it went.
type Settlement struct {
	Provider  string
	Asset     string
	Paid      decimal.Decimal // to the provider
	Received  decimal.Decimal // from him; exactly one of the two is given
	Through   string          // the rail; empty: the manual desk
	Reference string          // what shows that it happened; required
}

const (
	attrAsset     = "asset"
	attrDirection = "direction"
	attrThrough   = "through"

	paid     = "paid"
	received = "received"
)

// Order is the settlement in the form of all orders.
func (s Settlement) Order() operations.Order {
	o := operations.Order{
		Kind: KindSettlement, Amount: accounts.Exact(s.Paid), Via: s.Provider, Reference: s.Reference,
		Attributes: map[string]string{attrAsset: s.Asset, attrDirection: paid},
	}
	switch {
	case !s.Paid.IsZero() && !s.Received.IsZero():
		o.Attributes[attrDirection] = "both"
	case s.Paid.IsZero():
		o.Amount, o.Attributes[attrDirection] = accounts.Exact(s.Received), received
	}
	if s.Through != "" {
		o.Attributes[attrThrough] = s.Through
	}
	return o
}

// Settlements is the kind, for Config.Kinds. It settles in the book at once: what
// it books has happened. It needs the adjust permission, in the house's scope.
type Settlements struct {
	Assets accounts.Assets // as in the engine's Config
}

// Name is KindSettlement.
func (Settlements) Name() string { return KindSettlement }

// Permission is to adjust.
func (Settlements) Permission() tenancy.Permission { return tenancy.Adjust }

// Validate tells what is malformed in an order of this kind.
func (k Settlements) Validate(o operations.Order) error {
	var errs []error
	wrong := func(is bool, field, why string) {
		if is {
			errs = append(errs, tenancy.Invalid(field, why))
		}
	}
	wrong(o.From != "", "from", "does not belong to this kind of operation")
	wrong(o.To != "", "to", "does not belong to this kind of operation")
	wrong(o.Reference == "", "reference", "is required")
	wrong(o.Purpose != "", "purpose", "does not belong to this kind of operation")
	wrong(!o.NotBefore.IsZero(), "not_before", "does not belong to this kind of operation")
	direction := o.Attributes[attrDirection]
	wrong(direction != paid && direction != received, "paid", "exactly one of paid and received has to be given")
	errs = append(errs, accounts.CheckProvider("via", o.Via), accounts.CheckProvider("through", through(o)))
	wrong(through(o) == o.Via, "through", "is the provider himself")
	asset, ok := k.Assets.Lookup(o.Attributes[attrAsset])
	wrong(!ok, "asset", "is not an asset here")
	if ok {
		errs = append(errs, accounts.CheckAmount("amount", o.Amount.Decimal, asset.Scale))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Attributes)) {
		wrong(name != attrAsset && name != attrDirection && name != attrThrough, "attributes", fmt.Sprintf("has %q, which is none of a settlement", name))
	}
	return errors.Join(errs...)
}

func through(o operations.Order) string {
	if t, ok := o.Attributes[attrThrough]; ok {
		return t
	}
	return operations.DeskName
}

// Plan posts between the clearing accounts of provider and rail.
func (Settlements) Plan(v operations.View, _ time.Time) (operations.Terms, []operations.Unmet) {
	o := v.Order()
	from, to := accounts.Clearing(o.Via), accounts.Clearing(through(o))
	if o.Attributes[attrDirection] == received {
		from, to = to, from
	}
	asset := o.Attributes[attrAsset]
	t := operations.Terms{Asset: asset, Postings: []accounts.Posting{
		{Ref: from, Asset: asset, Amount: accounts.Exact(o.Amount.Neg())},
		{Ref: to, Asset: asset, Amount: o.Amount},
	}}
	if v.Book().Customer != tenancy.House {
		return t, []operations.Unmet{{Code: operations.CodeHouseOnly, Subject: "customer", Remedy: "Settle in the firm's own book."}}
	}
	return t, nil
}
