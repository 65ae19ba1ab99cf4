package trading

import (
	"context"
	"errors"

	"github.com/onbehalf/onbehalf/operations"
)

// House is the firm itself as a provider: it quotes what its source says and
// settles inside the book. The spread is that of the path.
type House struct{ source Source }

// NewHouse quotes from the source; see Market for one that refuses old rates.
func NewHouse(s Source) *House { return &House{source: s} }

// Contract promises settlement inside the book.
func (*House) Contract() operations.Contract { return operations.Contract{Inside: true} }

// Local tells whether the source is.
func (h *House) Local() bool { return local(h.source) }

// Quote is the source's rate.
func (h *House) Quote(ctx context.Context, a Ask) (Quotation, error) {
	if err := ctx.Err(); err != nil {
		return Quotation{}, err
	}
	r, err := h.source.Rate(ctx, a.Base, a.Quote)
	if err != nil {
		return Quotation{}, err
	}
	return Quotation{Rate: r.Value, Stale: r.Stale, Legs: r.legs()}, nil
}

var errInside = errors.New("the house settles inside the book")

// Send is never called.
func (*House) Send(context.Context, operations.Instruction) (operations.Answer, error) {
	return operations.Answer{}, errInside
}

// Ask is never called.
func (*House) Ask(context.Context, string) (operations.Answer, error) {
	return operations.Answer{}, errInside
}
