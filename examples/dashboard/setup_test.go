package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// profile goes to a tab of the customer that is open.
func (b *tab) profile(name, shows string) {
	b.t.Helper()
	b.do(`document.querySelector('.tabs a[href*="tab=` + name + `"]').click()`)
	b.until(`document.querySelector('.tabs [aria-current]').href.includes('tab=` + name + `') && ` + shows)
}

// pair is the card of a pair, as p, and its form, as f.
const pair = `const p = document.querySelector('.pair[aria-label="USD/BRL"]'), f = p?.querySelector('form'); const twice = (x) => { x.click(); x.click() };`

// save presses the button of the pair's form twice.
const save = `twice(f.querySelector('button.primary'))`

func TestTradingPathsAreSetUp(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.open("Maria da Silva", "en")
	is := func(what string) { t.Helper(); b.until(`(() => { ` + pair + ` return ` + what + ` })()`) }
	do := func(what string) { t.Helper(); b.do(pair + what) }
	b.profile("trading", `document.querySelectorAll('.pair').length === 2`)
	is(`/Can be traded/.test(p.textContent) && /80 bps/.test(p.textContent)`)

	// Without its provider the pair says what it lacks.
	b.do(`const f = document.querySelector('.body form'); f.elements.house.click(); f.querySelector('button').click()`)
	is(`/Cannot be traded/.test(p.textContent) && /No enabled provider can quote this pair/.test(p.querySelector('.why').textContent)`)
	b.shoot("trading-problems")
	b.do(`const f = document.querySelector('.body form'); f.elements.house.click(); f.querySelector('button').click()`)
	is(`/Can be traded/.test(p.textContent)`)

	// Two paths of one provider for a side are refused, one is not; bounds and spreads are as typed.
	do(`p.querySelector('details').open = true; set(f.elements.min, '1,000.50'); set(f.elements.max, '20,000'); set(f.querySelector('[data-key=working]'), '90.5'); set(f.querySelector('[data-key=day_off]'), '120');
		f.querySelector('[data-list=quotations] > button').click(); ` + save)
	is(`/Provider is not right/.test(f.querySelector('.bad')?.textContent)`)
	b.each("trading-en")
	do(`f.querySelector('[data-list=quotations] tbody tr:nth-child(2) button').click(); set(f.elements.execution, 'priority'); set(f.elements.fills, 'in_part'); f.querySelector('[data-list=executions] > button').click(); ` + save)
	is(`/Least of a trade1,000.50 BRLMost of a trade20,000.00 BRL/.test(p.textContent) && /90.5 bps120 bps0 bps/.test(p.textContent) && /Execution paths/.test(p.textContent) && /If only a part can be hadthe part is taken/.test(p.textContent)`)
	do(`p.querySelector('details').open = true; set(f.elements.min, '1.000,50'); ` + save)
	is(`/This is not an amount/.test(f.querySelector('.bad')?.textContent)`)

	// Who looks at an older setting changes nothing.
	require.Equal(t, "200", b.text(`(async () => {
		const at = '../api/customers/' + new URLSearchParams(location.search).get('customer'), json = { 'Content-Type': 'application/json' };
		const { context } = await (await fetch(at + '/context', { method: 'POST', headers: json, body: '{}' })).json();
		const { pairs } = await (await fetch(at + '/trading', { headers: { 'Onbehalf-Context': context } })).json();
		const { problems, ...pair } = pairs.find((p) => p.minimum);
		return (await fetch(at + '/trading/pairs', { method: 'PUT', headers: { ...json, 'Onbehalf-Context': context, 'Idempotency-Key': 'elsewhere' }, body: JSON.stringify({ ...pair, maximum: '30000' }) })).status;
	})()`))
	do(`set(f.elements.min, '2'); ` + save)
	is(`/Somebody changed this in the meantime/.test(f.querySelector('.bad')?.textContent)`)
	look(b, chromedp.Reload())
	is(`/1,000.50 BRLMost of a trade30,000.00 BRL/.test(p?.textContent) && /hadthe part is taken/.test(p.textContent)`)

	// A new pair, of an account that is not complete.
	b.do(`const d = document.querySelector('.body > details'); d.open = true; const f = d.querySelector('form'), of = (s, x) => set(s, [...s.options].find((o) => o.textContent.startsWith(x)).value); of(f.elements.base, 'Euros'); of(f.elements.quote, 'Main'); f.querySelector('[data-list=quotations] > button').click(); f.querySelector('button.primary').click()`)
	b.until(`/Euros: The account is not complete/.test(document.querySelector('.pair[aria-label="EUR/BRL"] .why')?.textContent)`)

	// What was set holds where operations are made.
	b.profile("operations", `r?.querySelector('#table tbody tr')`)
	b.fill("trade", "999")
	b.do(`const at = (n) => r.querySelector('#new [name=' + n + ']'); set(at('pair'), [...at('pair').options].find((o) => o.textContent.startsWith('USD/BRL')).value); set(at('fixed'), 'quote')`)
	b.until(`/Below the minimum of the pair.*limit 1,000.50/.test(r.querySelector('.plan .why')?.textContent)`)
}

