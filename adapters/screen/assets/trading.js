// What a customer may trade: providers, pairs, and for each pair the paths to a price and to its execution.
import { h, money, readAmount } from './customer-operations.js';
import { bad, card, cell, check, field, select, table } from './forms.js';

const hours = ['working', 'day_off', 'outside_hours'];

export const openTrading = async (c) => {
  const { t, lang, ask, reference } = c;
  const [customer, list, set] = await Promise.all([ask('GET', ''), ask('GET', '/accounts'), ask('GET', '/trading')]);
  c.banner(customer);
  c.accounts = list.items;
  const account = (id) => list.items.find((a) => a.id === id), nameOf = (id) => account(id)?.name || account(id)?.asset || id;
  const again = () => openTrading(c), providers = [...new Set([...reference.providers.filter((p) => p !== 'desk'), ...set.providers])].sort();
  const sides = (s) => t('sides.' + (s || 'both')), figure = (v) => new Intl.NumberFormat(lang, { maximumFractionDigits: 18 }).format(v);

  const offered = c.form(t('save'), providers.map((p) => check(p, p, set.providers.includes(p))),
    async (v, key) => { await ask('PUT', '/trading/providers', { key, body: { providers: providers.filter((p) => v[p]), version: set.version } }); await again(); }, 'manage_accounts');

  // paths shows one of the two lists; the spread counts where a price is asked for.
  const paths = (title, all, priced) => h('div', {}, h('h3', {}, title), all?.length ? table([t('priority'), t('provider'), ...(priced ? hours.map((k) => [t('spread.' + k), 'num']) : []), t('side'), t('status')], [...all].sort((a, b) => a.priority - b.priority).map((p) => h('tr', {},
    cell(t('priority'), '', String(p.priority)), cell(t('provider'), '', p.provider), priced && hours.map((k) => cell(t('spread.' + k), 'num', figure(p.spread?.[k] || '0') + ' bps')), cell(t('side'), '', sides(p.sides)),
    cell(t('status'), '', h('span', { class: 'badge' + (p.inactive ? '' : ' active') }, t(p.inactive ? 'inactive' : 'active')))))) : h('p', { class: 'dim' }, t('noPaths')));

  // editor is a list of paths that is being changed: what it holds is read when it is sent.
  const editor = (title, name, all, priced) => {
    const rows = h('tbody'), labels = [t('priority'), t('provider'), ...(priced ? hours.map((k) => t('spread.' + k)) : []), t('side'), t('active'), ''];
    const add = (p) => {
      const input = (label, key, value, props) => cell(label, '', h('input', { 'aria-label': label, 'data-key': key, value, inputmode: 'decimal', autocomplete: 'off', ...props }));
      const choose = (label, key, options, value) => { const s = h('select', { 'aria-label': label, 'data-key': key }, options.map(([v, x]) => h('option', { value: v }, x))); s.value = value; return cell(label, '', s); };
      const on = h('input', { type: 'checkbox', 'aria-label': t('active'), 'data-key': 'active' });
      on.checked = !p.inactive;
      const row = h('tr', {}, input(t('priority'), 'priority', String(p.priority), { size: '3', inputmode: 'numeric' }), choose(t('provider'), 'provider', [...new Set([...providers, p.provider])].filter(Boolean).map((x) => [x, x]), p.provider || providers[0]),
        priced && hours.map((k) => input(t('spread.' + k), k, figure(p.spread?.[k] || '0'), { size: '5' })), choose(t('side'), 'sides', ['', 'buy', 'sell'].map((x) => [x, sides(x)]), p.sides || ''), cell(t('active'), '', on),
        cell('', '', h('button', { type: 'button', onclick: () => { row.remove(); rows.dispatchEvent(new Event('input', { bubbles: true })); } }, t('remove'))));
      rows.append(row);
      return row;
    };
    [...(all || [])].sort((a, b) => a.priority - b.priority).forEach(add);
    const read = () => [...rows.children].map((row) => {
      const at = (k) => row.querySelector(`[data-key=${k}]`), p = { provider: at('provider').value, priority: Number(at('priority').value) };
      if (!/^\d{1,4}$/.test(at('priority').value.trim())) throw bad(t('badPriority'));
      if (at('sides').value) p.sides = at('sides').value;
      if (!at('active').checked) p.inactive = true;
      for (const k of priced ? hours : []) {
        const v = readAmount(lang, at(k).value || '0');
        if (v === null) throw bad(t('badAmount'));
        if (!/^0(\.0*)?$/.test(v)) (p.spread ||= {})[k] = v;
      }
      return p;
    });
    const box = h('fieldset', { class: 'paths', 'data-list': name }, h('legend', {}, title), h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, labels.map((x) => h('th', { scope: 'col' }, x || h('span', { class: 'unseen' }, t('remove')))))), rows)),
      h('button', { type: 'button', onclick: (e) => { add({ priority: Math.max(0, ...[...rows.querySelectorAll('[data-key=priority]')].map((i) => Number(i.value) || 0)) + 1 }).querySelector('input').focus(); e.currentTarget.form.dispatchEvent(new Event('input')); } }, t('addPath')));
    return { box, read };
  };

  // setting is the form of a pair, or of one to be.
  const setting = (p) => {
    const old = !!p.version, scale = () => account(p.quote)?.scale ?? 2, bound = (v) => v ? money(lang, v, scale()) : '';
    const quotations = editor(t('quotations'), 'quotations', p.quotations, true), executions = editor(t('executions'), 'executions', p.executions, false);
    const choices = list.items.filter((a) => a.status !== 'closed').map((a) => [a.id, `${a.name || a.asset} · ${a.asset}`]);
    const follow = (how) => { executions.box.hidden = how !== 'priority'; };
    const form = c.form(old ? t('save') : t('addPair'), [
      !old && [select(t, 'base', choices, choices[1]?.[0]), select(t, 'quote', choices)], select(t, 'side', ['', 'buy', 'sell'].map((x) => [x, sides(x)]), p.sides || ''),
      field(t, 'min', { label: 'minimum', value: bound(p.minimum), inputmode: 'decimal' }), field(t, 'max', { label: 'maximum', value: bound(p.maximum), inputmode: 'decimal' }),
      select(t, 'quotation', ['priority', 'best_price'].map((x) => [x, t('strategy.' + x)]), p.quotation || 'priority'), select(t, 'execution', ['pinned', 'priority'].map((x) => [x, t('strategy.' + x)]), p.execution || 'pinned', { onchange: (e) => follow(e.target.value) }),
      select(t, 'fills', ['', 'in_part'].map((x) => [x, t('fills.' + (x || 'whole'))]), p.fills || ''), check(t('active'), 'active', !p.inactive), h('div', { class: 'wide' }, quotations.box, executions.box),
    ], async (v, key) => {
      const pair = { base: old ? p.base : v.base, quote: old ? p.quote : v.quote, version: p.version || 0, quotation: v.quotation, execution: v.execution, quotations: quotations.read(), executions: executions.read() };
      for (const [k, text] of [['minimum', v.min], ['maximum', v.max]]) {
        const amount = text.trim() && readAmount(lang, text);
        if (amount === null) throw bad(t('badAmount'));
        if (amount && !/^0(\.0*)?$/.test(amount)) pair[k] = amount;
      }
      if (v.side) pair.sides = v.side;
      if (v.fills) pair.fills = v.fills;
      if (!v.active) pair.inactive = true;
      await ask('PUT', '/trading/pairs', { key, body: pair });
      await again();
    }, 'manage_accounts');
    follow(p.execution || 'pinned');
    return form;
  };

  const fact = (k, v) => h('div', {}, h('dt', {}, t(k)), h('dd', {}, v));
  const one = (p) => {
    const base = account(p.base)?.asset || p.base, quote = account(p.quote)?.asset || p.quote, ready = !p.problems.length, amount = (v) => v ? money(lang, v, account(p.quote)?.scale ?? 2, quote) : t('noBound');
    return h('section', { class: 'card pair', 'aria-label': `${base}/${quote}` }, h('h2', {}, `${base}/${quote} `, h('small', {}, `${nameOf(p.base)} ⇄ ${nameOf(p.quote)} `), h('span', { class: 'badge ' + (ready ? 'active' : 'frozen') }, t(ready ? 'tradable' : 'notTradable'))),
      ready ? '' : h('div', { class: 'why' }, h('h3', {}, t('whyNot')), c.why(p.problems)),
      h('dl', { class: 'facts' }, fact('side', sides(p.sides)), fact('minimum', amount(p.minimum)), fact('maximum', amount(p.maximum)), fact('status', t(p.inactive ? 'inactive' : 'active')), fact('quotation', t('strategy.' + (p.quotation || 'priority'))), fact('execution', t('strategy.' + (p.execution || 'pinned'))), fact('fills', t('fills.' + (p.fills || 'whole')))),
      paths(t('quotations'), p.quotations, true), p.execution === 'priority' ? paths(t('executions'), p.executions, false) : '', h('details', {}, h('summary', {}, t('change')), setting(p)));
  };
  c.body.replaceChildren(card(t('providers'), h('p', { class: 'dim' }, t('providersFor')), offered), ...(set.pairs.length ? set.pairs.map(one) : [h('p', {}, t('noPairs'))]),
    list.items.length > 1 ? h('details', { class: 'card' }, h('summary', {}, t('addPair')), setting({})) : h('p', { class: 'dim' }, t('pairNeeds')));
};
