package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/onbehalf/onbehalf/adapters/screen"
)

func TestOperatorsWorkForACustomer(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "en")

	// Terms first, then a confirm step with customer and cost; all pressed twice, done once.
	b.fill("deposit", "1,234.56")
	b.until(`r.querySelector('.plan .terms')`)
	require.Contains(t, b.text(`r.querySelector('.plan').textContent`), "1,234.56 BRL")
	b.do(`const b = r.querySelector('[part=review]'); b.click(); b.click()`)
	b.until(`r.querySelector('dialog[open] .cost')?.textContent.includes('Maria da Silva') && /expire in \d+:\d\d/.test(r.querySelector('dialog .clock').textContent)`)
	b.do(`const b = r.querySelector('[part=confirm]'); b.click(); b.click()`)
	b.becomes("1,234.56", "completed")

	// What waits for approval may be modified, and cancelled.
	b.carry("withdrawal", "6,000")
	b.becomes("6,000.00", "awaiting_approval")
	require.Equal(t, "null", b.text(`rows('6,000.00')[0].querySelector('[data-focus^=approve]')`), "the maker approves")
	b.press("6,000.00", "modify")
	b.until(`r.querySelector('dialog[open] input[name=amount]')`)
	b.do(`r.querySelector('dialog input[name=amount]').value = '6,100.10'`)
	b.agree()
	b.becomes("6,100.10", "awaiting_approval")
	b.press("6,100.10", "cancel")
	b.agree()
	b.becomes("6,100.10", "cancelled")

	// Another person approves, or rejects and says why.
	b.carry("withdrawal", "6,200")
	b.becomes("6,200.00", "awaiting_approval")
	b.carry("withdrawal", "6,300")
	b.becomes("6,300.00", "awaiting_approval")
	b.signIn("bruno")
	b.open("Maria da Silva", "en")
	b.press("6,200.00", "approve")
	b.agree()
	b.becomes("6,200.00", "completed")
	b.press("6,300.00", "reject")
	b.until(`r.querySelector('dialog[open] input[name=reason]')`)
	b.do(`r.querySelector('dialog input[name=reason]').value = 'not by phone'`)
	b.agree()
	b.becomes("6,300.00", "rejected")

	// A part of the deposit goes back.
	b.press("1,234.56", "refund")
	b.until(`r.querySelector('dialog[open] input[name=amount]')`)
	b.do(`const at = (n) => r.querySelector('dialog input[name=' + n + ']'); at('amount').value = '34.56'; at('purpose').value = 'sent twice'`)
	b.agree()
	b.until(`rows('34.56').some((x) => x.textContent.includes('Refund') && x.querySelector('.badge.completed, .badge.executing'))`)

	// The story tells all of it, and what is refused shows why.
	b.press("6,300.00", "more")
	b.until(`/not by phone/.test(r.querySelector('.story')?.textContent) && r.querySelector('.story button:disabled')`)
	b.fill("withdrawal", "900,000")
	b.until(`r.querySelector('.plan .why li')`)
	b.do(`r.querySelector('[part=review]').click()`)
	b.until(`r.querySelector('.toast.bad li')`)

	// The export has what the filter lets through.
	b.do(`r.querySelector('details.filter').open = true; set(r.querySelector('.filters [name=state]'), 'rejected'); r.querySelector('.filters').requestSubmit()`)
	b.until(`r.querySelectorAll('#table tbody tr[id]').length === 1`)
	csv := b.text(`fetch(r.querySelector('.filters a').href).then((x) => x.text())`)
	require.Contains(t, csv, "6300")
	require.Contains(t, csv, "rejected")
	require.NotContains(t, csv, "completed")
}

