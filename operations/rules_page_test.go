package operations_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/operations"
)

const rulesPage = "../docs/rules.md"

// Every Go block of the page is a part of a file of examples/policy, word for word, and the
// rule of the firm's own is there whole, with its test.
func TestTheRulesPageShowsThisCode(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	whole := map[string]string{}
	for _, name := range []string{"firm.go", "firm_test.go", "night.go", "night_test.go"} {
		file, err := os.ReadFile("../examples/policy/" + name)
		require.NoError(t, err)
		code.Write(file)
		whole[name] = string(file)
	}
	blocks := goBlocks(t)
	require.Greater(t, len(blocks), 5)
	for _, b := range blocks {
		require.Contains(t, code.String(), b, "in none of the files:\n%s", b)
	}
	require.Contains(t, blocks, whole["night.go"])
	require.Contains(t, blocks, whole["night_test.go"])
	require.Less(t, strings.Count(whole["night.go"]+whole["night_test.go"], "\n"), 60, "the complete example is short")
}

func goBlocks(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(rulesPage)
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```go\n(.*?)```\n").FindAllStringSubmatch(string(text), -1)
	blocks := make([]string, len(found))
	for i := range found {
		blocks[i] = found[i][1]
	}
	return blocks
}

// A code that is not on the page is one that nobody is told how to mend.
func TestTheRulesPageHasEveryCodeOfTheRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(rulesPage)
	require.NoError(t, err)
	for _, code := range []string{
		operations.CodeFeeExceeds, operations.CodeFeeAccount,
		operations.CodeLimitMinimum, operations.CodeLimitOperation, operations.CodeLimitDay, operations.CodeLimitRolling, operations.CodeLimitMonth,
		operations.CodeOwnOperation, operations.CodeAlreadyApproved, operations.CodeNotApproved, operations.CodeApprovalExpired, operations.CodeLookAlike,
		operations.CodeFieldFixed, operations.CodeTermsExpired, operations.CodeStateForbids,
		operations.CodeNotRefundable, operations.CodeParentReversed, operations.CodeRefundExceeds, operations.CodeFeesReturned, operations.CodeRefundsFull,
		operations.CodeCustomerFrozen, operations.CodeAccountFrozen, operations.CodeStopped, operations.CodeStatusForbids, operations.CodeHouseOnly,
		operations.CodeAmountBelow, operations.CodeAmountAbove, operations.CodeBookFull, operations.CodeKindUnknown, operations.CodeProviderUnknown,
	} {
		require.Contains(t, string(text), "`"+code+"`", "%s is not on the page", code)
	}
}

// Which fields may change when is one table in code; the page tells the same.
func TestTheRulesPageHasTheTableOfModify(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(rulesPage)
	require.NoError(t, err)
	for _, f := range operations.Fields() {
		row := "| " + string(f) + " |"
		for _, s := range []operations.State{operations.Prepared, operations.AwaitingApproval, operations.Scheduled} {
			cell := ""
			for _, may := range operations.Modifiable(s) {
				if may == f {
					cell = "yes"
				}
			}
			row += " " + cell + " |"
		}
		require.Contains(t, string(text), row, "the page does not say: %s", row)
	}
}
