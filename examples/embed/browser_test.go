package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/examples/internal/browser"
)

// tab is a page that is looked at and used.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the browser's, for one test
}

// open logs in and opens the first ticket, or skips where there is no Chromium.
func open(t *testing.T) *tab {
	t.Helper()
	b := &tab{t, browser.Open(t)}
	home := serve(t, "")
	look(b, chromedp.Navigate(home))
	b.do(`document.querySelector('[name=password]').value = 'open sesame'; document.querySelector('main form').submit()`)
	b.until(`document.querySelector('td a')`)
	look(b, chromedp.Navigate(home+"tickets/4711"))
	b.until(`r?.querySelector('[part=banner] h2')?.textContent === 'Maria da Silva' && r.querySelector('tbody tr td.num')`)
	return b
}

func look[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	return browser.Look(b.t, b.ctx, a)
}

// script is a function's body in which r is the element's shadow root.
func script(what string) string {
	return `(() => { const r = document.querySelector('customer-operations')?.shadowRoot; ` + what + ` })()`
}

// until waits for something to be true of the page.
func (b *tab) until(what string) {
	b.t.Helper()
	browser.Until(b.t, b.ctx, script(`return !!(`+what+`)`))
}

func (b *tab) do(what string) {
	b.t.Helper()
	look(b, chromedp.Evaluate[bool](script(what+`; return true`)))
}

// style is a computed style within the element.
func (b *tab) style(of, name string) string {
	b.t.Helper()
	return look(b, chromedp.Evaluate[string](script(`return getComputedStyle(r.querySelector('`+of+`')).getPropertyValue('`+name+`')`)))
}

// order fills in the form of a new operation.
func (b *tab) order(kind, amount string) {
	b.t.Helper()
	b.do(`const set = (n, v, event) => { const e = r.querySelector('[part=new] [name=' + n + ']'); e.value = v; e.dispatchEvent(new Event(event)) }; set('kind', '` + kind + `', 'change'); set('amount', '` + amount + `', 'input')`)
	b.until(`r.querySelector('.plan .terms, .plan .why')`)
}

// shoot keeps a picture for people in ONBEHALF_SHOTS, or where the test may write.
func (b *tab) shoot(name string) {
	b.t.Helper()
	png := look(b, chromedp.FullScreenshot(100))
	dir := os.Getenv("ONBEHALF_SHOTS")
	if dir == "" {
		dir = b.t.TempDir()
	}
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}
