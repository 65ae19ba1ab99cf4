package trading

import (
	"context"
	"fmt"
	"sync"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Board is a source that knows the last rate of each pair that was put up: what
// a firm's feed or its own staff say. The zero value has none. It is safe for
// concurrent use, and not to be copied.
type Board struct {
	mu    sync.RWMutex
	rates map[[2]string]Rate
}

// MaxBoard is how many pairs a board may have.
const MaxBoard = 10_000

// Put puts a rate up. One that is older than what the board has of the pair came
// late, and is left out: false. A rate that is none is told and changes nothing.
func (b *Board) Put(r Rate) (bool, error) {
	if err := r.Validate(); err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	pair := [2]string{r.Base, r.Quote}
	switch old, has := b.rates[pair]; {
	case has && r.At.Before(old.At):
		return false, nil
	case !has && len(b.rates) >= MaxBoard:
		return false, tenancy.Invalid("base", fmt.Sprintf("would be of more than %d pairs", MaxBoard))
	case b.rates == nil:
		b.rates = map[[2]string]Rate{}
	}
	b.rates[pair] = r
	return true, nil
}

// Local is true.
func (*Board) Local() bool { return true }

// Rate is the last that was put up of the pair.
func (b *Board) Rate(_ context.Context, base, quote string) (Rate, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if r, ok := b.rates[[2]string{base, quote}]; ok {
		return r, nil
	}
	return Rate{}, fmt.Errorf("%w: %s/%s is not on the board", ErrNoRate, base, quote)
}
