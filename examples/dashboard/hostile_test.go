package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Whatever people and providers write is text, and long words and amounts stay
// within the page.
func TestWhatIsWrittenIsText(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`
	b := browse(t, serve(t))
	ana := elsewhere(t, b.url, "ana")
	id, _ := ana.call(http.MethodPost, "customers", "", map[string]string{"name": evil + strings.Repeat("W", 120-len(evil))})["id"].(string)
	ana.enter(id)
	at := "customers/" + id
	open := func(currency, name string, details map[string]string) string {
		t.Helper()
		account, _ := ana.call(http.MethodPost, at+"/accounts", "", map[string]any{"currency": currency, "name": name, "details": details})["account"].(string)
		return account
	}
	wallet := map[string]string{"network": "ethereum", "address": "0x" + strings.Repeat("f", 40)}
	for account, amount := range map[string]string{
		open("BRL", evil, map[string]string{"pix_key": evil}):                     "123456789012345678901234567890123456.78",
		open("JPY", strings.Repeat("M", 120), map[string]string{"pix_key": evil}): "98765432109876543210987654321098765432",
		open("ETH", "ether", wallet):                                              "12345678901234567890.123456789012345678",
	} {
		ana.call(http.MethodPost, at+"/submit", "", map[string]string{"kind": "deposit", "to": account, "amount": amount, "purpose": "<b>p</b>", "reference": evil})
	}

	b.signIn("ana")
	for _, lang := range []string{"en", "pt-BR"} {
		look(b, chromedp.Navigate(b.url+"desk/?lang="+lang+"&reason=%3Cimg%20src=x%20onerror=%22window.hacked=1%22%3E&customer="+id))
		b.until(`r?.querySelectorAll('#table tbody tr[id]').length === 3`)
		text := b.text(`r.querySelector('#table').textContent`)
		for _, amount := range []string{"123,456,789,012,345,678,901,234,567,890,123,456.78 BRL", "98,765,432,109,876,543,210,987,654,321,098,765,432 JPY", "12,345,678,901,234,567,890.123456789012345678 ETH"} {
			if lang != "en" {
				amount = strings.NewReplacer(",", ".", ".", ",").Replace(amount)
			}
			require.Contains(t, text, amount)
		}
		// The provider's own words come with the story; here they are put in its place.
		b.do(`const send = window.fetch; window.fetch = async (...a) => { const x = await send(...a); if (!/operations\/[^?]/.test(a[0])) return x; const s = await x.json(); s.operation.outcome = { code: 'said', text: '<img src=x onerror="window.hacked=1">' }; return new Response(JSON.stringify(s), { status: 200 }) }`)
		b.press("BRL", "more")
		b.until(`/onerror/.test(r.querySelector('.story')?.textContent)`)
		b.fill("withdrawal", "1")
		b.until(`r.querySelector('.plan .terms, .plan .why')`)
		require.Equal(t, "0", b.text(`r.querySelectorAll('img, script, #table b b').length`))
		b.each("hostile-" + lang)
	}
	for _, tab := range []string{"details", "accounts", "trading", "users", "logs"} {
		look(b, chromedp.Navigate(b.url+"desk/?lang=en&customer="+id+"&tab="+tab))
		b.until(`document.querySelector('.body .card')`)
		require.Equal(t, "0", b.text(`document.querySelectorAll('main img, main script').length`))
		look(b, chromedp.EmulateViewport(390, 900))
		b.shoot("hostile-" + tab)
		look(b, chromedp.EmulateViewport(1280, 900))
	}
	look(b, chromedp.Navigate(b.url+"desk/?lang=en"))
	b.until(`document.querySelectorAll('td a').length === 13`)
	require.Equal(t, "0 undefined", b.text(`document.querySelectorAll('main img').length + ' ' + window.hacked`))
}

// The table asks for exactly what its filter says, and so does the export.
func TestTheTableIsFiltered(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "pt-BR")
	b.do(`window.asked = []; const send = window.fetch; window.fetch = (...a) => { if (/\/operations\?/.test(a[0])) window.asked.push(a[0]); return send(...a) }; r.querySelector('details.filter').open = true`)
	filter := func(values string) {
		t.Helper()
		b.do(`const f = r.querySelector('.filters'); f.reset(); window.asked = []; for (const [k, v] of Object.entries(` + values + `)) set(f.elements[k], v); f.requestSubmit()`)
		b.until(`window.asked.length && r.querySelector('#table tbody tr')`)
	}
	option := func(of, text string) string {
		t.Helper()
		return b.text(`[...r.querySelector('.filters [name=` + of + `]').options].find((o) => o.textContent === '` + text + `').value`)
	}
	filter(`{ kind: 'trade', state: 'completed', account: '` + option("account", "Dollars") + `', asset: '` + option("asset", "BRL") + `', min: '100', max: '1.000,50', since: '2026-01-01', until: '2099-12-31', maker: 'ana' }`)
	b.until(`(() => { const q = new URLSearchParams(window.asked.at(-1).split('?')[1]); return q.get('min') === '100' && q.get('max') === '1000.50' && q.get('maker') === 'ana' && q.get('kind') === 'trade' && q.get('state') === 'completed' && q.get('asset') === 'BRL' && q.get('account') && q.get('since') === new Date('2026-01-01T00:00').toISOString() && q.get('until') === new Date('2100-01-01T00:00').toISOString() })()`)
	b.until(`/Filtrar \(9\)/.test(r.querySelector('details.filter summary').textContent) && /max=1000.50/.test(r.querySelector('.filters a').href)`)
	b.until(`rows('USD/BRL').length > 0 && rows('USD/BRL').length === r.querySelectorAll('#table tbody tr[id]').length`)
	filter(`{ pair: '` + option("pair", "BTC/BRL") + `' }`)
	b.until(`/pair=BTC%2FBRL/.test(r.querySelector('.filters a').href) && rows('BTC/BRL').length > 0 && rows('BTC/BRL').length === r.querySelectorAll('#table tbody tr[id]').length`)
	filter(`{ maker: 'bruno' }`)
	b.until(`/Nenhuma operação aqui/.test(r.querySelector('#table tbody').textContent)`)
	b.shoot("filtered-nothing")
	filter(`{ until: new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10), state: 'awaiting_approval' }`)
	b.until(`rows('5.500,00').length === 1`) // of today, which is with the day named
	filter(`{ min: '5.500', max: '5.500' }`)
	b.until(`rows('5.500,00').length === 1 && r.querySelectorAll('#table tbody tr[id]').length === 1`)
	filter(`{ min: 'x' }`)
	b.until(`/Mínimo: não está certo/.test(r.querySelector('.toast.bad')?.textContent)`)
}
