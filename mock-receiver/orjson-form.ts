/**
 * JSON as Python's parser reads it and orjson with sorted keys writes it, from which the original receiver computed its checksums. Equal to
 * orjson for what docs/protocol.md calls the range of the original: 64-bit integers, shortest doubles between 1e-5 and 1e15.
 */

/** A value as Python has it: integers and floats are two things. */
export type OrjsonValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly OrjsonValue[]
  | { readonly [key: string]: OrjsonValue };

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 64n - 1n;

/** The value of a JSON text, integers as bigint and floats as number; undefined where it is no JSON or orjson could not write it. */
export function parseLikePython(text: string): OrjsonValue | undefined {
  let isWritable = true;
  try {
    // TypeScript does not declare the third parameter yet, which carries the text of a number.
    const value: OrjsonValue = JSON.parse(text, (_key, part: unknown, context?: { readonly source?: string }) => {
      const source = context?.source;
      if (typeof part !== 'number' || source === undefined || !/^-?\d+$/.test(source)) return part;
      const integer = BigInt(source);
      isWritable &&= integer >= MIN_INTEGER && integer <= MAX_INTEGER;
      return integer;
    });
    return isWritable ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The text that orjson makes of a value with OPT_SORT_KEYS: keys by code point, no white space, floats with a point. */
export function encodeLikeOrjson(value: OrjsonValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(encodeLikeOrjson).join(',')}]`;
  const members = Object.entries(value).toSorted(([left], [right]) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${encodeLikeOrjson(member)}`).join(',')}}`;
}

function isArray(value: readonly OrjsonValue[] | object): value is readonly OrjsonValue[] {
  return Array.isArray(value);
}