// TestATradeIsQuotedAndExecuted buys dollars for an amount of reais and sells
// some back, at the price that is shown.
func TestATradeIsQuotedAndExecuted(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "en")
	trade := func(side, fixed, amount string) {
		t.Helper()
		b.fill("trade", amount)
		b.do(fmt.Sprintf(`const at = (n) => r.querySelector('#new [name=' + n + ']'); const usd = [...at('pair').options].find((o) => o.textContent.startsWith('USD/BRL')); set(at('pair'), usd.value); set(at('side'), %q); set(at('fixed'), %q)`, side, fixed))
	}
	trade("buy", "quote", "321.09")
	b.until(`r.querySelector('.plan .price') && r.querySelector('.plan .terms').textContent.includes('321.09 BRL')`)
	b.do(`set(r.querySelector('#new [name=limit]'), '0.01')`)
	b.until(`r.querySelector('.plan .why li')`) // nobody sells that cheap
	b.do(`set(r.querySelector('#new [name=limit]'), '')`)
	b.until(`!r.querySelector('.plan .why li') && r.querySelector('.plan .price')`)
	b.each("trade-form")
	b.do(`const b = r.querySelector('[part=review]'); b.click(); b.click()`)
	b.until(`r.querySelector('dialog[open] .price') && /expire in \d+:\d\d/.test(r.querySelector('dialog .clock').textContent)`)
	b.shoot("trade-confirm")
	b.do(`const b = r.querySelector('[part=confirm]'); b.click(); b.click()`)
	b.becomes("321.09", "completed")

	trade("sell", "base", "7.77")
	b.until(`r.querySelector('.plan .terms')?.textContent.includes('7.77 USD')`)
	b.do(`const b = r.querySelector('[part=review]'); b.click(); b.click()`)
	b.until(`r.querySelector('dialog[open] [part=confirm]')`)
	b.do(`const b = r.querySelector('[part=confirm]'); b.click(); b.click()`)
	b.becomes("7.77", "completed")

	// A pair that somebody switches off is no choice any more on an open page.
	put := b.text(`(async () => {
		const at = '../api/customers/' + r.host.getAttribute('customer'), json = { 'Content-Type': 'application/json' };
		const { context } = await (await fetch(at + '/context', { method: 'POST', headers: json, body: '{}' })).json();
		const { pairs } = await (await fetch(at + '/trading', { headers: { 'Onbehalf-Context': context } })).json();
		const codes = Object.fromEntries((await (await fetch(at + '/accounts', { headers: { 'Onbehalf-Context': context } })).json()).items.map((a) => [a.id, a.asset]));
		const { problems, ...pair } = pairs.find((p) => codes[p.base] === 'USD');
		return (await fetch(at + '/trading/pairs', { method: 'PUT', headers: { ...json, 'Onbehalf-Context': context, 'Idempotency-Key': 'off' }, body: JSON.stringify({ ...pair, inactive: true }) })).status;
	})()`)
	require.Equal(t, "200", put)
	b.until(`![...r.querySelectorAll('#new [name=pair] option')].some((o) => o.textContent.startsWith('USD/BRL'))`)
}

func TestACustomerIsMadeAndFurnished(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	look(b, chromedp.Navigate(b.url+"desk/?lang=en"))
	b.until(`document.querySelector('td a')`)
	b.do(`document.querySelector('details.card').open = true`)
	b.until(`document.querySelector('details.card form')`)
	b.do(`const f = document.querySelector('details.card form'); set(f.elements.name, 'Livraria Sul Ltda'); set(f.elements.type, 'company'); set(f.elements.taxKind, 'cnpj'); set(f.elements.taxId, '11.222.333/0001-00'); const p = f.querySelector('button'); p.click(); p.click()`)
	b.until(`document.querySelector('details.card .bad')`) // the check digits are wrong
	b.do(`const f = document.querySelector('details.card form'); set(f.elements.taxId, '11.444.777/0001-61'); const p = f.querySelector('button'); p.click(); p.click()`)
	b.until(`document.querySelector('h1')?.textContent === 'Livraria Sul Ltda' && document.querySelectorAll('.two form').length === 2`)
	b.do(`const f = document.querySelectorAll('.two form')[0]; set(f.elements.name, 'Main'); set(f.elements.asset, 'BRL'); set(f.elements.pix_key, 'sul@example.com'); set(f.elements.debtLimit, '1,000.50'); const p = f.querySelector('button'); p.click(); p.click()`)
	b.until(`document.querySelectorAll('tbody tr').length === 1 && /1,000.50/.test(document.querySelector('tbody').textContent)`)
	b.do(`const f = document.querySelectorAll('.two form')[1]; set(f.elements.name, 'Coins'); set(f.elements.asset, 'BTC'); set(f.elements.network, 'bitcoin'); set(f.elements.address, 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'); f.querySelector('button').click()`)
	b.until(`document.querySelectorAll('tbody tr').length === 2`)
	b.do(`document.querySelector('.tabs a[href*="tab=details"]').click()`)
	b.until(`document.querySelector('.tabs [aria-current]').href.includes('tab=details') && document.querySelector('.body form')`)
	b.do(`[...document.querySelectorAll('.body button')].find((x) => x.textContent === 'Suspend').click()`)
	b.until(`document.querySelector('.banner .badge.suspended')`)
	b.do(`document.querySelector('.tabs a[href*="tab=logs"]').click()`)
	b.until(`/Customer status set/.test(document.querySelector('tbody')?.textContent)`)
	require.Equal(t, "2", b.text(`document.querySelector('tbody').textContent.split('Account opened').length - 1`))
	look(b, chromedp.Navigate(b.url+"desk/?lang=en"))
	b.until(`document.querySelector('td a')`)
	b.do(`set(document.querySelector('input[type=search]'), 'Livraria')`)
	b.until(`document.querySelectorAll('tbody tr').length === 1 && /Livraria Sul/.test(document.querySelector('tbody').textContent)`)
}

