package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/examples/internal/browser"
)

// root is the shadow root of the screen, as r, and the rows of its table by what they show.
const root = `const r = document.querySelector('customer-operations')?.shadowRoot;
const rows = (text) => [...(r?.querySelectorAll('#table tbody tr[id]') || [])].filter((x) => x.textContent.includes(text));
const set = (e, v) => { e.value = v; for (const n of ['input', 'change']) e.dispatchEvent(new Event(n, { bubbles: true })) };`

// tab is a page that is looked at and used.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the browser's, for one test
	url string
}

// browse starts Chromium with one tab, or skips where there is none.
func browse(t *testing.T, url string) *tab {
	t.Helper()
	return &tab{t, browser.Open(t), url}
}

// serve runs the dashboard as its command does.
func serve(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	urls, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- run(ctx, options{listen: "127.0.0.1:0", count: 300}, func(url string) { urls <- url }) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	select {
	case url := <-urls:
		return url
	case err := <-done:
		done <- err
		require.NoError(t, err)
		return ""
	}
}

func look[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	return browser.Look(b.t, b.ctx, a)
}

// until waits for something to be true of the page.
func (b *tab) until(what string) {
	b.t.Helper()
	browser.Until(b.t, b.ctx, `(() => {`+root+` return !!(`+what+`) })()`)
}

func (b *tab) do(what string) {
	b.t.Helper()
	look(b, chromedp.Evaluate[bool](`(() => {`+root+what+`; return true })()`))
}

// text is what a promise or a value of the page is.
func (b *tab) text(what string) string {
	b.t.Helper()
	return look(b, chromedp.Evaluate[string](`(async () => {`+root+`return String(await (`+what+`)) })()`, chromedp.EvalAwaitPromise))
}

func (b *tab) signIn(who string) {
	b.t.Helper()
	look(b, chromedp.Navigate(b.url))
	b.do(`document.getElementById('` + who + `').click()`)
	b.until(`location.pathname === '/desk/' && document.querySelector('td a')`)
}

// open goes to a customer by the table of all, as a person would.
func (b *tab) open(name, lang string) {
	b.t.Helper()
	look(b, chromedp.Navigate(b.url+"desk/?lang="+lang))
	b.until(fmt.Sprintf(`[...document.querySelectorAll('td a')].some((a) => a.textContent === %q)`, name))
	b.do(fmt.Sprintf(`[...document.querySelectorAll('td a')].find((a) => a.textContent === %q).click()`, name))
	b.until(fmt.Sprintf(`r?.querySelector('#banner h2')?.textContent === %q && r.querySelector('#table tbody tr') && r.querySelector('#live').classList.contains('on')`, name))
}

// fill chooses a kind and types an amount.
func (b *tab) fill(kind, amount string) {
	b.t.Helper()
	b.do(fmt.Sprintf(`const at = (n) => r.querySelector('#new [name=' + n + ']'); set(at('kind'), %q); set(at('amount'), %q)`, kind, amount))
}

// carry fills, reviews and confirms, everything pressed twice.
func (b *tab) carry(kind, amount string) {
	b.t.Helper()
	b.fill(kind, amount)
	b.until(`r.querySelector('.plan .terms')`)
	b.do(`const b = r.querySelector('[part=review]'); b.click(); b.click()`)
	b.until(`r.querySelector('dialog[open] [part=confirm]')`)
	b.do(`const b = r.querySelector('[part=confirm]'); b.click(); b.click()`)
	b.until(`!r.querySelector('dialog[open]')`)
}

// press presses an action of the row that shows a text.
func (b *tab) press(row, action string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`rows(%q)[0]?.querySelector('[data-focus^=%s]')`, row, action))
	b.do(fmt.Sprintf(`rows(%q)[0].querySelector('[data-focus^=%s]').click()`, row, action))
}

// agree presses the first button of the dialog, twice.
func (b *tab) agree() {
	b.t.Helper()
	b.until(`r.querySelector('dialog[open] button.primary')`)
	b.do(`const b = r.querySelector('dialog button.primary'); b.click(); b.click()`)
	b.until(`!r.querySelector('dialog[open]')`)
}

// becomes waits for the row that shows a text to be in a state, and alone.
func (b *tab) becomes(row, state string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`rows(%q).length === 1 && rows(%q)[0].querySelector('.badge.%s')`, row, row, state))
}

// scheme chooses light or dark.
func (b *tab) scheme(name string) {
	b.t.Helper()
	look(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
		return err
	}))
}

// shoot checks a state of a page for what keeps people out of it, and keeps a
// picture in ONBEHALF_SHOTS, or with the test's artifacts.
func (b *tab) shoot(name string) {
	b.t.Helper()
	b.accessible(name)
	require.Equal(b.t, "false", b.text(`document.documentElement.scrollWidth > innerWidth`), "%s is wider than its window", name)
	dir := os.Getenv("ONBEHALF_SHOTS")
	if dir == "" {
		dir = b.t.ArtifactDir()
	}
	shot := chromedp.FullScreenshot(100)
	if b.text(`!!r?.querySelector('dialog[open]')`) == "true" {
		shot = chromedp.CaptureScreenshot() // the page under a dialog is nothing to see
	}
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), look(b, shot), 0o600))
}

// accessible runs axe-core over the page.
func (b *tab) accessible(name string) {
	b.t.Helper()
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	require.NoError(b.t, err)
	found := look(b, chromedp.Evaluate[string](`(async () => { if (!window.axe) { `+string(axe)+` }
		const done = await window.axe.run(document);
		if (done.passes.length < 10) return 'axe looked at nothing';
		return done.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.flat().join(' ') + ' ' + n.failureSummary).join(' | ')).join('\n') })()`, chromedp.EvalAwaitPromise))
	require.Empty(b.t, found, name)
}
