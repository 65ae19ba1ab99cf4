// The profile around a customer's operations: details, accounts and logs.
import { h, speak, request, money, readAmount, reasons } from './customer-operations.js';

const page = 50; // entries of the log at a time

// form sends what its fields hold; the same content keeps its key, so that it happens once however often it is sent.
const form = (t, lang, label, fields, send) => {
  let key = '';
  const said = h('div', { role: 'status' }), button = h('button', { class: 'primary' }, label);
  return h('form', { oninput: () => { key = ''; }, onsubmit: async (e) => {
    e.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    said.replaceChildren();
    key ||= crypto.randomUUID();
    try { await send(Object.fromEntries(new FormData(e.currentTarget)), key, button); } catch (x) {
      if (!x.status) throw x;
      key = [0, 502, 503, 504].includes(x.status) ? key : '';
      said.replaceChildren(h('div', { class: 'bad' }, h('b', {}, t('refused')), x.errors.length ? reasons(t, lang, x.errors) : h('p', {}, x.message)));
    } finally { button.disabled = false; }
  } }, h('div', { class: 'fields' }, fields), said, button);
};
const field = (t, name, props = {}) => h('label', {}, t(props.label || name), h('input', { name, autocomplete: 'off', ...props, label: null }));
const select = (t, name, list, value) => { const s = h('select', { name }, list.map(([v, text]) => h('option', { value: v }, text))); s.value = value ?? list[0]?.[0]; return h('label', {}, t(name), s); };

// profileForm is of a customer, or of one to be.
export const profileForm = (t, lang, reference, c, label, send) => form(t, lang, label, [
  field(t, 'name', { value: c.name || '', required: true, maxlength: '120' }), select(t, 'type', ['individual', 'company'].map((x) => [x, t('type.' + x)]), c.type),
  select(t, 'taxKind', reference.tax_kinds.map((x) => [x, x === 'other' ? t('otherTax') : x.toUpperCase()]), c.tax_id?.kind), field(t, 'taxId', { value: c.tax_id?.formatted || '', maxlength: '32' }),
  select(t, 'country', [['', '–'], ...reference.countries.map((x) => [x, new Intl.DisplayNames(lang, { type: 'region' }).of(x)])], c.country || ''),
], (v, key) => send({ name: v.name, type: v.type, ...(v.country && { country: v.country }), ...(v.taxId && { tax_id: { kind: v.taxKind, number: v.taxId } }), ...(c.person && { person: c.person }) }, key));

