// Who may act for a customer; in the firm's own books, its operators and what they may do for all customers.
import { h } from './customer-operations.js';
import { card, cell, check, field, table } from './forms.js';

export const openUsers = async (c) => {
  const { t, ask, own } = c;
  const [customer, grants, operators] = await Promise.all([ask('GET', ''), ask('GET', '/grants'), own ? ask('GET', '/operators') : { items: [] }]);
  c.banner(customer);
  const again = () => openUsers(c), every = c.reference.permissions, tag = (p) => [h('span', { class: 'tag' }, t('permission.' + p)), ' '];
  const act = (label, ask2, rest) => h('details', {}, h('summary', {}, label), h('p', {}, ask2), c.form(label, [], async (_, key) => { await ask('POST', rest, { key }); await again(); }));
  const revoke = (g) => c.may('manage_grants') ? act(t('revoke'), t('revokeAsk', { who: g.operator }), `/grants/${encodeURIComponent(g.id)}/revoke`) : '';
  const until = (g) => g.expires ? t(Date.parse(g.expires) > Date.now() ? 'grantUntil' : 'grantOver', { at: c.time(g.expires) }) : t('noEnd');
  const rows = grants.items.map((g) => h('tr', {}, cell(t('maker'), 'long', g.operator), cell(t('permissions'), '', h('div', {}, g.permissions.map(tag))), cell(t('expires2'), '', until(g)), cell(t('actions'), '', revoke(g))));
  const give = c.form(t('give'), [field(t, 'operator', { label: 'maker', required: true, maxlength: '64' }), field(t, 'expires', { label: 'expires2', type: 'datetime-local' }), own ? check(t('everyone'), 'everyone', true) : '',
    h('fieldset', { class: 'wide checks' }, h('legend', {}, t('permissions')), every.map((p) => check(t('permission.' + p), p, p === 'view')))], async (v, key) => {
    await ask('POST', '/grants', { key, body: { operator: v.operator.trim(), permissions: every.filter((p) => v[p]), ...(v.expires && { expires: new Date(v.expires).toISOString() }), ...(v.everyone && { everyone: true }) } });
    await again();
  }, 'manage_grants');

  const staff = operators.items.map((o) => h('tr', {}, cell(t('maker'), 'long', o.id), cell(t('person'), 'long', o.person), cell(t('status'), '', h('span', { class: 'badge ' + o.status }, t('status.' + o.status))),
    cell(t('permissions'), '', h('div', {}, (o.grants || []).map((g) => h('div', { class: 'grant' }, h('div', {}, g.permissions.map(tag)), h('small', {}, until(g)), revoke(g))), o.grants?.length ? '' : t('nothing'))),
    cell(t('actions'), '', c.may('manage_grants') ? act(t(o.status === 'active' ? 'become.suspended' : 'reinstate'), t(o.status === 'active' ? 'suspendAsk' : 'reinstateAsk', { who: o.id }), `/operators/${encodeURIComponent(o.id)}/${o.status === 'active' ? 'suspend' : 'reinstate'}`) : '')));
  const register = c.form(t('register'), [field(t, 'operator', { label: 'maker', required: true, maxlength: '64' }), field(t, 'person', { required: true, maxlength: '64' })],
    async (v, key) => { await ask('POST', '/operators', { key, body: { operator: v.operator.trim(), person: v.person.trim() } }); await again(); }, 'manage_grants');

  c.body.replaceChildren(own ? card(t('operators'), h('p', { class: 'dim' }, t('operatorsFor')), table([t('maker'), t('person'), t('status'), t('permissions'), t('actions')], staff)) : '',
    card(t(own ? 'grantsHouse' : 'grantsHere'), h('p', { class: 'dim' }, t(own ? 'grantsHouseFor' : 'grantsFor')), rows.length ? table([t('maker'), t('permissions'), t('expires2'), t('actions')], rows) : h('p', {}, t('noGrants'))),
    h('div', { class: 'two' }, card(t('giveGrant'), give), own ? card(t('register'), register) : ''));
};
