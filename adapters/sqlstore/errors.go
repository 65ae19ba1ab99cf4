package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

var errConfig = errors.New("sqlstore")

// SchemaError means that the tables are not those of this release. No call is
// answered from them. It matches tenancy.ErrUnavailable.
type SchemaError struct {
	Have int64 // the version of the tables; 0: there are none
	Want int64 // the version this release works with
}

// Error names the versions and what to run.
func (e *SchemaError) Error() string {
	if e.Have > e.Want {
		return fmt.Sprintf("schema is at version %d and this release works with %d: run a release that knows version %d", e.Have, e.Want, e.Have)
	}
	return fmt.Sprintf("schema is at version %d and this release needs %d: run Migrate of sqlstore.Store, or the SQL of sqlstore.Migrations", e.Have, e.Want)
}

// Unwrap puts the error into its class.
func (*SchemaError) Unwrap() error { return tenancy.ErrUnavailable }

// fail translates an error of a call that had no effect.
func (d *dialect) fail(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tenancy.ErrUnavailable), errors.Is(err, tenancy.ErrConflict), errors.Is(err, tenancy.ErrInvalid):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(err, operations.ErrDamaged):
		return fmt.Errorf("%s: %w: %w", doing, tenancy.ErrUnavailable, err)
	case d.damaged(err):
		return fmt.Errorf("%s: %w: %w: %w", doing, tenancy.ErrUnavailable, operations.ErrDamaged, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, tenancy.ErrUnavailable, err)
}

// failCommit translates an error of COMMIT itself.
func (d *dialect) failCommit(doing string, err error) error {
	if d.undone(err) || errors.As(err, new(*SchemaError)) {
		return d.fail(context.Background(), doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, tenancy.ErrUnknownOutcome, err)
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", operations.ErrDamaged, fmt.Sprintf(format, args...))
}
