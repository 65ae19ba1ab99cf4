package operations

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Provider carries out what happens outside the book: a bank, a payment rail,
// an exchange. The engine calls it only after the intent is durable, outside
// any transaction, with a reference that never changes for one intent.
//
// Methods are called from many goroutines and must honour ctx. An error, a
// panic or an answer that does not fit means "not known": the engine never
// takes it for a failure, and keeps what is held.
type Provider interface {
	// Contract tells what the provider promises. It is constant.
	Contract() Contract
	// Send asks for the intent to be carried out and may answer with how it
	// stands. For a provider that honours references, a second Send of one
	// reference has no second effect.
	Send(ctx context.Context, i Instruction) (Answer, error)
	// Ask tells how the intent with this reference stands.
	Ask(ctx context.Context, reference string) (Answer, error)
}

// Contract is what a provider promises; the zero value promises nothing.
type Contract struct {
	// Inside: what it carries settles in the book at once, in the same change;
	// Send and Ask are never called. The firm's own manual desk is such a one.
	Inside bool
	// HonoursReference: Send may be repeated with one reference. It is where Ask says
	// that the first did not arrive, but for an exchange, whose price does not wait.
	HonoursReference bool
	// Timeout bounds Send and Ask. Zero: 10 seconds.
	Timeout time.Duration
	// Finality: an answer "not found" means that there was no effect only when
	// this long and Timeout have passed since the intent's last moment to be
	// sent. Zero: 15 minutes.
	Finality time.Duration
}

func (c Contract) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 10 * time.Second
}

func (c Contract) finality() time.Duration {
	if c.Finality > 0 {
		return c.Finality
	}
	return 15 * time.Minute
}

// Instruction is what a provider is told to do.
type Instruction struct {
	Reference string // the same for every attempt to tell it
	Operation OperationID
	Order     Order
	Terms     Terms
	SendBy    time.Time // not to be carried out when it arrives later, where the provider can tell
}

// AnswerStatus is how an intent stands outside.
type AnswerStatus string

// The statuses of an answer.
const (
	AnswerSettled   AnswerStatus = "settled"    // it happened, in full
	AnswerPart      AnswerStatus = "part"       // a part of an exchange happened, and the rest will not
	AnswerRefused   AnswerStatus = "refused"    // it did not and will not happen
	AnswerCalledOff AnswerStatus = "called_off" // it was cancelled outside and will not happen
	AnswerPending   AnswerStatus = "pending"    // it is known there and under way
	AnswerNotFound  AnswerStatus = "not_found"  // the reference is not known there, or not yet
	AnswerReversed  AnswerStatus = "reversed"   // it had happened and was undone: a fact, never refused
)

// AnswerStatuses lists the statuses of an answer.
func AnswerStatuses() []AnswerStatus {
	return []AnswerStatus{AnswerSettled, AnswerPart, AnswerRefused, AnswerCalledOff, AnswerPending, AnswerNotFound, AnswerReversed}
}

// Answer is what a provider says of one intent, returned or reported later.
type Answer struct {
	Reference string
	Status    AnswerStatus
	Amount    decimal.Decimal // settled, reversed: how much; must be what the instruction Carries, or was settled; part: less than that
	Asset     string          // settled, part, reversed: of what; must be the instruction's Terms.Asset, or the base asset of its Terms.Exchange

	// Of an exchange: what its amount of the base asset was paid with, or
	// brought, in the quote asset. Within the slippage of the terms it may differ
	// from the provider's amount there. For a part it is that of the part at the
	// ProviderRate there, rounded to a unit either way, within its share of the
	// slippage.
	Counter      decimal.Decimal
	CounterAsset string

	External string // the provider's own id, at most 128 bytes; required for reversed, where it tells one reversal from another
	Code     string // the provider's reason, at most 64 bytes
	Text     string // for people, at most 256 bytes
}

// Validate tells whether the answer is in a form that can be relied on. Of any
// other the engine makes "not known".
func (a Answer) Validate() error {
	var errs []error
	if !slices.Contains(AnswerStatuses(), a.Status) {
		errs = append(errs, tenancy.Invalid("status", "is not a status of an answer"))
	}
	errs = append(errs,
		tenancy.CheckText("external", a.External, 128),
		tenancy.CheckText("code", a.Code, 64),
		tenancy.CheckText("text", a.Text, 256),
	)
	if a.moves() {
		errs = append(errs, accounts.CheckAmount("amount", a.Amount, accounts.MaxScale))
	} else {
		errs = append(errs, accounts.CheckSigned("amount", a.Amount, accounts.MaxScale))
	}
	errs = append(errs, tenancy.CheckText("asset", a.Asset, 16), tenancy.CheckText("counter_asset", a.CounterAsset, 16), accounts.CheckSigned("counter", a.Counter, accounts.MaxScale))
	if a.Status == AnswerReversed && a.External == "" {
		errs = append(errs, tenancy.Invalid("external", "is required for a reversal"))
	}
	return errors.Join(errs...)
}

// moves tells whether the answer says that money moved.
func (a Answer) moves() bool {
	return a.Status == AnswerSettled || a.Status == AnswerPart || a.Status == AnswerReversed
}

func (a Answer) outcome() *Outcome {
	code := a.Code
	if code == "" {
		code = string(a.Status)
	}
	return &Outcome{Code: code, Text: a.Text, External: a.External}
}

// Desk is the firm's own manual desk: what an operator does by hand, such as
// cash, settles in the same change. It is always there, under DeskName.
type Desk struct{}

// DeskName is the provider of orders that name none.
const DeskName = "desk"

// Contract promises settlement inside the book.
func (Desk) Contract() Contract { return Contract{Inside: true} }

var errInside = errors.New("the desk settles inside the book")

// Send is never called.
func (Desk) Send(context.Context, Instruction) (Answer, error) { return Answer{}, errInside }

// Ask is never called.
func (Desk) Ask(context.Context, string) (Answer, error) { return Answer{}, errInside }
