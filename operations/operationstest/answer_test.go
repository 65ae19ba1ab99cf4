package operationstest_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/operationstest"
)

func TestRequireAnswerTakesWhatTheEngineReliesOn(t *testing.T) {
	t.Parallel()
	five := decimal.NewFromInt(5)
	for name, test := range map[string]struct {
		answer operations.Answer
		says   string // empty: it is fine
	}{
		"settled in full":         {operations.Answer{Status: "settled", Amount: five, Asset: "BRL"}, ""},
		"settled, with reference": {operations.Answer{Reference: "r", Status: "settled", Amount: five, Asset: "BRL"}, ""},
		"refused":                 {operations.Answer{Status: "refused", Code: "limit"}, ""},
		"reversed":                {operations.Answer{Status: "reversed", Amount: five, Asset: "BRL", External: "x"}, ""},
		"reversed without an id":  {operations.Answer{Status: "reversed", Amount: five, Asset: "BRL"}, "external"},
		"another reference":       {operations.Answer{Reference: "s", Status: "pending"}, "reference"},
		"another amount":          {operations.Answer{Status: "settled", Amount: five.Neg(), Asset: "BRL"}, "amount"},
		"another asset":           {operations.Answer{Status: "settled", Amount: five, Asset: "USD"}, "5 USD"},
		"no such status":          {operations.Answer{Status: "done"}, "status"},
		"a text that is too long": {operations.Answer{Status: "pending", Text: strings.Repeat("x", 257)}, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.says == "" {
				operationstest.RequireAnswer(t, instruction("r"), test.answer, test.answer.Status)
				said := failure(t, func(tb *recorder) {
					operationstest.RequireAnswer(tb, instruction("r"), test.answer, operations.AnswerCalledOff)
				})
				require.Contains(t, said, "status")
				return
			}
			said := failure(t, func(tb *recorder) {
				operationstest.RequireAnswer(tb, instruction("r"), test.answer, test.answer.Status)
			})
			require.Contains(t, said, test.says)
		})
	}
}
