import { ServiceError } from '../src/errors.ts';
import { jsonElements, jsonMembers } from '../src/protocol/json-members.ts';

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;

/**
 * The text that Python's parser and orjson with OPT_SORT_KEYS make of a JSON value, from which the original receiver computed its checksums: keys by
 * code point, no white space, integers as they are, all other numbers through a double. Equal to orjson for 64-bit integers and doubles between 1e-5 and 1e15.
 * Throws what jsonMembers throws, and NUMBER_OUT_OF_RANGE for an integer that orjson cannot write.
 */
export function encodeLikeOrjson(json: Uint8Array, maxDepth: number): string {
  const limits = { maxDepth };
  const first = String.fromCharCode(json[0] ?? 0);
  if (first === '[') {
    const elements = jsonElements(json, limits).map((element) => encodeLikeOrjson(element, maxDepth));
    return `[${elements.join(',')}]`;
  }
  if (first === '{') {
    const members = [...jsonMembers(json, limits)].toSorted(([left], [right]) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );
    return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${encodeLikeOrjson(value, maxDepth)}`).join(',')}}`;
  }
  const text = Buffer.from(json).toString();
  return /^[-\d]/.test(text) ? encodeNumber(text) : JSON.stringify(JSON.parse(text));
}

function encodeNumber(text: string): string {
  if (!/^-?\d+$/.test(text)) return encodeFloat(Number(text));
  const integer = BigInt(text);
  if (integer < MIN_INTEGER || integer > MAX_INTEGER) throw new ServiceError('NUMBER_OUT_OF_RANGE');
  return integer.toString();
}

/** A float keeps its point, and zero its sign, which JavaScript's own texts drop. */
function encodeFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
