package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// tab is a page that is looked at and used.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the browser's, for one test
}

// open logs in and opens the first ticket, or skips where there is no Chromium.
func open(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		require.NotContains(t, os.Getenv("ONBEHALF_REQUIRE"), "chromium")
		t.Skip("there is no chromium here")
	}
	home := serve(t, "")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	look(b, chromedp.EmulateViewport(1280, 900))
	look(b, chromedp.Navigate(home))
	b.do(`document.querySelector('[name=password]').value = 'open sesame'; document.querySelector('main form').submit()`)
	b.until(`document.querySelector('td a')`)
	look(b, chromedp.Navigate(home+"tickets/4711"))
	b.until(`r?.querySelector('[part=banner] h2')?.textContent === 'Maria da Silva' && r.querySelector('tbody tr td.num')`)
	return b
}

func look[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	require.NoError(b.t, err)
	return v
}

// script is a function's body in which r is the element's shadow root.
func script(what string) string {
	return `(() => { const r = document.querySelector('customer-operations')?.shadowRoot; ` + what + ` })()`
}

// until waits for something to be true of the page.
func (b *tab) until(what string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script(`return !!(`+what+`)`)))
		return err == nil && is // a page on its way to another has no answer
	}, time.Minute, 50*time.Millisecond, what)
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
