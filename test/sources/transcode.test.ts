import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteSource, Source } from '../../src/sources/source.ts';
import { transcode } from '../../src/sources/transcode.ts';
import { detectEncoding } from '../../src/sources/transcode-encoding.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { collect, describeByteSource } from '../contracts/source-suite.ts';

/** The encodings of the WHATWG standard that TextDecoder knows, and UTF-8. */
const SINGLE_BYTE =
  'ibm866 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-8-i iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 koi8-r koi8-u macintosh windows-874 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 x-mac-cyrillic'.split(
    ' ',
  );
const MULTI_BYTE = ['big5', 'euc-jp', 'euc-kr', 'gb18030', 'gbk', 'shift_jis'];
const UTF_16 = ['utf-16le', 'utf-16be'];
const REPLACEMENT = Buffer.from('\uFFFD');

const utf16 = (text: string, isBigEndian = false): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBigEndian ? bytes.swap16() : bytes;
};

/** The text of a source, its encoding found as it is of a feed: from more than the bytes that show it. */
async function textOf(source: Source, asked: string | null): Promise<ByteSource> {
  return transcode(source, detectEncoding(source.name, await source.readAt(0, 4096), asked));
}

/** What bytes say in UTF-8, undecodable sequences being `0xFF`. */
async function read(bytes: Uint8Array, encoding: string | null, cut?: (offset: number) => number): Promise<Buffer> {
  return collect(await textOf(memorySource(bytes, cut), encoding));
}

/** What TextDecoder makes of the whole at once, where U+FFFD stands for what is undecodable. */
function oracle(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes);
}

function withReplacements(bytes: Buffer): string {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = bytes.indexOf(0xff); at !== -1; at = bytes.indexOf(0xff, start)) {
    parts.push(bytes.subarray(start, at), REPLACEMENT);
    start = at + 1;
  }
  return Buffer.concat([...parts, bytes.subarray(start)]).toString();
}

for (const encoding of ['windows-1252', 'utf-16le', 'utf-16be']) {
  describeByteSource(`A text in ${encoding}`, async (text) => {
    const characters = text.toString();
    const bytes =
      encoding === 'windows-1252' ? Buffer.from(characters, 'latin1') : utf16(characters, encoding === 'utf-16be');
    return textOf(
      memorySource(bytes, (offset) => 1 + ((offset * 7919) % 100_000)),
      encoding,
    );
  });
}

