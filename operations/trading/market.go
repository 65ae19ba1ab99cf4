package trading

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/operations"
)

// Market says how to make the most of a source. The zero value takes rates
// however old, and turns them round.
type Market struct {
	// MaxAge is how old a rate may be, and how far in the future; zero: anything
	// goes. One that is not within is ErrStale or, with KeepStale, marked.
	MaxAge    time.Duration
	KeepStale bool
	// Pivots are assets to cross over where there is no rate of the pair, in the
	// order to try. Those after the eighth are not tried.
	Pivots []string
}

const maxPivots = 8

// Over is a source that refuses or marks what is too old by the clock, which
// should be the engine's, turns rates round and crosses them over one asset. A
// rate of the pair itself, either way, is preferred to a crossed one, however
// old it is. What the source says is checked: an answer that is no rate of the
// pair is an error.
func (m Market) Over(s Source, clock operations.Clock) Source {
	over := market{Market: m, source: s, clock: clock}
	over.Pivots = append([]string(nil), m.Pivots[:min(len(m.Pivots), maxPivots)]...)
	return over
}

type market struct {
	Market

	source Source
	clock  operations.Clock
}

// Local tells whether the source below is.
func (m market) Local() bool { return local(m.source) }

var errNotOfPair = errors.New("the source gave a rate of another pair")

// Rate brings the rate of a pair: as the source has it, or turned round, or
// crossed. There is none of an asset in itself.
func (m market) Rate(ctx context.Context, base, quote string) (Rate, error) {
	if base == quote {
		return Rate{}, fmt.Errorf("%w: %s in itself", ErrNoRate, base)
	}
	r, err := m.either(ctx, base, quote)
	for _, p := range m.Pivots {
		if !errors.Is(err, ErrNoRate) {
			break
		}
		if p != base && p != quote {
			r, err = m.crossed(ctx, base, p, quote)
		}
	}
	if err != nil {
		return Rate{}, err
	}
	if m.MaxAge > 0 && m.clock.Now().Sub(r.At).Abs() > m.MaxAge {
		if r.Stale = true; !m.KeepStale {
			return Rate{}, fmt.Errorf("%w: %s/%s is of %s", ErrStale, base, quote, r.At.UTC().Format(time.RFC3339))
		}
	}
	return r, nil
}

func (m market) crossed(ctx context.Context, base, over, quote string) (Rate, error) {
	ab, err := m.either(ctx, base, over)
	if err != nil {
		return Rate{}, err
	}
	bc, err := m.either(ctx, over, quote)
	if err != nil {
		return Rate{}, err
	}
	return Cross(ab, bc)
}

// either is the rate of a pair one way or the other.
func (m market) either(ctx context.Context, base, quote string) (Rate, error) {
	r, err := m.given(ctx, base, quote)
	if !errors.Is(err, ErrNoRate) {
		return r, err
	}
	if r, err = m.given(ctx, quote, base); err != nil {
		return Rate{}, err
	}
	return Inverse(r)
}

// given is what the source says, if that can be relied on.
func (m market) given(ctx context.Context, base, quote string) (Rate, error) {
	if err := ctx.Err(); err != nil {
		return Rate{}, err
	}
	r, err := m.source.Rate(ctx, base, quote)
	if err != nil {
		return Rate{}, err
	}
	if r.Base != base || r.Quote != quote {
		return Rate{}, fmt.Errorf("%w: %q/%q for %s/%s", errNotOfPair, r.Base, r.Quote, base, quote)
	}
	return r, r.Validate()
}
