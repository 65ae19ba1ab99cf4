package operations

import (
	"context"
	"fmt"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// Version is an operation as one entry left it, and who did that.
type Version struct {
	Operation Operation       `json:"operation"`
	Action    Action          `json:"action"`
	Actors    []tenancy.Actor `json:"actors"` // the operator first, then his chain
	Reason    string          `json:"reason,omitempty"`
	At        time.Time       `json:"at"`
	Seq       int64           `json:"seq"` // of the entry
}

// Versions brings the versions of an operation, newest first: the one after each
// is what it was before. At most the newest MaxLimit; an operation that was
// changed by a release before these were linked brings those since. Errors: not
// found, too.
func (b *Book) Versions(ctx context.Context, id OperationID) ([]Version, error) {
	if err := tenancy.CheckID("id", string(id)); err != nil {
		return nil, err
	}
	r, err := b.eng.read(ctx, b.scope, "versions", Want{Operation: id})
	if err != nil {
		return nil, err
	}
	if r.found.Operation == nil {
		return nil, ErrNotFound
	}
	newest, err := documentOf(r.found.Operation)
	if err != nil {
		return nil, classify(err)
	}
	var all []Version
	for seq := newest.Updated; seq > 0 && len(all) < MaxLimit; {
		v, err := b.version(ctx, r.f.id, id, seq)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		if v.Operation.Previous >= seq {
			return nil, classify(fmt.Errorf("operation %q: %w: entry %d names a later version as the one before", id, ErrDamaged, seq))
		}
		seq = v.Operation.Previous
	}
	return all, nil
}

// version reads an operation from the entry of one of its versions.
func (b *Book) version(ctx context.Context, book BookID, id OperationID, seq int64) (Version, error) {
	sealed, err := b.eng.store.Journal(ctx, book, seq-1, 1)
	if err != nil {
		return Version{}, b.eng.failed(ctx, fmt.Errorf("read journal: %w", err))
	}
	if len(sealed) == 0 {
		return Version{}, classify(fmt.Errorf("operation %q: %w: entry %d is missing", id, ErrDamaged, seq))
	}
	e, err := sealed[0].Open()
	if err != nil {
		return Version{}, classify(err)
	}
	o := e.operation(id)
	if o == nil || e.Seq != seq {
		return Version{}, classify(fmt.Errorf("operation %q: %w: entry %d does not hold it", id, ErrDamaged, seq))
	}
	return Version{Operation: *o, Action: e.Action, Actors: e.Actors, Reason: e.Reason, At: e.At, Seq: e.Seq}, nil
}
