package trading

import "slices"

// Codes lists the codes of everything that trades find unmet, sorted, each once;
// see operations.Codes for those of all kinds.
func Codes() []string {
	all := []string{
		CodePairUnknown, CodePairInactive, CodePairSame, CodeSide, CodeMinimum, CodeMaximum, CodeTooSmall, CodeNoPath,
		CodeNoQuote, CodeNoExecution, CodeQuotesFull, CodeLimitNeeded, CodeLimitRate,
	}
	slices.Sort(all)
	return all
}