describe('A text in another encoding', () => {
  it.each([...SINGLE_BYTE, ...MULTI_BYTE, ...UTF_16])(
    '%s says what TextDecoder decodes of any bytes, however they are cut',
    async (encoding) => {
      const feedByte = fc.oneof(fc.constantFrom(...Buffer.from('"a1,\n ')), fc.integer({ min: 0, max: 255 }));
      await fc.assert(
        fc.asyncProperty(
          fc.array(feedByte, { maxLength: 60 }),
          fc.integer({ min: 1, max: 7 }),
          async (values, byteCount) => {
            // A byte order mark is another matter.
            const bytes = Buffer.from([0x22, 0x22, ...values]);
            const text = await read(bytes, encoding, () => byteCount);
            expect(withReplacements(text)).toBe(oracle(bytes, encoding));
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  it.each(SINGLE_BYTE)('%s has each of its 256 bytes as TextDecoder has it', async (encoding) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(withReplacements(await read(bytes, encoding))).toBe(oracle(bytes, encoding));
  });

  it('has what it cannot decode as one byte that UTF-8 never has, and what comes after as it is', async () => {
    const cases: readonly [string, Uint8Array, readonly (string | number)[]][] = [
      ['windows-1253', Uint8Array.of(0x61, 0xd2, 0x62), ['a', 0xff, 'b']],
      ['windows-1252', Uint8Array.of(0x80, 0x61), ['€a']],
      ['utf-16le', Uint8Array.of(0x61, 0, 0, 0xd8, 0x62, 0), ['a', 0xff, 'b']],
      ['utf-16le', Uint8Array.of(0x61, 0, 0, 0xdc, 0, 0xdc, 0x62, 0), ['a', 0xff, 0xff, 'b']],
      ['utf-16le', Uint8Array.of(0x61, 0, 0x62), ['a', 0xff]],
      ['utf-16be', Uint8Array.of(0, 0x61, 0xd8, 0), ['a', 0xff]],
      ['utf-16be', Uint8Array.of(0, 0x61, 0xff, 0xfd), ['a\uFFFD']],
      ['utf-16le', utf16('\uFFFD😀\uFEFF'), ['\uFFFD😀\uFEFF']],
      ['shift_jis', Uint8Array.of(0x83, 0x65, 0x83, 0x22, 0x61), ['テ', 0xff, '"a']],
      ['shift_jis', Uint8Array.of(0x22, 0x83), ['"', 0xff]],
      ['gb18030', Uint8Array.of(0xc4, 0xe3, 0xff, 0x2c), ['你', 0xff, ',']],
    ];
    for (const [encoding, bytes, parts] of cases) {
      const expected = Buffer.concat(
        parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
      );
      for (const byteCount of [1, 2, 3, 100]) {
        expect(await read(bytes, encoding, () => byteCount), `${encoding} ${bytes.join(' ')}`).toEqual(expected);
      }
    }
  });

  it('may go on for long without a character at which it can be cut for certain', async () => {
    const runs: readonly [string, Buffer][] = [
      ['euc-jp', Buffer.alloc(9000, Uint8Array.of(0xa4, 0xa2))],
      ['euc-jp', Buffer.alloc(9000, Uint8Array.of(0x8f, 0xb0, 0xa1))],
      ['gb18030', Buffer.alloc(9000, Uint8Array.of(0x81, 0x39, 0xee, 0x39))],
      ['shift_jis', Buffer.alloc(9000, Uint8Array.of(0x83, 0x65, 0x41))],
      ['gb18030', Buffer.concat([Buffer.of(0x81, 0x31), Buffer.alloc(9000, 0xff)])],
    ];
    for (const [encoding, bytes] of runs) {
      for (const byteCount of [1, 7, 1023, 1024, 1025, 4001]) {
        const text = await read(bytes, encoding, () => byteCount);
        expect(withReplacements(text), `${encoding} ${byteCount}`).toBe(oracle(bytes, encoding));
      }
    }
  });

  it('opens at any offset by the seek point of that offset, without reading what comes before', async () => {
    const line = '{"id":12,"名":"商品、値段😀"},\n';
    const japanese = Buffer.from([0x22, 0x83, 0x65, 0x83, 0x58, 0x83, 0x67, 0x22, 0x2c, 0x8f, 0xa4, 0x0a]);
    const texts: readonly [string, Buffer][] = [
      ['utf-16le', Buffer.concat([Buffer.of(0xff, 0xfe), utf16(line.repeat(40))])],
      ['utf-16be', utf16(line.repeat(40), true)],
      ['windows-1252', Buffer.from('Größe;'.repeat(200), 'latin1')],
      ['shift_jis', Buffer.concat(Array(100).fill(japanese))],
    ];
    for (const [encoding, bytes] of texts) {
      const source = memorySource(bytes, () => 101);
      const straight = await textOf(source, encoding);
      const whole = await collect(straight);
      let end = 0;
      for await (const block of straight.open(0)) {
        for (let offset = end; offset <= end + block.length; offset++) {
          const seek = straight.seekPointAt(offset);
          const again = memorySource(bytes, () => 37);
          const resumed = await textOf(again, encoding);
          expect((await collect(resumed, offset, seek)).equals(whole.subarray(offset)), `${encoding} ${offset}`).toBe(
            true,
          );
          // Three bytes of text are at least one of the file, and half of it at most is before the block and still read.
          expect(again.openedAt.at(-1)).toBe(seek?.[1]);
          expect(offset - (seek?.[0] ?? 0)).toBeLessThan(350);
        }
        end += block.length;
      }
    }
  });
});

describe('The encoding of a text', () => {
  const shown = async (head: Uint8Array, asked: string | null): Promise<string> => (await read(head, asked)).toString();

  it('is UTF-8 where nothing says another, and the source is then passed through with its mark', async () => {
    for (const head of ['', 'a', '\uFEFF[1]', '{"ö":1}', '\0\0\0\0', '[\0']) {
      for (const asked of [null, 'utf-8', 'UTF8']) {
        const source = memorySource(Buffer.from(head));
        expect(await textOf(source, asked)).toBe(source);
        expect(source.released.count).toBe(source.openedAt.length);
      }
    }
  });

  it('is that of its byte order mark, whatever was asked for, and the mark is left out', async () => {
    for (const asked of [null, 'utf-8', 'windows-1252', 'utf-16le', 'shift_jis']) {
      expect(await shown(utf16('\uFEFF[1]ö'), asked)).toBe('[1]ö');
      expect(await shown(utf16('\uFEFF[1]ö', true), asked)).toBe('[1]ö');
      expect(await shown(utf16('\uFEFF'), asked)).toBe('');
      expect(await shown(Buffer.from('\uFEFFö'), asked)).toBe('\uFEFFö');
    }
  });

  it('is UTF-16 where every other byte is a zero', async () => {
    expect(await shown(utf16('[1]ö'), null)).toBe('[1]ö');
    expect(await shown(utf16('id,', true), null)).toBe('id,');
  });

  it('is any that has a label, in any case', async () => {
    expect(await shown(Buffer.from('Größe', 'latin1'), 'ISO-8859-1')).toBe('Größe');
    expect(await shown(Buffer.from('€', 'latin1').fill(0x80), ' Latin1 ')).toBe('€');
    expect(await shown(utf16('ö'), 'utf-16')).toBe('ö');
  });

  it('is refused where it is UTF-32, or nobody knows it', async () => {
    const utf32 = [
      Buffer.of(0xff, 0xfe, 0, 0),
      Buffer.of(0, 0, 0xfe, 0xff),
      Buffer.of(0x5b, 0, 0, 0),
      Buffer.of(0, 0, 0, 0x5b),
    ];
    for (const head of utf32) {
      await expect(read(head, null)).rejects.toMatchObject({ code: 'ENCODING_UNSUPPORTED', place: { file: 'memory' } });
    }
    for (const asked of ['klingon', '', 'iso-2022-kr', 'iso-2022-jp', 'utf-7']) {
      await expect(read(Buffer.from('[1]'), asked)).rejects.toMatchObject({
        code: 'ENCODING_UNSUPPORTED',
        detail: expect.stringContaining(JSON.stringify(asked)),
      });
    }
  });
});
