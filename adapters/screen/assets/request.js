class Problem extends Error {
  constructor(status, body) {
    super(body?.title || String(status));
    Object.assign(this, { status, code: body?.code || 'unavailable', errors: body?.errors || [], operation: body?.operation });
  }
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// request sends one request. A command whose answer got lost is sent again under
// the same key, so that it happens once.
const request = async (base, method, path, o = {}) => {
  const headers = { Accept: 'application/json' };
  if (o.context) headers['Onbehalf-Context'] = o.context;
  if (o.key) headers['Idempotency-Key'] = o.key;
  if (o.version) headers['If-Match'] = `"${o.version}"`;
  if (o.acknowledge?.length) headers.Acknowledge = o.acknowledge.join(', ');
  if (o.body) headers['Content-Type'] = 'application/json';
  for (let n = 0; ; n++) {
    let response, lost;
    try {
      response = await fetch(base + path, { method, headers, body: o.body && JSON.stringify(o.body), credentials: 'same-origin', cache: 'no-store', signal: o.signal });
      o.seen?.(response);
      if (response.ok) return await response.json();
      lost = [502, 503, 504].includes(response.status);
    } catch (e) {
      if (o.signal?.aborted) throw e;
      lost = true;
    }
    if (!lost || n >= (o.key ? 6 : 1)) throw new Problem(response?.status || 0, await response?.json().catch(() => null));
    if (n === 1) o.retrying?.();
    await wait(Math.min(4000, 250 * 2 ** n));
  }
};
