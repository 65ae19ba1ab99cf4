package operationstest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/operations"
)

// RequireAnswer ends the test unless an answer about the instruction says this
// status in a form the engine can rely on: a status that exists, texts within
// their bounds, for what settled or was reversed the amount and asset of the
// intent, and for a reversal an id of its own. Of anything else the engine
// makes "not known" or an incident. It is for tests of a firm's own Provider,
// on what its Send and Ask return and its webhooks report.
func RequireAnswer(tb testing.TB, i operations.Instruction, a operations.Answer, status operations.AnswerStatus) {
	tb.Helper()
	if err := relied(i, a, status); err != nil {
		tb.Fatalf("the answer about %q cannot be relied on:\n%v", i.Reference, err)
	}
}

func relied(i operations.Instruction, a operations.Answer, status operations.AnswerStatus) error {
	errs := []error{a.Validate()}
	if a.Status != status {
		errs = append(errs, fmt.Errorf("status: is %q, not %q", a.Status, status))
	}
	if a.Reference != "" && a.Reference != i.Reference {
		errs = append(errs, fmt.Errorf("reference: is %q", a.Reference))
	}
	if a.Status == operations.AnswerSettled || a.Status == operations.AnswerReversed {
		if !a.Amount.Equal(i.Carries().Decimal) || a.Asset != i.Terms.Asset {
			errs = append(errs, fmt.Errorf("amount: is %s %s, and the intent's %s %s",
				accounts.Canonical(a.Amount), a.Asset, i.Carries(), i.Terms.Asset))
		}
	}
	return errors.Join(errs...)
}
