package memory

import (
	"context"
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// Turn implements [operations.Books]. The one lock is held while decide runs,
// so every book waits for it.
func (s *Store) Turn(
	ctx context.Context, id operations.BookID, since int64, decide func(operations.Loaded) (operations.Run, error),
) (operations.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return operations.Verdict{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock() // also when decide does not return
	run, err := decide(s.load(id, since))
	if err != nil {
		return operations.Verdict{}, err
	}
	if err := ctx.Err(); err != nil {
		return operations.Verdict{}, err
	}
	if run.Book != id {
		return operations.Verdict{}, fmt.Errorf("turn of %s: %w", id, tenancy.Invalid("book", "is another"))
	}
	if err := run.Validate(); err != nil {
		return operations.Verdict{}, fmt.Errorf("turn of %s: %w", id, err)
	}
	return s.commit([]operations.Run{run})[0], nil
}
