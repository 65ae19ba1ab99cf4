// The stand-alone page: the customers, and the profile of the one in the address.
import { h, speak, request, reasons } from './customer-operations.js';
import { select, withForms } from './forms.js';
import { openFirm } from './firm.js';
import { openProfile, profileForm } from './profile.js';

const query = new URLSearchParams(location.search), { api, home } = document.body.dataset;
const lang = /^pt/i.test(query.get('lang') || navigator.language) ? 'pt-BR' : 'en', t = speak(lang), customer = query.get('customer');
const tabs = ['details', 'accounts', 'trading', 'users', 'operations', 'logs'], tab = tabs.includes(query.get('tab')) ? query.get('tab') : 'operations';
const views = ['worklist', 'incidents', 'treasury'], view = views.includes(query.get('view')) && query.get('view');
const link = (to) => './?' + new URLSearchParams({ lang, ...to });
const other = /^pt/i.test(lang) ? 'en' : 'pt-BR', back = home && home + '?' + new URLSearchParams({ back: location.search });
document.documentElement.lang = lang;
document.body.append(h('nav', { 'aria-label': 'onbehalf' }, [['customers', {}], ['worklist', { view: 'worklist' }], ['incidents', { view: 'incidents' }], ['treasury', { view: 'treasury' }], ['ownBooks', { customer: 'house' }]].map(([k, to]) => h('a', { href: link(to), 'aria-current': k === (customer ? customer === 'house' && 'ownBooks' : view || 'customers') && 'page' }, t(k))),
  h('a', { class: 'end', lang: other, href: './?' + new URLSearchParams({ ...Object.fromEntries(query), lang: other }) }, other === 'en' ? 'English' : 'Português'), home && h('a', { href: home }, t('signOut'))));
document.addEventListener('onbehalf-sign-in', (e) => { if (home) { e.preventDefault(); location.href = back; } });
const main = h('main', { class: customer ? '' : 'list' });
const failed = (e) => h('div', { class: 'ended', role: 'alert' }, h('p', {}, t(e.other ? 'otherOperator' : e.status === 401 ? 'sessionEnded' : [403, 404].includes(e.status) ? 'accessEnded' : 'loadFailed')), e.errors?.length ? reasons(t, lang, e.errors) : '', home && h('a', { href: back }, t('signIn')));

const askReason = () => {
  const input = h('input', { name: 'reason', maxlength: '500', required: true });
  return h('form', { class: 'card', onsubmit: (e) => { e.preventDefault(); location.href = link({ customer, tab, reason: input.value }); } }, h('h1', {}, t('enterWhy')), h('p', {}, h('label', {}, t('reason'), input)), h('button', { class: 'primary' }, t('enter')));
};
// taxId is as people write it: the list has it bare.
const taxId = (c) => c.country !== 'BR' || !c.tax_id ? c.tax_id || '–' : c.tax_id.replace(/^(\d{3})(\d{3})(\d{3})(\d{2})$/, '$1.$2.$3-$4').replace(/^(\w{2})(\w{3})(\w{3})(\w{4})(\d{2})$/, '$1.$2.$3/$4-$5');

if (customer) {
  document.title = t(tab) + ' · onbehalf';
  document.body.append(h('nav', { class: 'tabs', 'aria-label': t('profile') }, tabs.map((k) => h('a', { href: link({ customer, tab: k, ...(query.get('reason') && { reason: query.get('reason') }) }), 'aria-current': k === tab && 'page' }, t(k)))), main);
  document.querySelector('.tabs [aria-current]').scrollIntoView({ block: 'nearest', inline: 'center' });
  if (tab === 'operations') main.append(h('h1', { class: 'unseen' }, t('operations')), h('customer-operations', { customer, lang, base: api, reason: query.get('reason') }));
  else openProfile({ api, customer, lang, tab, reason: query.get('reason') || '', main, failed }).catch((e) => main.replaceChildren(e.errors?.some((u) => u.code === 'reason_required') ? askReason() : failed(e)));
} else if (view) {
  document.title = t(view) + ' · onbehalf';
  document.body.append(main);
  openFirm({ api, lang, view, main, link }).catch((e) => main.replaceChildren(failed(e)));
} else {
  document.title = t('customers') + ' · onbehalf';
  const rows = h('tbody'), more = h('button', {}, t('more')), search = h('input', { type: 'search', 'aria-label': t('search'), placeholder: t('search') });
  const choice = (name, kind, list) => select(t, name, [['', t('all')], ...list.map((x) => [x, t(kind + '.' + x)])], '', { onchange: () => load(true) });
  const filters = [choice('status', 'status', ['onboarding', 'active', 'suspended', 'closed']), choice('type', 'type', ['individual', 'company', 'house'])];
  const columns = ['name', 'taxId', 'country', 'type', 'status', 'opened', 'updated'].map((k) => [k, t('column.' + k)]);
  const day = (at, by) => [new Intl.DateTimeFormat(lang, { dateStyle: 'short' }).format(new Date(at)), ' · ', by];
  const row = (c) => h('tr', {}, [h('a', { href: link({ customer: c.id }) }, c.name || c.id), taxId(c), c.country || '–', t('type.' + c.type), h('span', { class: 'badge ' + c.status }, t('status.' + c.status)), day(c.opened_at, c.opened_by), day(c.updated_at, c.updated_by)].map((x, i) => h('td', { 'data-label': columns[i][1], class: i ? null : 'long' }, x)));
  let cursor = '', asked = 0, timer;
  const load = async (fresh) => {
    const n = ++asked;
    if (fresh) cursor = '';
    try {
      const page = await request(api, 'GET', 'customers?' + new URLSearchParams({ limit: '50', ...(search.value && { search: search.value }), ...Object.fromEntries(filters.map((f) => f.querySelector('select')).filter((f) => f.value).map((f) => [f.name, f.value])), ...(cursor && { cursor }) }));
      if (n !== asked) return;
      if (fresh) rows.replaceChildren();
      rows.append(...page.items.map(row));
      if (!rows.children.length && !page.next_cursor) rows.append(h('tr', {}, h('td', { colspan: '7' }, t('noCustomers'))));
      cursor = page.next_cursor || '';
      more.hidden = !cursor;
    } catch (e) { if (n === asked) main.replaceChildren(failed(e)); }
  };
  search.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(load, 200, true); });
  more.addEventListener('click', () => load(false));
  const add = h('details', { class: 'card', ontoggle: async () => {
    if (add.children.length > 1) return;
    const c = withForms({ t, lang, may: () => true, reference: await request(api, 'GET', 'reference'), why: (list) => reasons(t, lang, list), fail: (e) => e.status === 401 && !main.replaceChildren(failed(e)) });
    add.append(profileForm(c, {}, t('addCustomer'), async (body, key) => {
      location.href = link({ customer: (await request(api, 'POST', 'customers', { key, body })).id, tab: 'accounts' });
    }));
  } }, h('summary', {}, t('addCustomer')));
  document.body.append(main);
  main.append(h('h1', {}, t('customers')), h('div', { class: 'filters' }, search, filters), h('div', { class: 'scroll' }, h('table', { class: 'customers' }, h('thead', {}, h('tr', {}, columns.map(([, k]) => h('th', { scope: 'col' }, k)))), rows)), more, add);
  load(true);
}
