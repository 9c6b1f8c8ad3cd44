import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFeedAs, readFeed } from '../harness/read-feed.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** A folder of such files. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe('a folder with files that', () => {
  it('hold nothing gives what the others hold, where nothing is sound for the type', async () => {
    const csv = folderOf({ 'a.csv': '', 'b.csv': 'id\n1\n', 'c.csv': '', 'd.csv': 'id\n2\n' });
    const rows = await readFeed(await openFeedAs(csv, { file_type: 'csv' }));
    expect(rows.map(({ what, position }) => [what, position.fileIndex])).toEqual([
      ['{"id":"1"}', 1],
      ['{"id":"2"}', 3],
    ]);
    const ndjson = folderOf({ 'a.ndjson': '', 'b.ndjson': '1\n' });
    expect((await readFeed(await openFeedAs(ndjson, { file_type: 'ndjson' }))).map(({ what }) => what)).toEqual(['1']);
  });

  it.each<[string, Record<string, string>, string, string]>([
    ['is an empty JSON file', { 'a.json': '[1]', 'b.json': '' }, 'READER_TRUNCATED', 'b.json'],
    ['is an empty XML file', { 'a.xml': '<a><b/><b/></a>', 'b.xml': '' }, 'READER_TRUNCATED', 'b.xml'],
    ['is an empty XML file, and the first', { 'a.xml': '', 'b.xml': '<a><b/><b/></a>' }, 'READER_TRUNCATED', 'a.xml'],
    ['has its records elsewhere', { 'a.json': '{"x":[1]}', 'b.json': '{"y":[2]}' }, 'RECORD_PATH_NOT_FOUND', 'b.json'],
  ])('one of which %s ends there, and says in which file', async (_, files, code, name) => {
    const folder = folderOf(files);
    const fileType = name.endsWith('xml') ? 'xml' : 'json';
    const reading = openFeedAs(folder, { file_type: fileType }).then((feed) => readFeed(feed));
    await expect(reading).rejects.toMatchObject({ code, place: { file: join(folder, name) } });
  });
});
