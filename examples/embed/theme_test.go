package main

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The element is light or dark as the page is, whatever the person's system
// says, unless its attribute says otherwise.
func TestTheElementIsAsLightAsThePage(t *testing.T) {
	t.Parallel()
	b := open(t)
	const light, dark = "rgb(26, 33, 48)", "rgb(232, 236, 244)" // of the text
	for _, c := range []struct{ system, page, theme, want string }{
		{"dark", "light dark", "", dark},
		{"light", "light dark", "", light},
		{"dark", "light", "", light},
		{"light", "dark", "", dark},
		{"dark", "normal", "", light}, // a page that says nothing is light
		{"dark", "normal", "auto", dark},
		{"light", "dark", "auto", light},
		{"dark", "light", "auto", dark},
		{"light", "light", "dark", dark},
		{"dark", "light dark", "light", light},
		{"dark", "light", "nonsense", light},
	} {
		look(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: c.system}}})
			return err
		}))
		b.do(`document.documentElement.style.colorScheme = '` + c.page + `'; r.host.setAttribute('theme', '` + c.theme + `')`)
		require.Equal(t, c.want, b.style("[part=banner] h2", "color"), c)
		require.Equal(t, c.want, b.style("[part=new] select", "color"), c)
	}
	b.shoot("theme-light-in-dark")
}
