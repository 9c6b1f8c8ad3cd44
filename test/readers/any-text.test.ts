/**
 * Whatever stands in a file, looking for its records and reading a preview of it end with what was found or with an error that speaks of the file, never
 * with one of the service. The texts are sound values with something behind them, since what finds the records and what checks the text are two programs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, toServiceError } from '../../src/errors.ts';
import { previewFeed, previewStart } from '../../src/ingestion/preview-feed.ts';
import { FILE_TYPES, type FileType } from '../../src/model/ingestion.ts';
import { parsePreviewRequest } from '../../src/protocol/preview-request.ts';
import { findRecordPath } from '../../src/readers/find-record-path.ts';
import { findXmlRecordPath } from '../../src/readers/xml-record-path.ts';
import { memorySource } from '../contracts/memory-source.ts';
import { feedNamed } from '../harness/format-feeds.ts';
import { openSources } from '../harness/sources.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const LIMITS = { maxDepth: 20, maxRecordBytes: 10_000 };

const jsonText = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom('', ' ', '\n'))
  .map(([value, space]) => `${value}${space}`);
const xmlText = fc
  .array(fc.constantFrom('<a>', '</a>', '<b x="1"/>', 'text', '<![CDATA[x]]>', '<!-- c -->', '&amp;', '<?p i?>'), {
    maxLength: 8,
  })
  .map((parts) => `<r>${parts.join('')}</r>`);
const suffix = fc.oneof(
  fc.constantFrom('', ']', '}', ',', '\n{"a":2}\n', ' "b"', 'garbage', '\u0000', '\ufeff', '<a/>', '</r>', ';1', '\n1'),
  fc.string({ unit: 'binary', maxLength: 10 }),
  jsonText,
  xmlText,
);
const bytesOf = (...texts: readonly fc.Arbitrary<string>[]) =>
  fc.tuple(...texts).map((parts) => Buffer.from(parts.join('')));
/** Also with a byte changed, and cut off. */
const spoilt = (bytes: fc.Arbitrary<Buffer>) =>
  fc.tuple(bytes, fc.nat(), fc.nat(), fc.nat(255)).map(([sound, cutAt, index, byte]) => {
    const cut = Buffer.from(sound.subarray(0, sound.length - (cutAt % (sound.length + 1))));
    if (cut.length > 0) cut[index % cut.length] = byte;
    return cut;
  });

/** The code that a reading ends with; null: none. */
async function codeOf(reading: Promise<unknown>): Promise<string | null> {
  return reading.then(
    () => null,
    (error: unknown) => toServiceError(error).code,
  );
}

/** Fails where an error is not one of the file: those are the codes that a caller cannot expect to go away by themselves. */
function expectOfTheFile(code: string | null): void {
  if (code === null) return;
  expect(ERRORS, code).toHaveProperty(code);
  expect(ERRORS[code as keyof typeof ERRORS].httpStatus, code).toBe(422);
}

describe('the search for the records', () => {
  it.each([
    ['JSON', findRecordPath, jsonText],
    ['XML', findXmlRecordPath, xmlText],
  ] as const)('of any %s, and whatever stands behind it, finds them or says what is wrong', async (_, find, sound) => {
    const texts = bytesOf(sound, suffix);
    const source = (bytes: Uint8Array, blockBytes: number) => memorySource(bytes, () => blockBytes);
    await fc.assert(
      fc.asyncProperty(fc.oneof(texts, spoilt(texts)), fc.integer({ min: 1, max: 40 }), async (bytes, blockBytes) => {
        expectOfTheFile(await codeOf(find(source(bytes, blockBytes), LIMITS)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a preview', () => {
  const soundFiles: Record<FileType, readonly string[]> = {
    json: ['[{"a":1}]', '{"products":[{"a":1},{"a":"ö"}]}', '{"a":1}', '"a"', '17'],
    ndjson: ['{"a":1}\n{"a":2}\n', '1\n', '"a"'],
    csv: ['a;b\n1;2\n', '"a","b"\r\n"1","2\n3"\r\n'],
    excel: [],
    xml: ['<r><p>1</p><p>2</p></r>', '<?xml version="1.0"?><r><p/></r>'],
  };

  it.each(FILE_TYPES.filter((type) => type !== 'excel'))(
    'of %s shows what can be read of any text, or says what is wrong with it',
    async (fileType) => {
      const texts = bytesOf(fc.constantFrom(...soundFiles[fileType]), suffix);
      await expectPreviews(fileType, fc.oneof(texts, spoilt(texts)), 100);
    },
  );

  it('of a workbook shows what can be read of any bytes, or says what is wrong with them', async () => {
    const path = join(tempFolder(), 'sound.xlsx');
    await feedNamed('Excel').write(path, 3);
    const sound = fc.constant(readFileSync(path));
    await expectPreviews('excel', fc.oneof(spoilt(sound), bytesOf(suffix)), 60);
  });

  async function expectPreviews(fileType: FileType, files: fc.Arbitrary<Buffer>, numRuns: number): Promise<void> {
    const path = join(tempFolder(), 'feed');
    await fc.assert(
      fc.asyncProperty(files, async (bytes) => {
        writeFileSync(path, bytes);
        const request = parsePreviewRequest({ file_path: path, file_type: fileType, full: true });
        const start = previewStart(request, await openSources(path, fileType), LIMITS);
        expectOfTheFile(await codeOf(previewFeed(start, () => undefined)));
      }),
      { numRuns },
    );
  }
});