// TestEveryPageIsReadable makes the pictures, and looks at each with axe-core.
func TestEveryPageIsReadable(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	look(b, chromedp.Navigate(b.url))
	b.until(`document.getElementById('ana')`)
	b.shoot("sign-in")
	for _, path := range []string{"", "desk/"} {
		require.Equal(t, screen.Policy, b.text(`fetch('./`+path+`').then((x) => x.headers.get('Content-Security-Policy'))`))
	}
	b.signIn("ana")
	for _, lang := range []string{"en", "pt-BR"} {
		look(b, chromedp.Navigate(b.url+"desk/?lang="+lang))
		b.until(`document.querySelectorAll('td a').length >= 12`)
		b.each("customers-" + lang)
		b.open("Maria da Silva", lang)
		b.fill("withdrawal", "10000")
		b.until(`r.querySelector('.plan .terms .fee') && r.querySelectorAll('#accounts svg').length > 2`)
		b.each("operations-" + lang)
		b.do(`r.querySelector('[part=review]').click()`)
		b.until(`r.querySelector('dialog[open] .cost')`)
		b.each("confirm-" + lang)
		b.do(`r.querySelector('dialog .buttons button:nth-child(2)').click()`)
		b.until(`!r.querySelector('dialog[open]') && r.querySelector('tr .badge.cancelled')`)
		b.do(`r.querySelector('tr .badge.awaiting_approval').closest('tr').querySelector('[data-focus^=more]').click(); r.querySelector('details.filter').open = true`)
		b.fill("withdrawal", "900000")
		b.until(`r.querySelector('.plan .why li') && r.querySelector('.story li')`)
		b.each("story-" + lang)
	}
	b.open("Maria da Silva", "en")
	b.do(`r.querySelector('details.filter').open = true; set(r.querySelector('.filters [name=kind]'), 'trade'); r.querySelector('.filters').requestSubmit()`)
	b.until(`rows('Trade').length === r.querySelectorAll('#table tbody tr[id]').length`)
	b.do(`rows('Trade')[0].querySelector('[data-focus^=more]').click()`)
	b.until(`r.querySelector('.story .price')`)
	require.Regexp(t, `Reference rate1 (BTC|USD) = [\d,.]+ BRL.*Spread80 bps`, b.text(`r.querySelector('.story .terms').textContent`))
	b.each("trade")
}

// TestEveryTabIsReadable does the same around the operations: the tabs of a
// profile, the lists over all books, and the firm's own.
func TestEveryTabIsReadable(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "pt-BR")
	for _, tab := range []string{"details", "accounts", "trading", "users", "logs"} {
		b.do(`document.querySelector('.tabs a[href*="tab=` + tab + `"]').click()`)
		b.until(`document.querySelector('.tabs [aria-current]').href.includes('tab=` + tab + `') && document.querySelector('.body .card')`)
		b.each(tab)
	}
	for view, what := range map[string]string{"worklist": "Rafael Nogueira", "treasury": "Receita de spread"} {
		look(b, chromedp.Navigate(b.url+"desk/?lang=pt-BR&view="+view))
		b.until(`document.querySelector('main tbody')?.textContent.includes('` + what + `')`)
		b.each(view)
	}
	look(b, chromedp.Navigate(b.url+"desk/?lang=en&customer=house&tab=users"))
	b.until(`document.querySelector('.banner.house') && document.querySelectorAll('.body tbody tr').length === 4`)
	b.each("house-users")
	look(b, chromedp.Navigate(b.url+"desk/?lang=en&customer=house"))
	b.until(`r?.querySelector('header.house') && r.querySelector('#live').classList.contains('on')`)
	b.each("house")
}

// each shoots a state wide and narrow, in light and dark.
func (b *tab) each(name string) {
	b.t.Helper()
	for _, width := range []int64{1280, 390} {
		look(b, chromedp.EmulateViewport(width, 900))
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(scheme)
			b.shoot(fmt.Sprint(name, "-", scheme, "-", width))
		}
	}
	look(b, chromedp.EmulateViewport(1280, 900))
	b.scheme("light")
}
