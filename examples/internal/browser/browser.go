// Package browser drives Chromium for the tests of the examples.
package browser

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Open starts Chromium with one tab of 1280 by 900 pixels, for as long as the
// test lasts, or skips the test where there is none and ONBEHALF_REQUIRE does
// not name it.
func Open(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		require.NotContains(t, strings.Split(os.Getenv("ONBEHALF_REQUIRE"), ","), "chromium")
		t.Skip("there is no chromium here")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	Look(t, ctx, chromedp.EmulateViewport(1280, 900))
	return ctx
}

// Look does something with the page and brings what comes of it.
func Look[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T { //nolint:revive // the test comes first in helpers
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	require.NoError(t, err)
	return v
}

// Until waits until a script says true. A page on its way to another says
// nothing.
func Until(t *testing.T, ctx context.Context, script string) { //nolint:revive // the test comes first in helpers
	t.Helper()
	require.Eventually(t, func() bool {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		return err == nil && is
	}, time.Minute, 40*time.Millisecond, script)
}