func TestAccessIsGivenAndRevoked(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	press := `const twice = (x) => { x.click(); x.click() }; const card = (name) => document.querySelector('.card[aria-label="' + name + '"]');`
	b.signIn("ana")
	b.open("Maria da Silva", "en")
	b.profile("users", `document.querySelector('.checks')`)
	b.do(press + `const f = card('Give access').querySelector('form'); set(f.elements.operator, 'carla'); f.elements.view.click(); f.querySelector('button').click()`)
	b.until(`/What he may do is not right/.test(document.querySelector('.bad')?.textContent)`)
	b.do(press + `const f = card('Give access').querySelector('form'); set(f.elements.expires, '2099-01-31T12:00'); f.elements.view.click(); f.elements.execute.click(); twice(f.querySelector('button'))`)
	b.until(`document.querySelectorAll('tbody tr').length === 1 && /carla.*View.*until/.test(document.querySelector('tbody tr').textContent)`)
	b.each("users-en")

	// Carla may carry out here now, and still gives nobody anything.
	carla := elsewhere(t, b.url, "carla")
	require.Contains(t, carla.permissions(b.customer()), "execute")
	b.do(press + `const d = document.querySelector('tbody details'); d.open = true; twice(d.querySelector('button'))`)
	b.until(`!document.querySelector('tbody tr')`)
	require.NotContains(t, carla.permissions(b.customer()), "execute")
	customer := b.customer()
	b.signIn("carla")
	for _, at := range []string{"users", "trading", "details", "accounts"} {
		look(b, chromedp.Navigate(b.url+"desk/?lang=en&tab="+at+"&customer="+customer))
		b.until(`/You would need the permission: Manage/.test(document.querySelector('.body')?.textContent) && !document.querySelector('.body form')`)
	}

	// In the own books operators are registered, allowed, suspended and reinstated.
	b.signIn("ana")
	look(b, chromedp.Navigate(b.url+"desk/?lang=en&tab=users&customer=house"))
	row := `const row = (id) => [...document.querySelectorAll('.card[aria-label=Operators] tbody tr')].find((x) => x.cells[0].textContent === id);`
	is := func(what string) { t.Helper(); b.until(`(() => { ` + row + press + ` return ` + what + ` })()`) }
	is(`row('carla')`)
	b.do(press + `const f = card('Register an operator').querySelector('form'); set(f.elements.operator, 'dina'); set(f.elements.person, 'p-dina'); twice(f.querySelector('button'))`)
	is(`row('dina')`)
	b.do(press + `const f = card('Give access').querySelector('form'); set(f.elements.operator, 'dina'); twice(f.querySelector('button.primary'))`)
	is(`/View/.test(row('dina').cells[3].textContent)`)
	for _, status := range []string{"suspended", "active"} {
		b.do(row + press + `const d = row('dina').cells[4].querySelector('details'); d.open = true; twice(d.querySelector('button'))`)
		is(`row('dina').querySelector('.badge.` + status + `')`)
	}
	b.do(row + press + `const d = row('dina').cells[3].querySelector('details'); d.open = true; twice(d.querySelector('button'))`)
	is(`!/View/.test(row('dina').cells[3].textContent)`)
}

// permissions are those that an operator has in a book now.
func (o *other) permissions(customer string) []string {
	o.t.Helper()
	o.context = ""
	all, _ := o.call("POST", "customers/"+customer+"/context", "", map[string]string{})["permissions"].([]any)
	names := make([]string, 0, len(all))
	for _, p := range all {
		name, _ := p.(string)
		names = append(names, name)
	}
	return names
}

// One person puts forward what became of it, another finds the same.
func TestAnUnresolvedOperationIsResolvedByTwo(t *testing.T) {
	t.Parallel()
	b := browse(t, serve(t))
	b.signIn("ana")
	b.fault("silence")
	b.open("Maria da Silva", "en")
	b.do(`set(r.querySelector('#new [name=kind]'), 'withdrawal'); set(r.querySelector('#new [name=via]'), 'pix')`)
	b.carry("withdrawal", "234.50")
	b.becomes("234.50", "unresolved")
	b.press("234.50", "resolve")
	b.until(`r.querySelector('dialog[open] [name=settled]')`)
	b.do(`r.querySelector('dialog .primary').click()`) // nothing is said yet
	require.Equal(t, "true", b.text(`r.querySelector('dialog').open`))
	b.each("resolve")
	b.do(`r.querySelector('dialog [name=settled]').value = 'yes'; r.querySelector('dialog [name=evidence]').value = 'statement 7'`)
	b.agree()
	b.until(`/a second person has to confirm/.test(rows('234.50')[0].textContent)`)
	require.Equal(t, "null", b.text(`rows('234.50')[0].querySelector('[data-focus^=resolve]')`), "who found it confirms it")
	b.press("234.50", "more")
	b.until(`/It happened, in full.*by ana.*Evidence: statement 7/.test(r.querySelector('.story')?.textContent) && /Who found it cannot confirm it/.test(r.querySelector('.story').textContent)`)
	b.each("finding")

	b.signIn("bruno")
	b.open("Maria da Silva", "pt-BR")
	b.press("234,50", "resolve")
	b.until(`/Aconteceu, por inteiro.*por ana.*Evidência: statement 7/.test(r.querySelector('dialog[open] .why')?.textContent)`)
	b.shoot("resolve-second")
	b.do(`r.querySelector('dialog [name=settled]').value = 'yes'; r.querySelector('dialog [name=evidence]').value = 'statement 7, too'`)
	b.agree()
	b.becomes("234,50", "completed")
}
