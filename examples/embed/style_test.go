package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// unstyled lists what a style sheet of the page changes inside the element:
// each computed property of each node, with the sheet and without. Sizes and
// places are left out, since they follow from the room that there is.
const unstyled = `
const room = /(^|-)(width|height|size|origin|columns|rows|top|right|bottom|left|start|end)$/;
const nodes = [...r.querySelectorAll('*')];
const all = () => nodes.map((node) => {
  const style = getComputedStyle(node);
  return [...style].filter((name) => !name.startsWith('--') && (/^(border|padding)/.test(name) || !room.test(name))).map((name) => [name, style.getPropertyValue(name)]);
});
const sheet = [...document.styleSheets].find((s) => s.href?.endsWith('/web/desk.css'));
const styled = all();
sheet.disabled = true;
const bare = all();
sheet.disabled = false;
const found = new Set(nodes.length < 80 ? ['there are only ' + nodes.length + ' nodes'] : []);
nodes.forEach((node, i) => styled[i].forEach(([name, value], n) => value === bare[i][n][1] || found.add(node.localName + ' ' + name + ': ' + value + ', not ' + bare[i][n][1])));
return [...found].sort();`

// The dashboard's style means elements, classes and ids that the element has,
// too, and texts that inherit; nothing of it reaches inside.
func TestStylesOfTheDashboardStayOutside(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.do(`r.host.setAttribute('theme', 'auto')`) // else color-scheme is the page's, as TestTheElementIsAsLightAsThePage wants it
	require.Equal(t, "rgb(255, 105, 180)", look(b, chromedp.Evaluate[string](`getComputedStyle(document.querySelector('header button')).backgroundColor`)), "the style is not there")
	require.Empty(t, look(b, chromedp.Evaluate[[]string](script(unstyled))))
	b.order("deposit", "12.50")
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('dialog[open] .cost')`)
	require.Empty(t, look(b, chromedp.Evaluate[[]string](script(unstyled))))
}

// What theme.css says by custom properties and by ::part is so.
func TestTheDashboardThemesTheElement(t *testing.T) {
	t.Parallel()
	b := open(t)
	const teal = "rgb(15, 118, 110)"
	require.Equal(t, teal, b.style("[part=review]", "background-color"))
	require.Equal(t, "rgb(255, 255, 255)", b.style("[part=review]", "color"))
	require.Contains(t, b.style("[part=review]", "font-family"), "Georgia")
	require.Equal(t, teal, b.style("[part=banner]", "border-bottom-color"))
	require.Equal(t, "rgb(204, 251, 241)", b.style("[part=banner]", "background-color"))
	require.Equal(t, "6px", b.style("[part=banner]", "border-bottom-width"))
	require.Equal(t, "sticky", b.style("[part=banner]", "position"), "the customer stays in sight")
	b.order("deposit", "12.50")
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('[part=confirm]')`)
	require.Equal(t, "99px", b.style("[part=confirm]", "border-top-left-radius"))
	b.do(`document.getElementById('theme').disabled = true`)
	require.NotEqual(t, teal, b.style("[part=review]", "background-color"))
	require.NotContains(t, b.style("[part=review]", "font-family"), "Georgia")
	require.NotEqual(t, "6px", b.style("[part=banner]", "border-bottom-width"))
	require.NotEqual(t, "99px", b.style("[part=confirm]", "border-top-left-radius"))
}

// What is done in the element is told to the page around it, which decides
// where a person logs in.
func TestEventsComeOut(t *testing.T) {
	t.Parallel()
	b := open(t)
	told := func(text string) string {
		return `[...document.querySelectorAll('#activity li')].filter((li) => li.textContent === '` + text + `').length === 1`
	}
	b.until(told("dora entered"))
	b.order("deposit", "12.50")
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('dialog[open] [part=confirm]')`)
	b.do(`r.querySelector('[part=confirm]').click()`)
	b.until(told("deposit of 12.5 BRL: completed"))
	b.order("withdrawal", "9,000.00")
	b.until(`r.querySelector('.plan .why li')`)
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(told("refused: insufficient_available"))
	for _, width := range []int64{1280, 390} {
		look(b, chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			look(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				return err
			}))
			b.shoot(fmt.Sprint("embed-", scheme, "-", width))
		}
	}

	b.do(`fetch('/log-out', { method: 'POST' }).then((got) => { document.title = got.status })`)
	b.until(`document.title === '200'`)
	b.do(`r.querySelector('[part=new] [name=amount]')?.dispatchEvent(new Event('input'))`) // unless it has found out by itself
	b.until(told("logged out"))
	b.do(`r.querySelector('[part=ended] button').click()`)
	b.until(`location.pathname === '/' && document.querySelector('[name=password]')`)
}