export const openProfile = async ({ api, customer, lang, tab, reason, main }) => {
  const t = speak(lang), path = 'customers/' + encodeURIComponent(customer), own = customer === 'house';
  const [context, reference] = await Promise.all([request(api, 'POST', path + '/context', { body: { reason } }), request(api, 'GET', 'reference')]);
  const ask = (method, rest, o = {}) => request(api, method, path + rest, { ...o, context: context.context });
  const time = (at) => new Intl.DateTimeFormat(lang, { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at));
  const body = h('div', { class: 'body' }), head = h('header', { class: 'banner' });
  main.replaceChildren(head, body);

  const banner = (c) => {
    head.className = 'banner ' + (own ? 'house' : c.status);
    head.replaceChildren(h('div', {}, h('small', {}, t(own ? 'houseFor' : 'for', { name: context.name || context.operator })), h('h1', {}, own ? t('house') : c.name || c.id)),
      h('small', {}, [c.tax_id && `${c.tax_id.kind.toUpperCase()} ${c.tax_id.formatted}`, c.id].filter(Boolean).join(' · ')), h('span', { class: 'badge ' + c.status }, t('status.' + c.status)));
  };
  const card = (title, ...kids) => h('section', { class: 'card', 'aria-label': title }, h('h2', {}, title), kids);
  // statuses are buttons for what may become of a customer or an account.
  const statuses = (next, rest, again) => (next || []).map((s) => form(t, lang, t('become.' + s), [], async (_, key) => { await ask('POST', rest, { key, body: { status: s } }); await again(); }));

  const details = async () => {
    const c = await ask('GET', '');
    banner(c);
    body.replaceChildren(card(t('details'), own ? '' : profileForm(t, lang, reference, c, t('save'), async (b, key) => { await ask('PUT', '', { key, body: b }); await details(); }),
      h('p', { class: 'dim' }, t('opened', { at: time(c.opened_at), by: c.opened_by }))), own ? '' : card(t('status'), h('div', { class: 'line' }, statuses(c.next_statuses, '/status', details))));
  };

  const accounts = async () => {
    const [c, list] = await Promise.all([ask('GET', ''), ask('GET', '/accounts')]);
    banner(c);
    const cell = (label, ...kids) => h('td', { 'data-label': t(label) }, kids);
    const rows = list.items.map((a) => h('tr', {}, cell('name', a.name || '–'), cell('asset', a.asset), cell('coordinates', h('div', {}, Object.entries(a.details).map(([k, v]) => h('div', {}, h('small', {}, t('detail.' + k) + ' '), v)), a.missing.length ? h('small', { class: 'bad' }, t('incomplete')) : '')),
      cell('available', money(lang, a.available, a.scale)), cell('debtLimit', money(lang, a.debt_limit, a.scale)), cell('status', h('span', { class: 'badge ' + a.status }, t('status.' + a.status))), cell('actions', h('details', {}, h('summary', {}, t('change')), statuses(a.next_statuses, `/accounts/${a.id}/status`, accounts)))));
    const assets = (kind) => reference.assets.filter((a) => a.kind === kind).sort((a, b) => !['BRL', 'USD', 'EUR'].includes(a.code) - !['BRL', 'USD', 'EUR'].includes(b.code) || a.code.localeCompare(b.code));
    const create = (kind, names) => card(t('new.' + kind), form(t, lang, t('openAccount'), [field(t, 'name', { maxlength: '120' }), select(t, 'asset', assets(kind).map((a) => [a.code, a.code + ' · ' + a.name])), names.map((n) => field(t, n, { label: 'detail.' + n, maxlength: '256' })), field(t, 'debtLimit', { inputmode: 'decimal' })],
      async (v, key) => {
        const limit = readAmount(lang, v.debtLimit || '0');
        if (limit === null) throw Object.assign(new Error(t('badAmount')), { status: 422, errors: [] });
        await ask('POST', '/accounts', { key, body: { name: v.name, currency: v.asset, debt_limit: limit, details: Object.fromEntries(names.filter((n) => v[n]).map((n) => [n, v[n]])) } });
        await accounts();
      }));
    body.replaceChildren(card(t('accounts'), rows.length ? h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['name', 'asset', 'coordinates', 'available', 'debtLimit', 'status', 'actions'].map((k) => h('th', { scope: 'col' }, t(k))))), h('tbody', {}, rows))) : h('p', {}, t('noAccounts'))),
      h('div', { class: 'two' }, create('fiat', ['bank', 'branch', 'number', 'pix_key']), create('crypto', ['network', 'address'])));
  };

  const logs = async (to) => {
    const c = await ask('GET', '');
    banner(c);
    const until = Math.min(to ?? c.seq, c.seq), list = await ask('GET', `/journal?after=${Math.max(0, until - page)}&limit=${page}`);
    const cell = (label, ...kids) => h('td', { 'data-label': t(label) }, kids);
    const rows = list.items.filter((e) => e.seq <= until).reverse().map((e) => h('tr', {}, cell('entry', String(e.seq)), cell('when', time(e.at)), cell('who', e.actors.map((a) => a.id).join(' / ')), cell('what', h('div', {}, t('action.' + e.action.replace('.', '_')), e.operation ? h('div', {}, h('small', {}, e.operation)) : '', e.refused?.length ? [h('b', { class: 'bad' }, t('refused')), reasons(t, lang, e.refused)] : '')),
      cell('channel', e.channel || '–'), cell('reason', e.reason || '–'), cell('details', h('details', {}, h('summary', {}, t('effects')), h('pre', { tabindex: '0' }, JSON.stringify(e.effects, null, 1)), h('small', {}, 'SHA-256 ' + e.hash)))));
    body.replaceChildren(card(t('logs'), h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['entry', 'when', 'who', 'what', 'channel', 'reason', 'details'].map((k) => h('th', { scope: 'col' }, t(k))))), h('tbody', {}, rows))),
      h('div', { class: 'line' }, h('button', { disabled: until === c.seq, onclick: () => logs() }, t('newest')), h('button', { disabled: until <= page, onclick: () => logs(until - page) }, t('next')))));
  };
  await { details, accounts, logs }[tab]();
};
