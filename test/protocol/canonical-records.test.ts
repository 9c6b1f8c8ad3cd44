/**
 * One canonicalizer reads record after record and remembers what their keys were. So here it reads many that nearly have the same keys, out of one buffer
 * that is written over, and must say of each what sorting its members says.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Canonicalizer, FAULTY, INCOMPLETE } from '../../src/protocol/canonical/canonicalizer.ts';

/** An object as the text has it: members in its order, a key possibly there twice. */
type Members = readonly (readonly [key: string, value: Value])[];
type Value = string | readonly Value[] | { readonly members: Members };

/** Of equal length, of equal beginning, about the length of one word and several, to be escaped, and out of byte order. */
const KEYS = [
  '',
  'a',
  'b',
  'ab',
  'ac',
  'abc',
  'abcdefgh',
  'abcdefgi',
  'abcdefghi',
  'abcdefghij',
  'bbcdefgh',
  'ü',
  '\n',
  '"',
  '\\',
  '\ue000',
  '😀',
];
const LONG_KEY = 'k'.repeat(200);

const scalar = fc.constantFrom('1', '-0', '1.50', '"x"', '"\\u0041"', `"${'long '.repeat(50)}"`, 'null', '[]', '{}');
/** A few sequences of keys, of which all records are made. */
const sequences = fc.array(fc.shuffledSubarray([...KEYS, LONG_KEY], { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 3,
});

const records = sequences.chain((shapes) => {
  const { value } = fc.letrec<{ value: Value; members: Members }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      tie('members').map((members) => ({ members })),
    ),
    members: fc.constantFrom(...shapes).chain((keys) =>
      fc
        .record({
          values: fc.tuple(...keys.map(() => tie('value'))),
          dropped: fc.nat(4 * keys.length),
          swapped: fc.nat(4 * keys.length),
        })
        .map(({ values, dropped, swapped }) => {
          const members = keys.map((key, index) => [key, values[index] as Value] as const);
          const [moved] = members.splice(swapped, 1);
          if (moved !== undefined) members.unshift(moved);
          return members.toSpliced(dropped, 1);
        }),
    ),
  }));
  return fc.array(value, { minLength: 2, maxLength: 12 });
});

function canonicalOf(value: Value): string {
  if (typeof value === 'string') return { '-0': '0', '1.50': '1.5', '"\\u0041"': '"A"' }[value] ?? value;
  if ('members' in value) {
    const sorted = value.members.toSorted(([left], [right]) => (left < right ? -1 : 1));
    return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${canonicalOf(member)}`).join(',')}}`;
  }
  return `[${value.map(canonicalOf).join(',')}]`;
}

/** The text of a record; now and then with white space, and with a key that is written with escapes. */
function textOf(value: Value, draw: () => number): string {
  const space = (): string => (draw() < 5 ? ' ' : '');
  const spelled = (key: string): string =>
    draw() < 3 && key !== ''
      ? `"\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(key.slice(1)).slice(1)}`
      : JSON.stringify(key);
  if (typeof value === 'string') return value;
  if (!('members' in value))
    return `[${space()}${value.map((element) => textOf(element, draw)).join(`${space()},`)}${space()}]`;
  const members = value.members.map(
    ([key, member]) => `${spelled(key)}${space()}:${space()}${textOf(member, draw)}${space()}`,
  );
  return `{${space()}${members.join(`,${space()}`)}}`;
}

interface Scanned {
  /** What the scan of the text cut short gave, and how much it left in the output. */
  readonly cutIndex: number;
  readonly cutBytes: number;
  /** What that of the whole gave, less where the text began. */
  readonly index: number;
  readonly start: number;
  readonly canonical: string;
}

/** A buffer that is written over, as a window of a source is. Its last byte is that behind the text. */
class Scanner {
  readonly canonicalizer = new Canonicalizer({ numberForm: 'exact', maxDepth: 100 });
  #buffer = new Uint8Array(64);

