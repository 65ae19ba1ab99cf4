package trading

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Provider quotes prices and executes trades. What executing promises is in
// operations.Provider; an instruction's Terms.Exchange says what to exchange,
// and a settled answer brings the base amount, in Amount and Asset, and what it
// was paid with or brought, in Counter and CounterAsset. Where Parts is set
// there, a part may be carried out and told, once it is certain that the rest
// will not be, as operations.AnswerPart: an amount that is less, and for it the
// counter amount at the ProviderRate, rounded to a unit. Where it is not set, it
// is all or nothing.
type Provider interface {
	operations.Provider
	// Quote gives a rate without obligation: nothing happens until Send. Requests
	// that are the same at the same time are joined, so one quotation may become
	// several trades. ErrNoRate says that there is none for the pair, ErrStale that
	// it is too old; any other error counts against the provider.
	Quote(ctx context.Context, a Ask) (Quotation, error)
}

// Ask is what a provider is asked to quote.
type Ask struct {
	Base, Quote string          // assets
	Side        operations.Side // the customer's
	Amount      decimal.Decimal // above zero
	OfBase      bool            // the amount is of the base asset, otherwise of the quote asset
	ValidFor    time.Duration   // how long the quote should stand
}

// Quotation is a rate to trade at.
type Quotation struct {
	Rate     decimal.Decimal // of one unit of the base asset, in the quote asset; as Rate.Value
	Expires  time.Time       // good until then, exclusive; zero: as long as the firm's policy says
	Stale    bool            // made from an old rate, and known to be
	External string          // the provider's name for it, at most 128 bytes
	Legs     []Rate          // what the rate was made from, as Rate.Legs; shown where the terms have no other reference
}

// usable tells whether the quotation can be relied on.
func (q Quotation) usable(now time.Time) error {
	errs := []error{CheckRate("rate", q.Rate), tenancy.CheckText("external", q.External, 128)}
	errs = append(errs, usableLegs(q.Legs))
	if !q.Expires.IsZero() && !now.Before(q.Expires) {
		errs = append(errs, tenancy.Invalid("expires", "is over"))
	}
	return errors.Join(errs...)
}

// usableLegs tells whether rates are legs that can be shown.
func usableLegs(legs []Rate) error {
	var errs []error
	if len(legs) > operations.MaxLegs {
		errs = append(errs, tenancy.Invalid("legs", fmt.Sprintf("are more than %d", operations.MaxLegs)))
	}
	for _, l := range legs {
		errs = append(errs, l.Validate())
	}
	return errors.Join(errs...)
}

// Errors of sources and providers, matched with errors.Is.
var (
	ErrNoRate = errors.New("no rate for the pair")
	ErrStale  = errors.New("the rate is too old")
)
