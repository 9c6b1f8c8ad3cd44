import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFeedAs, readFeed } from '../harness/read-feed.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** More than the blocks in which texts are converted. */
const COUNT = 2500;
const BAD_AT = 1234;
/** Words of catalogues; in Shift_JIS the second bytes of 表, ソ, 能, 予 and 十 are backslashes and bars of ASCII. */
const WORDS = '表示ソフト、能力「予定」十構造';

/** The bytes of two or fewer of each character of an encoding: Node decodes these encodings and does not encode them. */
function encoderOf(encoding: string): (text: string) => Buffer {
  const bytesOf = new Map<string, Buffer>();
  const decoder = new TextDecoder(encoding);
  const add = (bytes: Buffer) => {
    const character = decoder.decode(bytes);
    if (Array.from(character).length === 1 && !bytesOf.has(character)) bytesOf.set(character, bytes);
  };
  for (let first = 0; first < 256; first += 1) add(Buffer.of(first));
  for (let first = 0x81; first < 256; first += 1) {
    for (let second = 0x40; second < 256; second += 1) add(Buffer.of(first, second));
  }
  return (text) =>
    Buffer.concat(Array.from(text, (character) => bytesOf.get(character) ?? expect.unreachable(character)));
}

const ENCODERS: Readonly<Record<string, (text: string) => Buffer>> = {
  shift_jis: encoderOf('shift_jis'),
  'euc-jp': encoderOf('euc-jp'),
  gb18030: encoderOf('gb18030'),
  'utf-16le': (text) => Buffer.from(text, 'utf16le'),
  'utf-16be': (text) => Buffer.from(text, 'utf16le').swap16(),
};
/** What no character is, before a quote. */
const UNDECODABLE: Readonly<Record<string, Buffer>> = {
  shift_jis: Buffer.of(0x82),
  'euc-jp': Buffer.of(0xa4),
  gb18030: Buffer.of(0x81),
  'utf-16le': Buffer.of(0x00, 0xd8),
  'utf-16be': Buffer.of(0xd8, 0x00),
};

const member = (index: number) => `{"id":"${index}","名":"${WORDS}`;

/** How a feed is written: a record up to where what is no text may stand, its rest, and what is around the records. */
const FORMS = {
  json: { head: '[', start: member, rest: '"}', between: ',\n', tail: ']' },
  ndjson: { head: '', start: member, rest: '"}', between: '\n', tail: '\n' },
  csv: {
    head: '名;id\r\n',
    start: (index: number) => `"${WORDS}";"${index}`,
    rest: '"',
    between: '\r\n',
    tail: '\r\n',
  },
} as const;

describe.each(Object.keys(ENCODERS))('a text in %s', (encoding) => {
  it.each(['json', 'ndjson', 'csv'] as const)(
    'as %s is read from the start and from any record, and what is no text in it is set aside',
    async (type) => {
      const encode = ENCODERS[encoding] ?? expect.unreachable();
      const { head, start, rest, between, tail } = FORMS[type];
      const path = join(tempFolder(), `feed.${type}`);
      const records = Array.from({ length: COUNT }, (_, index) => {
        const bad = index === BAD_AT ? (UNDECODABLE[encoding] ?? Buffer.of()) : Buffer.of();
        return Buffer.concat([encode(start(index)), bad, encode(rest + (index === COUNT - 1 ? tail : between))]);
      });
      writeFileSync(path, Buffer.concat([encode(head), ...records]));
      const feed = await openFeedAs(path, { on_bad_record: 'quarantine', format: { encoding } });
      const items = await readFeed(feed);
      expect(items.map(({ what }) => what)).toEqual(
        Array.from({ length: COUNT }, (_, index) =>
          index === BAD_AT ? 'INVALID_UTF8' : `{"id":"${index}","名":"${WORDS}"}`,
        ),
      );
      for (const index of [BAD_AT, BAD_AT + 1, 2222, COUNT - 1]) {
        const resumed = await readFeed(feed, items[index]?.position ?? null);
        expect(resumed.map(({ what, position }) => [what, position.byteOffset, position.line])).toEqual(
          items.slice(index).map(({ what, position }) => [what, position.byteOffset, position.line]),
        );
      }
    },
  );
});
