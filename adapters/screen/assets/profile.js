// The profile around a customer's operations: details, accounts and logs.
import { h, money, readAmount } from './customer-operations.js';
import { bad, card, cell, field, openBook, select, table } from './forms.js';
import { openTrading } from './trading.js';
import { openUsers } from './users.js';

const page = 50; // entries of the log at a time
const detailNames = { fiat: ['bank', 'branch', 'number', 'pix_key'], crypto: ['network', 'address'] };

// profileForm is of a customer, or of one to be.
export const profileForm = (c, x, label, send) => c.form(label, [
  field(c.t, 'name', { value: x.name || '', required: true, maxlength: '120' }), select(c.t, 'type', ['individual', 'company'].map((k) => [k, c.t('type.' + k)]), x.type),
  select(c.t, 'taxKind', c.reference.tax_kinds.map((k) => [k, k === 'other' ? c.t('otherTax') : k.toUpperCase()]), x.tax_id?.kind), field(c.t, 'taxId', { value: x.tax_id?.formatted || '', maxlength: '32' }),
  select(c.t, 'country', [['', '–'], ...c.reference.countries.map((k) => [k, new Intl.DisplayNames(c.lang, { type: 'region' }).of(k)])], x.country || ''),
], (v, key) => send({ name: v.name, type: v.type, ...(v.country && { country: v.country }), ...(v.taxId && { tax_id: { kind: v.taxKind, number: v.taxId } }), ...(x.person && { person: x.person }) }, key), 'manage_customers');

