/** The service's API, as a browser of the same origin asks for it. */

/** @typedef {import('./types.d.ts').Problem} Problem */

/** Of this tab alone, and gone with it. */
const TOKEN_KEY = 'ackstream-token';

/** A preview may read for long before it answers. */
const ANSWER_WITHIN_MS = 60_000;
/** `Date` of an answer is in whole seconds, and some time on its way. */
const NOTABLE_SKEW_MS = 2000;

/** A refusal or a failure of the API; `problem` is its document. */
export class ApiError extends Error {
  /**
   * @param {Problem} problem
   * @param {number} retryAfterMs 0: the service named no time
   */
  constructor(problem, retryAfterMs = 0) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The service did not answer at all. */
export class ServiceGone extends Error {}

/** How far the clock of the service is ahead of that of the browser. */
let skewMs = 0;

/** A look at a view takes up to four requests; half of what is left of the limit is for others who share it. */
const SHARE_PER_LOOK = 8;
let spacing = 0;

/** How far apart two looks at a view are to be, so that the service's limit of requests is never reached by pages; in ms, 0 where there is none. */
export function spacingMs() {
  return spacing;
}

/** @param {string | null} field `RateLimit`: how many requests are left (`r`) for how many seconds (`t`) */
function spacingBy(field) {
  const [, left, seconds] = /;r=(\d+);t=(\d+)/.exec(field ?? '') ?? [];
  if (left === undefined || seconds === undefined) return 0;
  return (Number(seconds) * 1000) / Math.max(1, Number(left) / SHARE_PER_LOOK);
}

/** The time by the service's clock, of which all its times are; in ms since 1970. */
export function serviceNow() {
  return Date.now() + skewMs;
}

/** @returns {string | null} */
export function storedToken() {
  return sessionStorage.getItem(TOKEN_KEY);
}

/** @param {string | null} token */
export function storeToken(token) {
  // Another token may see something else.
  known.clear();
  if (token === null) sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
}

/**
 * What was read last of each path, by which the next reading is answered 304 where nothing changed.
 * @type {Map<string, { readonly etag: string, readonly body: unknown }>}
 */
const known = new Map();
const MAX_KNOWN = 50;

/**
 * Sends a request with the token of this tab. Throws ServiceGone.
 * @param {string} path
 * @param {{ readonly method?: string, readonly headers?: Record<string, string>, readonly body?: string, readonly signal?: AbortSignal }} [init] without `signal` it is given up after a minute
 */
export async function request(path, { headers = {}, signal = AbortSignal.timeout(ANSWER_WITHIN_MS), ...init } = {}) {
  const token = storedToken();
  try {
    const response = await fetch(path, {
      ...init,
      signal,
      cache: 'no-store',
      headers: { ...headers, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
    });
    const ahead = Date.parse(response.headers.get('Date') ?? '') - Date.now();
    if (Math.abs(ahead - skewMs) > NOTABLE_SKEW_MS) skewMs = ahead;
    spacing = spacingBy(response.headers.get('RateLimit'));
    return response;
  } catch (error) {
    const isSlow = error instanceof DOMException && error.name === 'TimeoutError';
    const what = isSlow
      ? 'It has not answered for a minute.'
      : 'Nothing listens where this page came from, or the network is down.';
    throw new ServiceGone(what, { cause: error });
  }
}

/**
 * GET, of JSON. Throws ApiError, ServiceGone.
 * @template Body
 * @param {string} path
 * @returns {Promise<Body>}
 */
export async function read(path) {
  const before = known.get(path);
  const response = await request(path, before === undefined ? {} : { headers: { 'If-None-Match': before.etag } });
  if (response.status === 304 && before !== undefined) return /** @type {Body} */ (before.body);
  const body = await bodyOf(response);
  const etag = response.headers.get('ETag');
  if (etag !== null) {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(path, { etag, body });
  }
  return /** @type {Body} */ (body);
}

/**
 * {@link read} of what may not be there: null.
 * @template Body
 * @param {string} path
 * @returns {Promise<Body | null>}
 */
export async function readIfThere(path) {
  try {
    return await read(path);
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return null;
    throw error;
  }
}

/**
 * DELETE. Throws ApiError, ServiceGone.
 * @param {string} path
 */
export async function remove(path) {
  const response = await request(path, { method: 'DELETE' });
  if (!response.ok) await bodyOf(response);
}

/**
 * POST, of JSON or of nothing. Throws ApiError, ServiceGone.
 * @template Body
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Body>}
 */
export async function post(path, body) {
  const response = await request(path, {
    method: 'POST',
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return /** @type {Body} */ (await bodyOf(response));
}

/** @param {Response} response */
async function bodyOf(response) {
  const text = await response.text().catch((error) => {
    throw new ServiceGone('The service broke off its answer.', { cause: error });
  });
  const body = parse(text);
  if (response.ok && body !== undefined) return body;
  // What is no problem document comes from something between here and the service.
  const isProblem = typeof body === 'object' && body !== null && 'code' in body;
  if (!isProblem) throw new ServiceGone(`Something answered ${response.status} in the place of the service.`);
  const retryAfterMs = Number(response.headers.get('Retry-After') ?? 0) * 1000;
  throw new ApiError(/** @type {Problem} */ (body), retryAfterMs || 0);
}

/**
 * JSON in which numbers that JavaScript would round keep the digits they are written with, where the browser can; undefined: it is none.
 * @param {string} text
 * @returns {unknown}
 */
function parse(text) {
  /** @typedef {{ readonly source?: string }} Place */
  const { rawJSON } = /** @type {{ rawJSON?: (text: string) => object }} */ (/** @type {unknown} */ (JSON));
  /** @type {(name: string, value: unknown, place?: Place) => unknown} */
  const exact = (_name, value, place) =>
    typeof value === 'number' && rawJSON && place?.source && String(value) !== place.source
      ? rawJSON(place.source)
      : value;
  try {
    return JSON.parse(text, exact);
  } catch {
    return undefined;
  }
}
