package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser starts Chromium, or skips where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		require.NotContains(t, os.Getenv("ONBEHALF_REQUIRE"), "chromium")
		t.Skip("there is no chromium here")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// serve runs the dashboard as its command does.
func serve(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	urls, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- run(ctx, "127.0.0.1:0", "", func(url string) { urls <- url }) }()
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

const root = `const r = document.querySelector('customer-operations')?.shadowRoot;`

// tab is a page that is looked at and used.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the browser's, for one test
}

func look[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	require.NoError(b.t, err)
	return v
}

// until waits for something to be true of the page.
func (b *tab) until(what string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`(() => {`+root+` return !!(`+what+`) })()`))
		return err == nil && is // a page on its way to another has no answer
	}, 12*time.Second, 50*time.Millisecond, what)
}

func (b *tab) do(what string) {
	b.t.Helper()
	look(b, chromedp.Evaluate[bool](`(() => {`+root+what+`; return true })()`))
}

func (b *tab) text(what string) string {
	b.t.Helper()
	return look(b, chromedp.Evaluate[string](`(() => {`+root+`return String(`+what+`) })()`))
}

// fill chooses a kind and types an amount, as a person would.
func (b *tab) fill(kind, amount string) {
	b.t.Helper()
	b.do(fmt.Sprintf(`const set = (n, v) => { const e = r.querySelector('#new [name=' + n + ']'); e.value = v; e.dispatchEvent(new Event(n === 'amount' ? 'input' : 'change')) }; set('kind', %q); set('amount', %q)`, kind, amount))
}

func TestAnOperatorDepositsForACustomer(t *testing.T) {
	t.Parallel()
	b := &tab{t, browser(t)}
	url := serve(t)
	look(b, chromedp.EmulateViewport(1280, 900))
	look(b, chromedp.Navigate(url))
	b.do(`document.getElementById('ana').click()`)
	b.until(`location.pathname === '/desk/' && document.querySelector('td a')`)
	look(b, chromedp.Navigate(url+"desk/?lang=en"))
	b.until(`document.querySelector('td a')`)
	b.do(`[...document.querySelectorAll('td a')].find((a) => a.textContent === 'Maria da Silva').click()`)
	b.until(`r?.querySelector('#banner h2')?.textContent === 'Maria da Silva' && r.querySelectorAll('tbody tr').length >= 20 && r.querySelector('#live').textContent === 'Live'`)

	// Terms, then a confirm step with customer and cost; pressed twice, it is done once.
	b.fill("deposit", "1,234.56")
	b.until(`r.querySelector('.plan .terms')`)
	require.Contains(t, b.text(`r.querySelector('.plan').textContent`), "1,234.56 BRL")
	b.do(`const b = r.querySelector('[part=review]'); b.click(); b.click()`)
	b.until(`r.querySelector('dialog[open] .cost')?.textContent.includes('Maria da Silva')`)
	b.shoot("confirm")
	b.do(`const b = r.querySelector('[part=confirm]'); b.click(); b.click()`)
	b.until(`!r.querySelector('dialog[open]') && r.querySelector('tbody tr td.num').textContent.includes('1,234.56') && r.querySelector('tbody tr .badge').classList.contains('completed')`)
	require.Equal(t, "1", b.text(`[...r.querySelectorAll('tbody td.num')].filter((c) => c.textContent.includes('1,234.56')).length`))

	// What is refused shows why.
	b.fill("withdrawal", "900,000")
	b.until(`r.querySelector('.plan .why li')`)
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('.toast.bad li')`)
	b.do(`r.querySelector('tbody button.plain').click()`)
	b.until(`r.querySelector('.story li')`)
	for _, width := range []int64{1280, 390} {
		look(b, chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			look(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				return err
			}))
			b.shoot(fmt.Sprint(scheme, "-", width))
		}
		require.Equal(t, "false", b.text(`document.documentElement.scrollWidth > innerWidth`), "the page is wider than %d px", width)
	}
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