  /** Scans a text that ends where the buffer does, or before that, cut as far as `byteCount` first. */
  scan(text: string, { cut, slack }: { readonly cut: number; readonly slack: number }): Scanned {
    const bytes = Buffer.from(text);
    if (this.#buffer.length < bytes.length + slack + 1) this.#buffer = new Uint8Array(2 * (bytes.length + slack + 1));
    const buffer = this.#buffer;
    const start = buffer.length - bytes.length - slack - 1;
    const { output } = this.canonicalizer;
    const { length } = output;
    const end = start + Math.min(cut, bytes.length - 1);
    buffer.set(bytes, start);
    buffer[end] = 0;
    const cutIndex = this.canonicalizer.scan(buffer, start, end, false);
    const cutBytes = output.length - length;
    buffer.set(bytes, start);
    buffer[start + bytes.length] = 0;
    const index = this.canonicalizer.scan(buffer, start, start + bytes.length, true);
    return {
      cutIndex,
      cutBytes,
      index: index - start,
      start,
      canonical: Buffer.from(output.bytes.subarray(length, output.length)).toString(),
    };
  }
}

const draws = fc.infiniteStream(fc.nat(99));

describe('A canonicalizer that read other records before', () => {
  it('makes of each what sorting its members makes of it', () => {
    fc.assert(
      fc.property(records, draws, (values, numbers) => {
        const draw = (): number => numbers.next().value as number;
        const scanner = new Scanner();
        for (const value of [...values, ...values]) {
          const text = `[${textOf(value, draw)}]`;
          const { cutIndex, cutBytes, index, canonical } = scanner.scan(text, { cut: draw() * 3, slack: draw() % 9 });
          expect([cutIndex, cutBytes]).toEqual([INCOMPLETE, 0]);
          expect(index).toBe(Buffer.byteLength(text));
          expect(canonical).toBe(`[${canonicalOf(value)}]`);
          if (draw() < 20) scanner.canonicalizer.output.take();
        }
      }),
      { numRuns: 600 },
    );
  });

  it('finds every repeated key, at the second', () => {
    fc.assert(
      fc.property(
        records,
        fc.shuffledSubarray(KEYS, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.nat(),
        (values, keys, first, second) => {
          const scanner = new Scanner();
          const key = keys[first % keys.length] as string;
          const at = (first % keys.length) + 1 + (second % (keys.length - (first % keys.length)));
          const sound = keys.map((one) => `${JSON.stringify(one)}:1`);
          const before = `{${sound.slice(0, at).join(',')},`;
          const repeated = `[0,${before}${[`${JSON.stringify(key)}:1`, ...sound.slice(at)].join(',')}}]`;
          for (const text of [
            `[0,{${sound.join(',')}}]`,
            repeated,
            ...values.map((value) => `[${textOf(value, () => 99)}]`),
            repeated,
            `[0,{${sound.join(',')}}]`,
            repeated,
          ]) {
            const { index, start } = scanner.scan(text, { cut: 0, slack: 0 });
            if (text !== repeated) expect(index).toBe(Buffer.byteLength(text));
            else {
              expect(index + start).toBe(FAULTY);
              expect(scanner.canonicalizer.fault).toMatchObject({
                code: 'DUPLICATE_KEY',
                index: start + Buffer.byteLength(`[0,${before}`),
              });
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes no key for one that it is the beginning of, nor text behind its end for text', () => {
    const scanner = new Scanner();
    const texts = [
      '{"key-number-1":1,"key-number-2":2}',
      '{"key-number-1":1,"key-number":2}',
      '{"key-number-2":1,"key-number-12":2}',
    ];
    for (const text of [...texts, ...texts]) {
      for (let cut = 0; cut < text.length; cut += 1) {
        for (const slack of [0, 1, 5]) {
          const { cutIndex, index } = scanner.scan(text, { cut, slack });
          expect([cutIndex, index]).toEqual([INCOMPLETE, text.length]);
        }
      }
    }
  });

  it('is not held up by objects of ever new shapes', () => {
    const scanner = new Scanner();
    const shapes = Array.from(
      { length: 6_000 },
      (_, index) => `{"z${index}":{"y":1,"x${index % 700}":2},"b":3,"a${index % 5}":4}`,
    );
    for (const text of shapes) {
      const [, z, x, a] = /^\{"(z\d+)":\{"y":1,"(x\d+)":2\},"b":3,"(a\d)":4\}$/.exec(text) as RegExpExecArray;
      expect(scanner.scan(text, { cut: 0, slack: 0 }).canonical).toBe(`{"${a}":4,"b":3,"${z}":{"${x}":2,"y":1}}`);
      scanner.canonicalizer.output.take();
    }
  });
});
