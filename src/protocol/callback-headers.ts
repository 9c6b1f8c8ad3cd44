/** Names that the service sets itself, or that say how the connection or the body is to be read: never a request's to give. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'idempotency-key',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);
const FORBIDDEN_PREFIXES = ['ackstream-', 'webhook-'];

/** RFC 9110 section 5.6.2, `token`. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 section 5.5 without its obsolete bytes: nothing that could end the header or the request. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
/** Many servers refuse requests with more than 8 KiB of headers; half of it leaves room for the service's own. */
const MAX_TOTAL_LENGTH = 4096;

/**
 * What is wrong with headers that a request wants to be sent along with every delivery.
 * @returns entries of the header's name (empty: all of them) and the message; none where they can be sent.
 */
export function callbackHeaderProblems(headers: unknown): readonly (readonly [name: string, message: string])[] {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    return [['', 'must be an object of strings']];
  }
  const problems: [string, string][] = [];
  const seen = new Set<string>();
  let totalLength = 0;
  for (const [name, value] of Object.entries(headers)) {
    const lowerName = name.toLowerCase();
    const problem = nameProblem(name) ?? valueProblem(value) ?? (seen.has(lowerName) ? 'is there twice' : undefined);
    if (problem !== undefined) problems.push([name, problem]);
    else totalLength += name.length + String(value).length;
    seen.add(lowerName);
  }
  if (totalLength > MAX_TOTAL_LENGTH) problems.push(['', `must be at most ${MAX_TOTAL_LENGTH} characters in total`]);
  return problems;
}

function nameProblem(name: string): string | undefined {
  // Valid as a token, but assigning it to an object changes the object's prototype and drops the header.
  if (name === '__proto__' || !HEADER_NAME.test(name)) return 'is not the name of a header';
  // CGI and all that was modelled on it (RFC 3875 section 4.1.18) tell `-` and `_` apart no more.
  const lowerName = name.toLowerCase().replaceAll('_', '-');
  const isForbidden =
    FORBIDDEN_NAMES.has(lowerName) || FORBIDDEN_PREFIXES.some((prefix) => lowerName.startsWith(prefix));
  return isForbidden ? 'is a header that the service sets itself' : undefined;
}

function valueProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  return HEADER_VALUE.test(value) ? undefined : 'must be printable ASCII without line breaks';
}
