package main

import (
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The element stays readable in a page with colours and fonts of its own: axe-core
// finds nothing in it, nor in its dialog. What the page around it has is the host's.
func TestTheElementIsReadableInThisPage(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../dashboard/testdata/axe/axe.min.js")
	require.NoError(t, err)
	b := open(t)
	for _, state := range []string{"as it is opened", "with a dialog"} {
		found := look(b, chromedp.Evaluate[string](`(async () => { if (!window.axe) { `+string(axe)+` }
			const done = await window.axe.run('customer-operations');
			if (done.passes.length < 10) return 'axe looked at nothing';
			return done.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.flat().join(' ') + ' ' + n.failureSummary).join(' | ')).join('\n') })()`, chromedp.EvalAwaitPromise))
		require.Empty(t, found, state)
		b.order("deposit", "12.50")
		b.do(`r.querySelector('[part=review]').click()`)
		b.until(`r.querySelector('dialog[open] .cost')`)
	}
}
