/** The service's API, as a browser of the same origin asks for it. */

/** @typedef {import('./types.d.ts').Problem} Problem */

/** Of this tab alone, and gone with it. */
const TOKEN_KEY = 'ackstream-token';

/** A refusal or a failure of the API; `problem` is its document. */
export class ApiError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }
}

/** The service did not answer at all. */
export class ServiceGone extends Error {}

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
 * @param {{ readonly method?: string, readonly headers?: Record<string, string>, readonly body?: string, readonly signal?: AbortSignal }} [init]
 */
export async function request(path, { headers = {}, ...init } = {}) {
  const token = storedToken();
  try {
    return await fetch(path, {
      ...init,
      cache: 'no-store',
      headers: { ...headers, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ServiceGone('Nothing listens where this page came from, or the network is down.', { cause: error });
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
  throw new ApiError(/** @type {Problem} */ (body));
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
