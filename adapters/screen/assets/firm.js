// Lists over the books of all customers: what waits for approval, what people have to look at, and what the firm has and owes.
import { h, speak, request, money, reasons, systemName } from './customer-operations.js';
import { cell, table } from './forms.js';

// pages adds one page of a list after the other to the rows.
const pages = (t, load) => {
  const more = h('button', {}, t('more')), rows = h('tbody');
  const next = async () => { const cursor = await load(rows, more.cursor || ''); more.cursor = cursor || ''; more.hidden = !cursor; };
  more.addEventListener('click', () => next().catch(() => {}));
  return { rows, more, next };
};

export const openFirm = async ({ api, lang, view, main, link }) => {
  const t = speak(lang), reference = await request(api, 'GET', 'reference');
  const shown = (text, asset) => money(lang, text, reference.assets.find((a) => a.code === asset)?.scale ?? 2);
  const time = (at) => new Intl.DateTimeFormat(lang, { dateStyle: 'short', timeStyle: 'short' }).format(new Date(at));
  const names = {}, name = (id) => h('a', { href: link({ customer: id }) }, id === 'house' ? t('house') : names[id] || id);
  const learn = async (items) => { if (!Object.keys(names).length && items.length) for (const x of (await request(api, 'GET', 'customers?limit=200')).items) names[x.id] = x.name; };
  const lists = {
    worklist: [['when', 'customer', 'kind', ['amount', 'num'], 'maker', 'actions'], async (rows, cursor) => {
      const page = await request(api, 'GET', 'worklist?' + new URLSearchParams({ limit: '50', ...(cursor && { cursor }) }));
      await learn(page.items);
      rows.append(...page.items.map(({ customer, operation: o, unmet }) => h('tr', {}, cell(t('when'), '', time(o.created_at)), cell(t('customer'), 'long', name(customer)), cell(t('kind'), '', t('kind.' + o.order.kind)),
        cell(t('amount'), 'num', shown(o.order.amount, o.terms.asset) + ' ' + o.terms.asset), cell(t('maker'), 'long', o.maker.id), cell(t('actions'), '', unmet.length ? h('div', {}, reasons(t, lang, unmet)) : h('a', { href: link({ customer }) }, t('youMayApprove'))))));
      return page.next_cursor;
    }],
    incidents: [['when', 'customer', 'what', 'operation', 'coordinates'], async (rows, cursor) => {
      const page = await request(api, 'GET', 'incidents?' + new URLSearchParams({ limit: '50', ...(cursor && { cursor }) }));
      await learn(page.items);
      const value = ({ name: n, value: v }) => { const m = /^(-?\d+(?:\.\d+)?) ([A-Z]\w*)$/.exec(v); return m ? shown(m[1], m[2]) + ' ' + m[2] : ['state', 'answer'].includes(n) ? t(n + '.' + v) : v; };
      rows.append(...page.items.map(({ customer, incident: i }) => h('tr', {}, cell(t('when'), '', time(i.at)), cell(t('customer'), 'long', name(customer)), cell(t('what'), 'long', t('incident.' + i.code)), cell(t('operation'), 'long', i.operation ? h('code', {}, i.operation) : '–'),
        cell(t('coordinates'), 'long', (i.figures || []).map((f) => t('figure.' + f.name) + ' ' + value(f)).join(', ')))));
      return page.next_cursor;
    }],
    treasury: [['account', 'meaning', 'asset', ['amount', 'num'], ['books', 'num']], async (rows, cursor) => {
      const page = await request(api, 'GET', 'treasury?' + new URLSearchParams({ limit: '100', ...(cursor && { cursor }) }));
      rows.append(...page.items.map((p) => h('tr', {}, cell(t('account'), '', systemName(t, p.account)), cell(t('meaning'), '', /^clearing:(?!between$)/.test(p.account) && !/^-?0(\.0*)?$/.test(p.amount) ? t(p.amount.startsWith('-') ? 'owedToFirm' : 'owedByFirm') : ''), cell(t('asset'), '', p.asset), cell(t('amount'), 'num', shown(p.amount, p.asset)), cell(t('books'), 'num', new Intl.NumberFormat(lang).format(p.books)))));
      return page.next_cursor;
    }],
  };
  const [heads, load] = lists[view], list = pages(t, load), box = table(heads.map((x) => { const [k, cls] = [].concat(x); return [t(k), cls]; }), []);
  box.querySelector('tbody').replaceWith(list.rows);
  await list.next();
  main.replaceChildren(h('h1', {}, t(view)), h('p', { class: 'dim' }, t(view + 'For')), list.rows.children.length || !list.more.hidden ? box : h('p', {}, t(view + 'None')), list.more);
};
