// offered are the actions that the contract has a way for; the engine has more.
const offered = new Set(['execute', 'modify', 'cancel', 'approve', 'reject', 'withdraw', 'resolve', 'refund']);

const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

class CustomerOperations extends HTMLElement {
  static observedAttributes = ['customer', 'lang', 'base', 'reason'];
  #life; #root; #s; #timer; #dialogTimer;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: 'open' });
    this.#root.adoptedStyleSheets = [sheet];
  }
  connectedCallback() { this.#start(); }
  disconnectedCallback() { this.#stop(); }
  attributeChangedCallback(name, was, is) { if (this.isConnected && was !== is) this.#start(); }

  get lang2() { return /^pt/i.test(this.getAttribute('lang') || '') ? 'pt-BR' : 'en'; }
  #t(key, args) { return speak(this.lang2)(key, args); }
  #emit(name, detail) { this.dispatchEvent(new CustomEvent('onbehalf-' + name, { detail, bubbles: true, composed: true })); }
  #base() { return (this.getAttribute('base') || './').replace(/\/?$/, '/'); }
  #path(rest = '') { return 'customers/' + encodeURIComponent(this.#s.customer) + rest; }

  #stop() {
    this.#life?.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#dialogTimer);
    this.#s?.events?.close();
  }

  // start forgets everything of the book before; one element is in one book at a time.
  async #start() {
    this.#stop();
    const life = (this.#life = new AbortController());
    this.#s = { customer: this.getAttribute('customer'), skew: 0, filter: {}, form: { kind: 'deposit' }, seq: 0, open: null, cursor: '', reason: this.getAttribute('reason') || '' };
    if (!this.getAttribute('customer')) return this.#root.replaceChildren();
    this.#root.replaceChildren(h('p', { role: 'status' }, this.#t('loading')));
    await this.#enter(life);
  }

  async #enter(life) {
    const s = this.#s;
    try {
      const [context, reference] = await Promise.all([
        request(this.#base(), 'POST', this.#path('/context'), { body: { reason: s.reason }, signal: life.signal }),
        request(this.#base(), 'GET', 'reference', { signal: life.signal }),
      ]);
      if (life.signal.aborted) return;
      Object.assign(s, { context, reference, seq: context.customer.seq });
      this.#frame();
      await this.#refresh();
      this.#listen();
      this.#emit('entered', { customer: context.customer.id, operator: context.operator });
    } catch (e) {
      if (life.signal.aborted) return;
      if (e.errors?.some((u) => /reason/.test(u.code + u.subject + (u.field || '')))) return this.#askReason(life);
      if (e.status === 401) return this.#ended('sessionEnded', 'session-ended');
      if (e.status === 403 || e.status === 404 || e.status === 422) return this.#ended('accessEnded', 'access-ended', e.errors);
      this.#root.replaceChildren(h('div', { class: 'ended', role: 'alert' }, h('p', {}, this.#t('loadFailed')), h('button', { onclick: () => this.#start() }, this.#t('tryAgain'))));
    }
  }

  #askReason(life) {
    const input = h('input', { name: 'reason', maxlength: '500', required: true });
    const form = h('form', { class: 'card', onsubmit: (e) => { e.preventDefault(); this.#s.reason = input.value; this.#enter(life); } },
      h('label', {}, this.#t('enterWhy'), input), h('button', { class: 'primary' }, this.#t('enter')));
    this.#root.replaceChildren(form);
    input.focus();
  }

  #ended(key, event, errors = []) {
    if (this.#life.signal.aborted) return; // another request was told before
    this.#stop();
    this.#root.querySelector('dialog')?.close();
    this.#root.replaceChildren(h('div', { class: 'ended', role: 'alert', part: 'ended' }, h('p', {}, this.#t(key)), this.#unmet(errors),
      h('button', { class: 'primary', onclick: () => { if (this.dispatchEvent(new CustomEvent('onbehalf-sign-in', { bubbles: true, composed: true, cancelable: true }))) location.reload(); } }, this.#t('signIn'))));
    this.#emit(event, {});
  }

  // ask sends a request in the page's context, and deals with what ends it. After a restart the
  // context is opened anew, for the same customer, operator and reason only.
  async #ask(method, rest, o = {}) {
    const s = this.#s, base = this.#base(), path = this.#path(rest), context = this.#path('/context'); // of the customer it was asked for, whoever is shown by then
    const seen = (r) => { const at = Date.parse(r.headers.get('Date')); if (at) s.skew = at - Date.now(); };
    const send = async () => {
      const got = await request(base, method, path, { ...o, seen, context: s.context.context, signal: o.signal || (o.key ? undefined : this.#life.signal), retrying: () => s === this.#s && this.#toast(this.#t('retrying')) });
      if (s !== this.#s) throw new DOMException('another book is shown', 'AbortError');
      return got;
    };
    try {
      return await send();
    } catch (e) {
      if (s !== this.#s) throw e;
      if (e.code === 'context_expired' || e.code === 'context_mismatch') {
        const fresh = await request(base, 'POST', context, { body: { reason: s.reason } }).catch((x) => x);
        if (s !== this.#s) throw e;
        if (fresh.context && fresh.operator === s.context.operator) {
          s.context = fresh;
          this.#banner();
          return send();
        }
        if (fresh.context) this.#ended('otherOperator', 'access-ended');
        else if (fresh.status === 401) this.#ended('sessionEnded', 'session-ended');
        else this.#ended('accessEnded', 'access-ended', fresh.errors);
      } else if (e.status === 401) this.#ended('sessionEnded', 'session-ended');
      else if (e.status === 404 && (rest === '' || rest === '/accounts') || e.code === 'forbidden' && method === 'GET') this.#ended('accessEnded', 'access-ended', e.errors);
      throw e;
    }
  }

  #frame() {
    const slot = (id, label) => h('section', { class: 'card ' + id, id, part: id, 'aria-label': this.#t(label) });
    this.#root.replaceChildren(h('header', { id: 'banner', part: 'banner' }),
      h('div', { class: 'grid' }, slot('accounts', 'accounts'), slot('new', 'newOperation')), slot('table', 'operations'),
      h('div', { id: 'toasts', role: 'status', 'aria-live': 'polite', part: 'toasts' }), h('dialog', { part: 'dialog', oncancel: (e) => this.#s.busy && e.preventDefault() }));
    this.#banner();
    this.#form();
    this.#tableFrame();
  }
  #at(id) { return this.#root.getElementById(id); }

  #banner() {
    const s = this.#s, c = s.context.customer, own = c.id === 'house', who = s.context.name || s.context.operator, head = this.#at('banner');
    head.className = own ? 'house' : c.status;
    head.replaceChildren(
      h('div', { class: 'who' }, h('small', {}, this.#t(own ? 'houseFor' : 'for', { name: who })), h('h2', {}, own ? this.#t('house') : c.name || c.id)),
      h('dl', {}, h('div', {}, h('dt', {}, 'ID'), h('dd', {}, c.id)), c.tax_id && h('div', {}, h('dt', {}, c.tax_id.kind === 'other' ? this.#t('taxId') : c.tax_id.kind.toUpperCase()), h('dd', {}, c.tax_id.formatted)),
        h('div', {}, h('dt', {}, this.#t('reason')), h('dd', {}, s.context.reason || this.#t('none')))),
      h('span', { class: 'badge ' + c.status }, this.#t('status.' + c.status)), h('span', { class: s.live ? 'live on' : 'live', id: 'live' }, this.#t(s.live ? 'live' : 'polling')));
  }

  // listen hears what happens in the book, from the entry seen last on. While it cannot, it looks every few seconds.
  #listen() {
    const s = this.#s, life = this.#life;
    s.events?.close();
    const q = new URLSearchParams({ context: s.context.context, after: s.seq });
    const es = (s.events = new EventSource(this.#base() + this.#path('/events') + '?' + q));
    const live = (is) => { s.live = is; const e = this.#at('live'); e?.classList.toggle('on', is); if (e) e.textContent = this.#t(is ? 'live' : 'polling'); };
    es.onopen = () => live(true);
    es.addEventListener('entry', (e) => {
      const entry = JSON.parse(e.data);
      s.seq = Number(e.lastEventId);
      if (entry.action === 'setting.set') s.pairs = null;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#refresh().catch(() => {}), 120);
      this.#emit('entry', entry);
    });
    es.addEventListener('ended', (e) => this.#ended('accessEnded', 'access-ended', JSON.parse(e.data).errors));
    es.onerror = () => {
      live(false);
      es.close();
      wait(2000).then(() => life.signal.aborted || this.#refresh().catch(() => {}).then(() => life.signal.aborted || this.#listen()));
    };
  }

  async #refresh() {
    const s = this.#s;
    const [customer, accounts, trading] = await Promise.all([this.#ask('GET', ''), this.#ask('GET', '/accounts'), s.pairs ? null : s.reference.kinds.includes('trade') ? this.#ask('GET', '/trading') : { pairs: [] }]);
    s.context.customer = customer;
    s.accounts = accounts.items;
    if (trading) [s.pairs, s.known] = [trading.pairs.filter((p) => !p.inactive), trading.pairs]; // until a setting changes
    this.#banner();
    this.#accounts();
    this.#form();
    this.#explain();
    await this.#list();
    this.#plots().catch(() => {});
  }

  #scale(asset) { return this.#s.reference.assets.find((a) => a.code === asset)?.scale ?? 2; }
  #money(text, asset) { return money(this.lang2, text, this.#scale(asset), asset); }
  // label is an account's name, told apart from another's that is the same.
  #label(a) { const of = (x) => x.name || x.asset; return of(a) + (this.#s.accounts.some((x) => x !== a && of(x) === of(a)) ? ' …' + a.id.slice(-4) : ''); }
  #name(id) { const a = this.#s.accounts?.find((x) => x.id === id); return a ? this.#label(a) : !id ? '–' : /^(clearing|income|suspense)\b/.test(id) ? systemName((k, v) => this.#t(k, v), id) : id; }
  #time(at) { return new Intl.DateTimeFormat(this.lang2, { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at)); }
  #unmet(list) { return reasons((k, a) => this.#t(k, a), this.lang2, list, { accounts: this.#s.accounts, assets: this.#s.reference?.assets }); }

  #accounts() {
    const s = this.#s, el = this.#at('accounts');
    const open = new Set([...el.querySelectorAll('details[open]')].map((d) => d.id));
    const can = (a, side, yes, no) => a[side]?.length ? h('details', { id: a.id + side, open: open.has(a.id + side) }, h('summary', { class: 'bad' }, '✕ ' + this.#t(no)), this.#unmet(a[side])) : h('span', { class: 'good' }, '✓ ' + this.#t(yes));
    el.replaceChildren(h('h3', {}, this.#t('accounts')), ...(s.accounts.length ? s.accounts.map((a) => h('article', {},
      h('div', { class: 'line' }, h('b', {}, this.#label(a)), h('span', { class: 'tag' }, a.asset), a.status !== 'active' && h('span', { class: 'badge ' + a.status }, this.#t('status.' + a.status)), h('strong', { class: 'num' }, this.#money(a.available, a.asset))),
      h('small', { class: 'line' }, ...['posted', 'held', 'debtLimit'].map((k) => h('span', {}, this.#t(k) + ' ' + this.#money(a[k === 'debtLimit' ? 'debt_limit' : k], a.asset)))),
      h('small', { class: 'line' }, can(a, 'debit_unmet', 'canDebit', 'noDebit'), can(a, 'credit_unmet', 'canCredit', 'noCredit')), this.#plot(a))) : [h('p', {}, this.#t('noAccounts'))]));
  }

  // plots draws how each balance went, anew only where it changed.
  async #plots() {
    const s = this.#s;
    s.plots ||= {};
    for (const a of s.accounts) {
      if (s.plots[a.id]?.posted === a.posted) continue;
      const page = await this.#ask('GET', `/statement?limit=100&account=${encodeURIComponent(a.id)}`);
      s.plots[a.id] = { posted: a.posted, points: page.items.reverse().map((p) => [Date.parse(p.at), Number(p.balance)]) }; // a picture, not money
    }
    this.#accounts();
  }
  #plot(a) {
    const points = this.#s.plots?.[a.id]?.points || [], e = (n, p) => { const x = document.createElementNS('http://www.w3.org/2000/svg', n); for (const [k, v] of Object.entries(p)) x.setAttribute(k, v); return x; };
    if (points.length < 2) return '';
    const [t0, t1] = [points[0][0], Date.now()], all = points.map((p) => p[1]), low = Math.min(0, ...all), span = Math.max(0, ...all) - low || 1, y = (v) => (30 - 28 * (v - low) / span).toFixed(1);
    const svg = e('svg', { viewBox: '0 0 300 32', preserveAspectRatio: 'none', role: 'img', 'aria-label': this.#t('balanceOf', { name: a.name || a.asset }) });
    svg.append(e('path', { class: 'zero', d: `M0 ${y(0)}H300` }), e('path', { class: 'line', d: points.map(([at, v], i) => { const x = (300 * (at - t0) / (t1 - t0 || 1)).toFixed(1); return i ? `H${x}V${y(v)}` : `M${x} ${y(v)}`; }).join('') + 'H300' }));
    return svg;
  }

  // form keeps what is being typed: it is made once and its choices are renewed.
  #form() {
    const s = this.#s, el = this.#at('new');
    const kinds = s.reference.kinds.filter((k) => ['deposit', 'withdrawal', 'transfer', 'trade'].includes(k));
    const choose = (select, list) => {
      const was = select.value, sign = JSON.stringify(list);
      if (select.dataset.sign === sign) return;
      select.dataset.sign = sign;
      select.replaceChildren(...list.map(([v, text]) => h('option', { value: v }, text)));
      if (list.some(([v]) => v === was)) select.value = was;
    };
    if (!s.fields) {
      const change = () => { s.intent = null; this.#sides(); this.#explain(); };
      const f = (s.fields = {
        kind: h('select', { name: 'kind', onchange: change }), pair: h('select', { name: 'pair', onchange: change }), side: h('select', { name: 'side', onchange: change }), from: h('select', { name: 'from', onchange: change }), to: h('select', { name: 'to', onchange: change }),
        amount: h('input', { name: 'amount', inputmode: 'decimal', autocomplete: 'off', oninput: change }), fixed: h('select', { name: 'fixed', onchange: change }),
        limit: h('input', { name: 'limit', inputmode: 'decimal', autocomplete: 'off', oninput: change }), via: h('select', { name: 'via', onchange: change }),
        purpose: h('input', { name: 'purpose', maxlength: '64', autocomplete: 'off', oninput: change }), reference: h('input', { name: 'reference', maxlength: '128', autocomplete: 'off', oninput: change }),
      });
      s.plan = h('div', { class: 'plan', 'aria-live': 'polite' }, h('p', {}, this.#t('choose')));
      s.review = h('button', { class: 'primary', part: 'review' }, this.#t('review'));
      el.replaceChildren(h('h3', {}, this.#t('newOperation')), h('form', { onsubmit: (e) => { e.preventDefault(); this.#review(); } },
        h('div', { class: 'fields' }, Object.entries(f).map(([k, input]) => h('label', { class: 'f-' + k }, this.#t(k), input))), s.plan, s.review));
      s.choose = choose;
      choose(f.kind, kinds.map((k) => [k, this.#t('kind.' + k)]));
      choose(f.via, [['', this.#t('manual')], ...s.reference.providers.filter((p) => p !== 'desk').map((p) => [p, p])]);
    }
    const list = (side) => (s.accounts || []).map((a) => [a.id, this.#label(a) + ' · ' + this.#money(a.available, a.asset) + (a[side]?.length ? ' ✕' : '')]);
    choose(s.fields.from, list('debit_unmet'));
    choose(s.fields.to, list('credit_unmet'));
    choose(s.fields.pair, (s.pairs || []).map((p) => [p.base + ' ' + p.quote, this.#pairName(p)]));
    this.#sides();
  }
  #assetOf(id) { return this.#s.accounts?.find((a) => a.id === id)?.asset || id; }
  #pairName(p) { return `${this.#assetOf(p.base)}/${this.#assetOf(p.quote)} · ${this.#name(p.base)} ⇄ ${this.#name(p.quote)}`; }
  #pair() { const v = this.#s.fields.pair.value; return this.#s.pairs?.find((p) => p.base + ' ' + p.quote === v); }
  #sides() {
    const { fields: f, choose } = this.#s, k = f.kind.value, trade = k === 'trade', pair = this.#pair();
    f.from.parentNode.hidden = trade || k === 'deposit';
    f.to.parentNode.hidden = trade || k === 'withdrawal';
    f.via.parentNode.hidden = trade || k === 'transfer';
    f.purpose.parentNode.hidden = trade;
    for (const n of ['pair', 'side', 'fixed', 'limit']) f[n].parentNode.hidden = !trade;
    choose(f.side, ['buy', 'sell'].filter((x) => !pair?.sides || pair.sides === x).map((x) => [x, this.#t('side.' + x)]));
    choose(f.fixed, pair ? [['base', this.#assetOf(pair.base)], ['quote', this.#assetOf(pair.quote)]] : []);
  }
  #order() {
    const f = this.#s.fields, amount = readAmount(this.lang2, f.amount.value), o = { kind: f.kind.value };
    for (const k of ['from', 'to', 'via', 'purpose', 'reference']) if (!f[k].parentNode.hidden && f[k].value) o[k] = f[k].value;
    if (o.kind === 'trade') {
      const pair = this.#pair(), limit = f.limit.value && readAmount(this.lang2, f.limit.value);
      if (!pair || limit === null) return null;
      [o.from, o.to] = f.side.value === 'buy' ? [pair.quote, pair.base] : [pair.base, pair.quote];
      o.attributes = { side: f.side.value, fixed: f.fixed.value, ...(limit && { limit }) };
    }
    return amount === null ? null : { ...o, amount };
  }

  // sides are the assets that leave and reach the customer: of an exchange, two.
  #sidesOf({ asset, exchange: x }) { return !x ? [asset, asset] : x.side === 'buy' ? [x.quote, x.base] : [x.base, x.quote]; }

  #terms(terms) {
    const line = (k, v, cls) => h('div', { class: 'line ' + (cls || '') }, h('span', {}, k), h('b', { class: 'num' }, v));
    const [out, into] = this.#sidesOf(terms), x = terms.exchange, figure = (v) => new Intl.NumberFormat(this.lang2, { maximumFractionDigits: 10 }).format(v);
    const price = (k, v) => line(this.#t(k), `1 ${x.base} = ${figure(v)} ${x.quote}`, 'price');
    // Of a part, what was set aside for the rest is given back: what each account held, less what was taken from it.
    const back = x?.agreed ? (terms.holds || []).map((o) => [o.account, sum([o.amount, ...(terms.postings || []).filter((p) => p.account === o.account).map((p) => p.amount)])]).filter(([, rest]) => !/^(-|0(\.0*)?$)/.test(rest)) : [];
    return h('div', { class: 'terms' }, x && [x.agreed && line(this.#t('agreed'), this.#money(x.agreed, x.base), 'part'), line(this.#t(x.agreed ? 'filled' : 'side.' + x.side), this.#money(x.base_amount, x.base), x.agreed && 'part'), back.map(([id, rest]) => line(this.#t('givenBack'), this.#money(rest, this.#assetOf(id)), 'part')), line(this.#t('against'), this.#money(x.quote_amount, x.quote)), price('rate', x.rate), price('referenceRate', x.reference),
      h('small', {}, `${x.source} · ${this.#time(x.at)}${x.stale ? ' · ' + this.#t('stale') : ''}`), (x.legs || []).map((l) => h('small', { class: 'leg' }, `${this.#t('leg')}: 1 ${l.base} = ${figure(l.rate)} ${l.quote} · ${l.source ? l.source + ' · ' : ''}${this.#time(l.at)}`)), line(this.#t('spread'), figure(x.spread) + ' bps')],
      (terms.fees || []).map((f) => line(this.#t('fee') + ' · ' + f.fee + (f.whole && x?.parts ? ' · ' + this.#t('feeWhole') : ''), this.#money(f.amount, f.asset), 'fee')), line(this.#t('debit'), this.#money(terms.debit, out)), line(this.#t('credit'), this.#money(terms.credit, into)), terms.approval && line(this.#t('approvals'), String(terms.approval.persons)), x?.parts && !x.agreed && h('small', { class: 'parts' }, this.#t('partsMay')));
  }

  // explain shows what the order would do now; an answer to an older question is dropped.
  #explain() {
    const s = this.#s, order = this.#order(), n = (s.asked = (s.asked || 0) + 1);
    clearTimeout(s.asking);
    if (s.fields.kind.value === 'trade' && !this.#pair()) return s.plan.replaceChildren(h('p', {}, this.#t('noPairs')));
    if (!order) return s.plan.replaceChildren(h('p', { class: s.fields.amount.value ? 'bad' : '' }, this.#t(s.fields.amount.value ? 'badAmount' : 'choose')));
    s.asking = setTimeout(async () => {
      const show = (...kids) => n === s.asked && s.plan.replaceChildren(...kids);
      try {
        const plan = await this.#ask('POST', '/explain', { body: order });
        const soft = plan.unmet?.length && plan.unmet.every((u) => plan.warnings?.includes(u.code));
        const was = s.plan.querySelector('input')?.checked;
        show(plan.terms?.asset ? h('div', {}, h('h4', {}, this.#t('terms')), this.#terms(plan.terms)) : '', plan.unmet?.length ? h('div', { class: 'why', role: 'group' }, h('h4', {}, this.#t('whyNot')), this.#unmet(plan.unmet)) : '',
          soft ? h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: was }), this.#t('ack')) : '');
        if (n === s.asked) s.warnings = soft ? plan.warnings : [];
      } catch (e) { if (e.errors) show(h('div', { class: 'why' }, h('h4', {}, this.#t('whyNot')), this.#unmet(e.errors))); }
    }, 200);
  }

  // review freezes the terms; the same content keeps its key however often it is asked for.
  async #review() {
    const s = this.#s, order = this.#order();
    if (!order || s.busy) return;
    s.intent ||= intentKey();
    await this.#command(s.review, async () => {
      const acknowledge = s.plan.querySelector('input')?.checked ? s.warnings : [];
      const r = await this.#ask('POST', '/prepare', { body: order, key: s.intent, acknowledge });
      s.intent = null;
      this.#confirm(r.operation, acknowledge);
    }, (e) => { if (e.status !== 504 && e.status !== 0) s.intent = null; });
  }

  async #command(button, run, failed) {
    const s = this.#s;
    if (s.busy) return;
    s.busy = true;
    button.disabled = true;
    try { await run(); } catch (e) { failed?.(e); if (s === this.#s) await this.#complain(e); } finally { s.busy = false; button.disabled = false; }
  }

  async #complain(e) {
    if (!(e instanceof Problem)) { if (!this.#life.signal.aborted) throw e; return; }
    if (this.#life.signal.aborted) return;
    this.#emit('refused', { code: e.code, errors: e.errors });
    if (e.code === 'stale_version' && e.operation) {
      const story = await this.#ask('GET', '/operations/' + e.operation.id).catch(() => null), v = story?.versions[0];
      this.#dialog().close();
      this.#toast(this.#t('conflict', { who: v?.actors?.[0]?.id || '?', ago: v ? this.#t('ago', { n: Math.max(0, Math.round((this.#now() - Date.parse(v.at)) / 1000)) }) : '' }), 'bad');
      return this.#list();
    }
    if (e.status === 0 || e.status === 504) return this.#toast(this.#t('unknown'), 'bad');
    this.#toast(h('div', {}, h('b', {}, this.#t('refused')), e.errors.length ? this.#unmet(e.errors) : h('p', {}, this.#t('problem.' + e.code))), 'bad');
  }

  #toast(content, kind = '') {
    const t = h('div', { class: 'toast ' + kind }, h('div', {}, content), h('button', { 'aria-label': this.#t('close'), onclick: () => t.remove() }, '×'));
    (this.#root.querySelector('dialog[open] .toasts') || this.#at('toasts'))?.append(t);
    setTimeout(() => t.remove(), 12000);
  }

  #dialog() { return this.#root.querySelector('dialog'); }
  #show(...kids) {
    const d = this.#dialog();
    clearInterval(this.#dialogTimer);
    d.replaceChildren(...kids, h('div', { class: 'toasts', role: 'status' }));
    if (!d.open) d.showModal();
    const title = d.querySelector('h3'); // not the button: who presses Enter once too often agrees to nothing
    title?.setAttribute('tabindex', '-1');
    (d.querySelector('input, select') || title)?.focus();
    return d;
  }
  #now() { return Date.now() + this.#s.skew; } // by the server's clock: a person's may be wrong
  #who() { const c = this.#s.context.customer; return c.id === 'house' ? this.#t('house') : c.name || c.id; }

  // confirm names the customer and what it costs him, and carries out exactly the terms shown.
  #confirm(op, acknowledge = []) {
    const keys = { execute: intentKey(), cancel: intentKey() }, clock = h('p', { class: 'clock', role: 'timer' });
    const act = (name) => (e) => this.#command(e.currentTarget, async () => {
      const r = await this.#ask('POST', `/operations/${op.id}/${name}`, { key: keys[name], version: op.version, acknowledge: name === 'execute' ? acknowledge : [] });
      this.#dialog().close();
      this.#did(r.operation);
      if (name === 'execute') { this.#s.fields.amount.value = ''; this.#explain(); }
    });
    const yes = h('button', { class: 'primary', onclick: act('execute'), part: 'confirm' }, this.#t('confirm'));
    const d = this.#show(h('h3', {}, this.#t('confirmTitle', { kind: this.#t('kind.' + op.order.kind) })), h('p', { class: 'big' }, this.#t('confirmFor', { customer: this.#who() })), this.#route(op), this.#terms(op.terms),
      h('p', { class: 'big cost' }, this.#t('cost', { customer: this.#who(), cost: this.#money(op.terms.debit, this.#sidesOf(op.terms)[0]) })), clock, h('div', { class: 'buttons' }, yes, h('button', { onclick: act('cancel') }, this.#t('back')), h('button', { onclick: () => d.close() }, this.#t('close'))));
    const tick = () => {
      if (!op.terms.expires) return;
      const left = Math.floor((Date.parse(op.terms.expires) - this.#now()) / 1000);
      clock.textContent = left > 0 ? this.#t('expires', { t: Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0') }) : this.#t('expired');
      if (left <= 0) yes.disabled = true;
    };
    tick();
    this.#dialogTimer = setInterval(tick, 1000);
  }
  #route(op) { return h('p', {}, this.#money(op.order.amount, op.terms.asset), ' · ', op.order.from ? this.#name(op.order.from) : '', op.order.from && op.order.to ? ' → ' : '', op.order.to ? this.#name(op.order.to) : ''); }
  #did(op) {
    this.#toast(op.finding && op.state === 'unresolved' ? this.#t('findingKept') : this.#t('done', { kind: this.#t('kind.' + op.order.kind), state: this.#t('state.' + op.state) }), op.state === 'completed' ? 'good' : '');
    this.#emit('operation', op);
    this.#refresh().catch(() => {});
  }

  #tableFrame() {
    const s = this.#s, el = this.#at('table'), t = (k) => this.#t(k);
    s.choices = {};
    const select = (name, list) => h('label', {}, t(name === 'state' ? 'status' : name), h('select', { name }, h('option', { value: '' }, t('all')), list.map(([v, x]) => h('option', { value: v }, x))));
    const input = (name, type) => h('label', {}, t(name), h('input', { name, type, autocomplete: 'off' }));
    const form = h('form', { class: 'filters', onsubmit: (e) => { e.preventDefault(); apply(); }, onreset: () => setTimeout(apply) }, select('state', s.reference.states.map((x) => [x, t('state.' + x)])), select('kind', s.reference.kinds.map((x) => [x, t('kind.' + x)])),
      ...['asset', 'pair', 'account'].map((k) => h('label', {}, t(k), (s.choices[k] = h('select', { name: k }, h('option', { value: '' }, t('all')))))), input('min'), input('max'), input('since', 'date'), input('until', 'date'), input('maker'),
      h('div', { class: 'buttons' }, h('button', {}, t('filter')), h('button', { type: 'reset' }, t('clear')), (s.csv = h('a', { class: 'button', download: true }, t('csv')))));
    const summary = h('summary', {}, t('filter')), midnight = (day, after) => { const d = new Date(day + 'T00:00'); d.setDate(d.getDate() + after); return d.toISOString(); }; // until a day is with that day
    const apply = () => {
      const q = {};
      for (const [k, v] of new FormData(form)) {
        if (!v) continue;
        q[k] = k === 'min' || k === 'max' ? readAmount(this.lang2, v) ?? v : k === 'since' || k === 'until' ? midnight(v, k === 'until') : v;
      }
      Object.assign(s, { filter: q, cursor: '' });
      const n = Object.keys(q).length;
      summary.textContent = t('filter') + (n ? ` (${n})` : '');
      this.#list().catch((e) => this.#complain(e));
    };
    s.rows = h('tbody');
    s.next = h('button', { onclick: () => { s.cursor = s.nextCursor; this.#list().catch((e) => this.#complain(e)); } }, t('next'));
    s.first = h('button', { onclick: () => { s.cursor = ''; this.#list().catch((e) => this.#complain(e)); } }, t('newest'));
    el.replaceChildren(h('h3', {}, t('operations')), h('details', { class: 'filter' }, summary, form), h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, ['when', 'kind', 'account', 'amount', 'status', 'maker', 'actions'].map((k) => h('th', { scope: 'col', class: k === 'amount' ? 'num' : '' }, t(k))))), s.rows)), h('div', { class: 'buttons' }, s.first, s.next));
  }

  async #list() {
    const s = this.#s, n = (s.listed = (s.listed || 0) + 1);
    const page = await this.#ask('GET', '/operations?' + new URLSearchParams({ ...s.filter, actions: 'true', limit: '20', ...(s.cursor && { cursor: s.cursor }) }));
    const story = s.open && (await this.#ask('GET', '/operations/' + s.open).catch(() => null));
    if (n !== s.listed) return;
    s.csv.href = this.#base() + this.#path('/operations.csv?') + new URLSearchParams({ ...s.filter, context: s.context.context });
    const assets = [...new Set(s.accounts.map((a) => a.asset))].sort(), pairs = [...new Set((s.known || []).map((p) => `${this.#assetOf(p.base)}/${this.#assetOf(p.quote)}`))].sort();
    for (const [k, list] of [['asset', assets.map((x) => [x, x])], ['pair', pairs.map((x) => [x, x])], ['account', s.accounts.map((a) => [a.id, this.#label(a)])]]) s.choose(s.choices[k], [['', this.#t('all')], ...list]);
    s.choices.pair.parentNode.hidden = !pairs.length;
    s.nextCursor = page.next_cursor;
    s.next.disabled = !page.next_cursor;
    s.first.disabled = !s.cursor;
    const focus = this.#root.activeElement?.dataset?.focus;
    s.rows.replaceChildren(...(page.items.length ? page.items.flatMap((i) => this.#row(i, story)) : [h('tr', {}, h('td', { colspan: '7' }, this.#t('noOperations')))]));
    if (focus) s.rows.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  #row({ operation: op, actions }, story) {
    const s = this.#s, open = s.open === op.id, cell = (label, ...kids) => h('td', { 'data-label': this.#t(label), class: 'c-' + label + (label === 'amount' ? ' num' : '') }, ...kids), x = op.terms.exchange;
    const row = h('tr', { id: 'op-' + op.id, class: open ? 'open' : '' }, cell('when', this.#time(op.created_at)), cell('kind', h('span', {}, this.#t('kind.' + op.order.kind), x && h('small', {}, ` ${this.#t('side.' + x.side)} ${x.base}/${x.quote}`))),
      cell('account', [op.order.from, op.order.to].filter(Boolean).map((a) => this.#name(a)).join(' → ')), cell('amount', this.#money(op.order.amount, op.terms.asset), x?.agreed && h('small', {}, ` ${this.#t('filled')} ${this.#money(x.base_amount, x.base)}`)), cell('status', h('span', {}, h('span', { class: 'badge ' + op.state }, this.#t('state.' + op.state)), op.finding && op.state === 'unresolved' && h('small', {}, ' ' + this.#t('findingWaits')))), cell('maker', this.#actor(op.maker)),
      cell('actions', h('div', { class: 'buttons' }, (actions || []).filter((a) => offered.has(a.action) && !a.unmet?.length).map((a) => this.#button(op, a)),
        h('button', { class: 'plain', 'data-focus': 'more-' + op.id, 'aria-expanded': String(open), onclick: () => { s.open = open ? null : op.id; this.#list().catch((e) => this.#complain(e)); } }, this.#t(open ? 'hide' : 'details')))));
    return open && story?.operation.id === op.id ? [row, this.#story(story)] : [row];
  }
  #button(op, a) { return h('button', { 'data-focus': a.action + '-' + op.id, onclick: () => this.#act(op, a.action) }, this.#t('action.' + a.action)); }

  #actor(a) { return a.kind === 'system' ? this.#t('system') : a.id; }

  // story is all of an operation: what was asked, its terms, who did what and why, what it posted, and what may be done to it or why not.
  #story({ operation: op, actions, versions, postings, refunds }) {
    const part = (title, ...kids) => h('div', {}, h('h4', {}, this.#t(title)), kids), none = h('p', { class: 'dim' }, this.#t('nothing'));
    const list = (items) => items.length ? h('ul', {}, items.map((x) => h('li', {}, x))) : none.cloneNode(true);
    const who = (actors) => (actors || []).map((a) => this.#actor(a)).join(' / '), o = op.order, f = op.finding;
    const facts = [['operation', h('code', {}, op.id)], ['reference', o.reference], ['purpose', o.purpose], ['via', o.via], ['providerReference', op.provider_reference && h('code', {}, op.provider_reference)], ['notBefore', o.not_before && this.#time(o.not_before)], ['parent', op.parent && h('code', {}, op.parent)], ['limit', o.attributes?.limit && exact(this.lang2, o.attributes.limit)]];
    const can = (actions || []).filter((a) => offered.has(a.action)), may = can.filter((a) => !a.unmet?.length), not = new Map();
    for (const a of can) if (a.unmet?.length) { // one reason for all that have it
      const text = this.#unmet(a.unmet), key = text.textContent;
      not.set(key, { text, actions: [...(not.get(key)?.actions || []), a.action] });
    }
    return h('tr', { class: 'story' }, h('td', { colspan: '7' }, h('dl', { class: 'facts' }, facts.filter(([, v]) => v).map(([k, v]) => h('div', {}, h('dt', {}, this.#t(k)), h('dd', {}, v)))),
      h('div', { class: 'cols' }, part('termsThen', this.#terms(op.terms)),
        part('versions', list(versions.map((v) => [h('b', {}, `${v.operation.version}. ${this.#t('action.' + v.action)}`), ` ${this.#t('by', { who: who(v.actors) })} · ${this.#t('state.' + v.operation.state)}`, h('small', {}, ` ${this.#time(v.at)}${v.reason ? ' · ' + v.reason : ''}`)]))),
        part('approved', list((op.approvals || []).map((a) => `${who(a.actors)} · ${this.#time(a.at)}`))),
        part('postings', postings.length ? h('div', { class: 'terms' }, postings.map((p) => h('div', { class: 'line' }, h('span', {}, this.#name(p.account)), h('b', { class: 'num' }, this.#money(p.amount, p.asset))))) : none.cloneNode(true)),
        f && part('finding', this.#finding(op)),
        op.outcome && part('outcome', h('p', {}, [this.#t('outcome.' + op.outcome.code), op.outcome.text, op.outcome.external].filter(Boolean).join(' · ')), this.#unmet(op.outcome.unmet)),
        refunds?.length ? part('refunds', list(refunds.map((r) => `${this.#money(r.order.amount, r.terms.asset)} · ${this.#t('state.' + r.state)} · ${this.#time(r.created_at)}`))) : '',
        h('div', { class: 'wide' }, h('h4', {}, this.#t('actions')), h('div', { class: 'buttons' }, may.map((a) => this.#button(op, a))), [...not.values()].map((n) => h('div', { class: 'action' }, h('div', { class: 'buttons' }, n.actions.map((a) => h('button', { disabled: true }, this.#t('action.' + a)))), n.text))))));
  }
  #finding({ finding: f, terms: { exchange: x } }) { return h('p', {}, h('b', {}, this.#t(f.amount ? 'foundPart' : f.settled ? 'foundSettled' : 'foundFailed')), f.amount && x ? `: ${this.#money(f.amount, x.base)}, ${this.#money(f.counter, x.quote)}` : '', ` · ${this.#t('by', { who: f.actors.map((a) => this.#actor(a)).join(' / ') })} · ${this.#time(f.at)} · ${this.#t('evidence')}: ${f.evidence}`); }

  // act asks for what an action needs; its key is drawn once for the dialog, so pressing twice does it once.
  #act(op, action) {
    if (action === 'execute') return this.#confirm(op);
    const key = intentKey(), fields = [];
    const field = (name, label, props) => { const i = h('input', { name, autocomplete: 'off', ...props }); fields.push(i); return h('label', {}, this.#t(label), i); };
    const body = h('div', { class: 'fields' });
    if (action === 'reject') body.append(field('reason', 'reason', { required: true, maxlength: '256' }));
    if (action === 'refund') body.append(field('amount', 'amount', { required: true, inputmode: 'decimal' }), field('purpose', 'purpose', { required: true, maxlength: '64' }), field('fees', 'feesToo', { type: 'checkbox' }));
    if (action === 'resolve') {
      const x = op.terms.exchange, parts = x?.parts ? [['amount', x.base], ['counter', x.quote]].map(([n, asset]) => { const i = h('input', { name: n, inputmode: 'decimal', autocomplete: 'off' }); fields.push(i); return h('label', { hidden: true }, this.#t('part.' + n, { asset }), i); }) : [];
      const settled = h('select', { name: 'settled', required: true, onchange: () => parts.forEach((l) => { l.hidden = settled.value !== 'part'; l.querySelector('input').required = !l.hidden; }) }, [['', '–'], ['yes', this.#t('foundSettled')], x?.parts && ['part', this.#t('foundPart')], ['no', this.#t('foundFailed')]].filter(Boolean).map(([v, x]) => h('option', { value: v }, x)));
      fields.push(settled);
      body.append(h('div', { class: 'wide' }, h('p', {}, this.#t(op.finding ? 'resolveSecond' : 'resolveFirst')), op.finding && h('div', { class: 'why' }, this.#finding(op))), h('label', { class: 'wide' }, this.#t('found'), settled), ...parts, field('evidence', 'evidence', { required: true, maxlength: '128' }));
    }
    if (action === 'modify') for (const k of ['amount', 'purpose', 'reference']) if (this.#s.reference.modifiable[op.state]?.includes(k)) {
      body.append(field(k, k, { value: k === 'amount' ? money(this.lang2, op.order.amount, this.#scale(op.terms.asset)) : op.order[k] || '' }));
    }
    const form = h('form', { onsubmit: (e) => {
      e.preventDefault();
      const b = {};
      for (const f of fields) {
        if (f.parentNode.hidden) continue;
        const v = f.type === 'checkbox' ? f.checked || undefined : f.name === 'amount' || f.name === 'counter' ? readAmount(this.lang2, f.value) : f.name === 'settled' ? f.value !== 'no' : f.value;
        if (v === null) return this.#toast(this.#t('badAmount'), 'bad');
        if (action !== 'modify' || v !== (op.order[f.name] || '')) b[f.name] = v;
      }
      this.#command(form.querySelector('.primary'), async () => {
        const r = await this.#ask('POST', `/operations/${op.id}/${action}`, { key, version: action === 'refund' ? undefined : op.version, body: fields.length ? b : undefined });
        this.#dialog().close();
        this.#did(r.operation);
      });
    } }, h('h3', {}, this.#t('action.' + action) + ' · ' + this.#t('kind.' + op.order.kind)), h('p', { class: 'big' }, this.#t('confirmFor', { customer: this.#who() })), this.#route(op), this.#terms(op.terms), body,
    h('div', { class: 'buttons' }, h('button', { class: 'primary' }, this.#t('action.' + action)), h('button', { type: 'button', onclick: () => this.#dialog().close() }, this.#t('close'))));
    this.#show(form);
  }
}

export { CustomerOperations, h, speak, request, money, readAmount, reasons, intentKey, systemName };
if (!customElements.get('customer-operations')) customElements.define('customer-operations', CustomerOperations);
