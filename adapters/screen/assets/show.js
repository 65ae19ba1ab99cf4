// h makes an element; nothing is ever parsed as HTML.
const h = (tag, props, ...kids) => {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props || {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (k === 'value') e.value = v;
    else e.setAttribute(k, v === true ? '' : v);
  }
  e.append(...kids.flat(9).filter((k) => k !== undefined && k !== null && k !== false));
  return e;
};

const speak = (lang) => {
  const words = /^pt/i.test(lang) ? pt : en;
  return (key, args) => (words[key] ?? key.replace(/^\w+\./, '').replaceAll('_', ' ')).replace(/\{(\w+)\}/g, (_, n) => args?.[n] ?? '');
};

// money shows a decimal string with the digits its asset has, exactly.
const money = (lang, text, scale, asset) =>
  new Intl.NumberFormat(lang, { minimumFractionDigits: scale, maximumFractionDigits: scale }).format(text) + (asset ? ' ' + asset : '');

// readAmount turns what a person typed into plain digits, or null: group marks
// only stand where the language puts them, so that 1.50 never becomes 150.
const readAmount = (lang, text) => {
  const [group, point] = /^pt/i.test(lang) ? ['.', ','] : [',', '.'];
  const m = text.trim().split(point);
  if (m.length > 2 || !/^\d+$/.test(m[1] ?? '0')) return null;
  const parts = m[0].split(group);
  if (!parts.every((p, i) => (i ? /^\d{3}$/ : parts.length > 1 ? /^\d{1,3}$/ : /^\d+$/).test(p))) return null;
  return parts.join('').replace(/^0+(?=\d)/, '') + (m[1] ? '.' + m[1] : '');
};

// exact shows a decimal string with the digits it has, and at least those of its asset.
const exact = (lang, text, scale = 0) => new Intl.NumberFormat(lang, { minimumFractionDigits: scale, maximumFractionDigits: 20 }).format(text);

// sum adds decimal strings, exactly.
const sum = (list) => {
  const n = Math.max(0, ...list.map((x) => (x.split('.')[1] || '').length));
  const total = list.reduce((all, x) => { const [i, f = ''] = x.split('.'); return all + BigInt(i + f.padEnd(n, '0')); }, 0n), digits = String(total < 0n ? -total : total).padStart(n + 1, '0');
  return (total < 0n ? '-' : '') + digits.slice(0, digits.length - n) + (n ? '.' + digits.slice(-n) : '');
};

// intentKey names one thing that is meant to happen once.
const intentKey = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

// systemName tells an account of the firm's in words: clearing with a provider, income, suspense.
const systemName = (t, id) => {
  const [kind, ...rest] = id.split(':'), name = rest.join(':');
  return t(['clearing:between', 'clearing:desk', 'income:fees', 'income:spread', 'suspense'].includes(id) ? 'system.' + id.replace(':', '_') : 'system.' + kind, { name });
};

// reasons tells why something is refused: in English what is wrong and the engine's remedy, in Portuguese by its code.
// The figures are in the digits of their asset, and accounts have their names.
const reasons = (t, lang, list, { accounts = [], assets = [] } = {}) => {
  const told = /^pt/i.test(lang) ? why.pt : why.en, account = (id) => accounts.find((a) => a.id === id);
  const line = (u) => {
    const own = Object.hasOwn(told, u.code), of = account(/^account:(.+)$/.exec(u.subject || '')?.[1]);
    const title = own ? told[u.code] : u.code === 'malformed' ? t('malformed', { field: t('field.' + (u.field || '').replace(/^.*[.\]]/, '').replace(/\[\d+$/, '')) }) : u.code.replaceAll('_', ' ');
    const asset = u.figures?.find((f) => f.name === 'asset')?.value || of?.asset, scale = assets.find((a) => a.code === asset)?.scale;
    const value = ({ name, value: v }) => name === 'state' ? t('state.' + v) : name === 'status' ? t('status.' + v) : name === 'side' ? t('side.' + v) : name === 'asked' && /^[a-z]/.test(v) ? t((/^status/.test(u.code) ? 'status.' : 'action.') + v)
      : name === 'account' ? account(v)?.name || v : /^-?\d+(\.\d+)?$/.test(v) ? exact(lang, v, name === 'rate' || u.code === 'limit_not_reached' ? 0 : scale) : /^\d{4}-\d\d-\d\dT/.test(v) ? new Intl.DateTimeFormat(lang, { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(v)) : v;
    const figures = (u.figures || []).filter((f) => !(u.code === 'state_forbids' && f.name === 'asked'));
    return h('li', {}, of && h('span', {}, (of.name || of.asset) + ': '), h('b', {}, title), told === why.en || !own && u.code !== 'malformed' ? [u.remedy || u.detail].filter(Boolean).map((x) => ' · ' + x) : '', figures.length ? h('small', {}, ' (' + figures.map((f) => t('figure.' + f.name) + ' ' + value(f)).join(', ') + ')') : '');
  };
  const lines = [...new Map((list || []).map(line).map((x) => [x.textContent, x])).values()]; // what holds for both sides is told once
  return lines.length ? h('ul', { class: 'unmet' }, lines) : '';
};
