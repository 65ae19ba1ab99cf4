// What the pages around an operation are made of: forms that do a thing once, and a book that is asked.
import { h, speak, request, reasons, intentKey } from './customer-operations.js';

// ends tells the answers after which the page has nothing more to show.
const ends = (e) => e.other || [401, 404].includes(e.status) || e.errors?.some((u) => ['grant_missing', 'operator_suspended', 'operator_unknown'].includes(u.code));

// withForms adds forms. Each sends what its fields hold; the same content keeps its key, so that it happens once however often it is sent.
export const withForms = (c) => {
  const { t } = c;
  c.form = (label, fields, send, permission) => {
    if (permission && !c.may(permission)) return h('p', { class: 'dim' }, t('needs', { permission: t('permission.' + permission) }));
    let key = '';
    const said = h('div', { role: 'status' }), button = h('button', { class: 'primary' }, label);
    const f = h('form', { oninput: () => { key = ''; }, onsubmit: async (e) => {
      e.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      said.replaceChildren();
      key ||= intentKey();
      try { await send(Object.fromEntries(new FormData(f)), key, button, f); } catch (x) {
        if (!x.status && x.status !== 0) throw x;
        key = [0, 502, 503, 504].includes(x.status) ? key : '';
        if (!c.fail(x)) said.replaceChildren(h('div', { class: 'bad' }, h('b', {}, t('refused')), x.errors?.length ? c.why(x.errors) : h('p', {}, x.said || t(x.status === 412 ? 'settingStale' : x.code ? 'problem.' + x.code : x.message))));
      } finally { button.disabled = false; }
    } }, h('div', { class: 'fields' }, fields), said, button);
    return f;
  };
  return c;
};

// openBook enters a customer's book for one of his pages. After a restart of the server it enters anew, for the same operator only.
export const openBook = async ({ api, customer, lang, reason, main, failed }) => {
  const t = speak(lang), path = 'customers/' + encodeURIComponent(customer), own = customer === 'house';
  const enter = () => request(api, 'POST', path + '/context', { body: { reason } });
  let [context, reference] = await Promise.all([enter(), request(api, 'GET', 'reference')]);
  const body = h('div', { class: 'body' }), head = h('header', { class: 'banner' }), c = { t, lang, own, reference, body, accounts: [] };
  main.replaceChildren(head, body);
  c.may = (permission) => context.permissions.includes(permission);
  c.fail = (e) => { if (!ends(e)) return false; main.replaceChildren(failed(e)); return true; };
  c.ask = async (method, rest, o = {}) => {
    const send = () => request(api, method, path + rest, { ...o, context: context.context });
    try { return await send(); } catch (e) {
      if (!['context_expired', 'context_mismatch'].includes(e.code)) throw e;
      const fresh = await enter();
      if (fresh.operator !== context.operator) throw Object.assign(e, { other: true });
      context = fresh;
      return send();
    }
  };
  c.banner = (x) => {
    head.className = 'banner ' + (own ? 'house' : x.status);
    head.replaceChildren(h('div', {}, h('small', {}, t(own ? 'houseFor' : 'for', { name: context.name || context.operator })), h('h1', {}, own ? t('house') : x.name || x.id)),
      h('small', {}, [x.tax_id && `${x.tax_id.kind === 'other' ? t('taxId') : x.tax_id.kind.toUpperCase()} ${x.tax_id.formatted}`, x.id].filter(Boolean).join(' · ')), h('span', { class: 'badge ' + x.status }, t('status.' + x.status)));
  };
  c.time = (at) => new Intl.DateTimeFormat(lang, { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at));
  c.why = (list) => reasons(t, lang, list, { accounts: c.accounts, assets: reference.assets });
  return withForms(c);
};

// bad is what the page itself finds wrong with a form.
export const bad = (said) => Object.assign(new Error(said), { status: 422, errors: [], said });
export const field = (t, name, props = {}) => h('label', {}, t(props.label || name), h('input', { name, autocomplete: 'off', ...props, label: null }));
export const select = (t, name, list, value, props = {}) => { const s = h('select', { name, ...props }, list.map(([v, text]) => h('option', { value: v }, text))); s.value = value ?? list[0]?.[0]; return h('label', {}, t(name), s); };
export const check = (text, name, on, props = {}) => { const i = h('input', { type: 'checkbox', name, ...props }); i.checked = !!on; return h('label', { class: 'check' }, i, ' ', text); };
export const card = (title, ...kids) => h('section', { class: 'card', 'aria-label': title }, h('h2', {}, title), kids);
export const table = (heads, rows) => h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, heads.map((x) => { const [text, cls] = [].concat(x); return h('th', { scope: 'col', class: cls }, text); }))), h('tbody', {}, rows)));
export const cell = (label, cls, ...kids) => h('td', { 'data-label': label, class: cls || null }, kids);
