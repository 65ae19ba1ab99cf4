// The stand-alone page: the customers, and the screen of the one in the address.
import { h, speak, request } from './customer-operations.js';

const query = new URLSearchParams(location.search), { api, home } = document.body.dataset;
const lang = query.get('lang') || (/^pt/i.test(navigator.language) ? 'pt-BR' : 'en'), t = speak(lang), customer = query.get('customer');
const link = (to) => './?' + new URLSearchParams({ lang, ...to });
document.documentElement.lang = lang;
const other = lang === 'en' ? 'pt-BR' : 'en';
document.body.append(h('nav', { 'aria-label': 'onbehalf' }, h('a', { href: link({}) }, t('customers')), h('a', { href: link({ customer: 'house' }) }, t('ownBooks')),
  h('a', { class: 'end', lang: other, href: link({ ...(customer && { customer }), lang: other }) }, other === 'en' ? 'English' : 'Português'), home && h('a', { href: home }, t('signOut'))));
document.addEventListener('onbehalf-sign-in', (e) => { if (home) { e.preventDefault(); location.href = home + '?' + new URLSearchParams({ back: location.search }); } });

if (customer) {
  document.body.append(h('main', {}, h('h1', {}, t('operations')), h('customer-operations', { customer, lang, base: api, reason: query.get('reason') })));
} else {
  const rows = h('tbody'), more = h('button', {}, t('more')), search = h('input', { type: 'search', 'aria-label': t('search'), placeholder: t('search') });
  let cursor = '', asked = 0, timer;
  const load = async (fresh) => {
    const n = ++asked;
    if (fresh) cursor = '';
    try {
      const page = await request(api, 'GET', 'customers?' + new URLSearchParams({ limit: '50', ...(search.value && { search: search.value }), ...(cursor && { cursor }) }));
      if (n !== asked) return;
      if (fresh) rows.replaceChildren();
      rows.append(...page.items.map((c) => h('tr', {}, h('td', {}, h('a', { href: link({ customer: c.id }) }, c.name || c.id)), h('td', {}, c.tax_id || ''), h('td', {}, t('status.' + c.status)), h('td', {}, t('type.' + c.type)), h('td', {}, c.country || ''))));
      if (!rows.children.length && !page.next_cursor) rows.append(h('tr', {}, h('td', { colspan: '5' }, t('noCustomers'))));
      cursor = page.next_cursor || '';
      more.hidden = !cursor;
    } catch (e) {
      rows.replaceChildren(h('tr', {}, h('td', { colspan: '5', role: 'alert' }, t(e.status === 401 ? 'sessionEnded' : 'loadFailed'), ' ', home && h('a', { href: home }, t('signIn')))));
    }
  };
  search.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(load, 200, true); });
  more.addEventListener('click', () => load(false));
  document.body.append(h('main', { class: 'list' }, h('h1', {}, t('customers')), search, h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['name', 'taxId', 'status', 'type', 'country'].map((k) => h('th', { scope: 'col' }, t(k))))), rows)), more));
  load(true);
}