export const openProfile = async (o) => {
  const c = await openBook(o), { t, lang, ask, own, reference, body, time } = c;
  // statuses are buttons for what may become of a customer or an account.
  const statuses = (next, rest, again, permission) => c.may(permission) ? (next || []).map((s) => c.form(t('become.' + s), [], async (_, key) => { await ask('POST', rest, { key, body: { status: s } }); await again(); })) : [h('p', { class: 'dim' }, t('needs', { permission: t('permission.' + permission) }))];

  const details = async () => {
    const x = await ask('GET', '');
    c.banner(x);
    body.replaceChildren(card(t('details'), own ? '' : profileForm(c, x, t('save'), async (b, key) => { await ask('PUT', '', { key, body: b }); await details(); }),
      h('p', { class: 'dim' }, t('opened', { at: time(x.opened_at), by: x.opened_by }))), own ? '' : card(t('status'), h('div', { class: 'line' }, statuses(x.next_statuses, '/status', details, 'manage_customers'))));
  };

  const accounts = async () => {
    const [x, list] = await Promise.all([ask('GET', ''), ask('GET', '/accounts')]);
    c.banner(x);
    c.accounts = list.items;
    const currency = new Intl.DisplayNames(lang, { type: 'currency' });
    const assets = (kind) => reference.assets.filter((a) => a.kind === kind).sort((a, b) => !['BRL', 'USD', 'EUR'].includes(a.code) - !['BRL', 'USD', 'EUR'].includes(b.code) || a.code.localeCompare(b.code));
    const inputs = (kind, values = {}) => detailNames[kind].map((n) => field(t, n, { label: 'detail.' + n, maxlength: '256', value: values[n] || '' }));
    const given = (kind, v) => Object.fromEntries(detailNames[kind].filter((n) => v[n]).map((n) => [n, v[n]]));
    const limitOf = (v) => { const limit = readAmount(lang, v.debtLimit || '0'); if (limit === null) throw bad(t('badAmount')); return limit; };
    // change is a row under the account's own, made when it is asked for.
    const change = (a) => h('tr', { class: 'edit' }, h('td', { colspan: '7' }, c.form(t('save'), [field(t, 'name', { value: a.name, maxlength: '120' }), inputs(a.kind, a.details)],
      async (v, key) => { await ask('PUT', '/accounts/' + a.id, { key, body: { name: v.name, details: given(a.kind, v) } }); await accounts(); }, 'manage_accounts'),
    c.may('manage_accounts') && [c.form(t('setLimit'), [field(t, 'debtLimit', { value: money(lang, a.debt_limit, a.scale), inputmode: 'decimal' })], async (v, key) => { await ask('POST', `/accounts/${a.id}/limit`, { key, body: { debt_limit: limitOf(v) } }); await accounts(); }),
      h('div', { class: 'line' }, statuses(a.next_statuses, `/accounts/${a.id}/status`, accounts, 'manage_accounts'))]));
    const toggle = (a) => h('button', { 'aria-expanded': 'false', onclick: (e) => {
      const row = e.currentTarget.closest('tr'), open = !row.nextSibling?.classList.contains('edit');
      if (open) row.after(change(a)); else row.nextSibling.remove();
      e.currentTarget.setAttribute('aria-expanded', String(open));
    } }, t('change'));
    const rows = list.items.map((a) => h('tr', {}, cell(t('name'), 'long', a.name || '–'), cell(t('asset'), '', a.asset), cell(t('coordinates'), 'long', h('div', {}, Object.entries(a.details).map(([k, v]) => h('div', {}, h('small', {}, t('detail.' + k) + ' '), v)), a.missing.length ? h('small', { class: 'bad' }, t('incomplete')) : '')),
      cell(t('available'), 'num', money(lang, a.available, a.scale)), cell(t('debtLimit'), 'num', money(lang, a.debt_limit, a.scale)), cell(t('status'), '', h('span', { class: 'badge ' + a.status }, t('status.' + a.status))), cell(t('actions'), '', toggle(a))));
    const create = (kind) => card(t('new.' + kind), c.form(t('openAccount'), [field(t, 'name', { maxlength: '120' }), select(t, 'asset', assets(kind).map((a) => [a.code, a.code + ' · ' + (kind === 'fiat' ? currency.of(a.code) : a.name)])), inputs(kind), field(t, 'debtLimit', { inputmode: 'decimal' })],
      async (v, key) => { await ask('POST', '/accounts', { key, body: { name: v.name, currency: v.asset, debt_limit: limitOf(v), details: given(kind, v) } }); await accounts(); }, 'manage_accounts'));
    body.replaceChildren(card(t('accounts'), rows.length ? table([t('name'), t('asset'), t('coordinates'), [t('available'), 'num'], [t('debtLimit'), 'num'], t('status'), t('actions')], rows) : h('p', {}, t('noAccounts'))), h('div', { class: 'two' }, create('fiat'), create('crypto')));
  };

  const logs = async (to) => {
    const x = await ask('GET', '');
    c.banner(x);
    const until = Math.min(to ?? x.seq, x.seq), list = await ask('GET', `/journal?after=${Math.max(0, until - page)}&limit=${page}`);
    const rows = list.items.filter((e) => e.seq <= until).reverse().map((e) => h('tr', {}, cell(t('entry'), '', String(e.seq)), cell(t('when'), '', time(e.at)), cell(t('who'), 'long', e.actors.map((a) => a.kind === 'system' ? t('system') : a.id).join(' / ')), cell(t('what'), '', h('div', {}, t('action.' + e.action.replace('.', '_')), e.operation ? h('div', {}, h('small', {}, e.operation)) : '', e.refused?.length ? [h('div', {}, h('b', { class: 'bad' }, t('refused'))), c.why(e.refused)] : '')),
      cell(t('channel'), '', t('channel.' + (e.channel || 'none'))), cell(t('reason'), 'long', e.reason || '–'), cell(t('details'), '', h('details', {}, h('summary', {}, t('effects')), h('pre', { tabindex: '0' }, JSON.stringify(e.effects, null, 1)), h('small', {}, 'SHA-256 ' + e.hash)))));
    const go = (n) => () => logs(n).catch((e) => { if (!c.fail(e)) throw e; });
    body.replaceChildren(card(t('logs'), table(['entry', 'when', 'who', 'what', 'channel', 'reason', 'details'].map((k) => t(k)), rows), h('div', { class: 'line' }, h('button', { disabled: until === x.seq, onclick: go() }, t('newest')), h('button', { disabled: until <= page, onclick: go(until - page) }, t('next')))));
  };
  await { details, accounts, logs, trading: () => openTrading(c), users: () => openUsers(c) }[o.tab]();
};
