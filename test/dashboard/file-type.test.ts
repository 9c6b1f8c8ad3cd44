import { expect, it } from 'vitest';
import { fileTypeNamed, fileTypeOfPath } from '../../src/protocol/file-types.ts';

const PATHS = [
  ...['json', 'ndjson', 'jsonl', 'csv', 'tsv', 'xlsx', 'xlsm', 'xls', 'xml', 'CSV', 'txt', 'excel'].flatMap((end) => [
    `/feeds/a.${end}`,
    `/feeds/a.${end}.gz`,
    `/feeds/*.${end}*`,
    `/feeds/*.${end}.*`,
    `/feeds.${end}/a`,
    `/feeds/.${end}`,
  ]),
  '/feeds/a.csv.zip',
  '/feeds/a.csv.gz.zst',
  '/feeds/**',
  '/feeds.csv/',
  '/feeds',
  'a',
  '',
];

/** Through a name, so that the compiler does not look at scripts of browsers with the rules of the service. */
async function fileTypeOf(asked: string, path: string): Promise<string> {
  const script = new URL('../../src/api/dashboard/assets/file-type.js', import.meta.url).href;
  return (await import(script)).fileTypeOf(asked, path);
}

it.each(PATHS)('takes %s for a feed of the type that the service takes it for', async (path) => {
  expect(await fileTypeOf('', path)).toBe(fileTypeOfPath(path).fileType);
});

it.each(['json', 'ndjson', 'csv', 'tsv', 'excel', 'xml'])(
  'takes a feed for %s where that is asked for',
  async (type) => {
    expect(await fileTypeOf(type, '/feeds/a.xml')).toBe(fileTypeNamed(type)?.fileType);
  },
);
