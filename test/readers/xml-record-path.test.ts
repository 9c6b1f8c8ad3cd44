import { describe, expect, it } from 'vitest';
import { findXmlRecordPath } from '../../src/readers/xml-record-path.ts';
import { memorySource } from '../contracts/memory-source.ts';

const find = (text: string | Uint8Array): Promise<string> =>
  findXmlRecordPath(
    memorySource(Buffer.from(text), () => 1000),
    { maxDepth: 64 },
  );

describe('The record path found in an XML document', () => {
  it.each([
    ['<c><head/><products><product/><product/></products></c>', 'c/products/product'],
    ['<c><p><i/><i/><i/></p><p><i/><i/></p></c>', 'c/p'],
    ['<rss><channel><title/><category/><category/><item/><item/><item/></channel></rss>', 'rss/channel/item'],
    ['<g:feed xmlns:g="u"><g:e/><g:e/></g:feed>', 'g:feed/g:e'],
    ['<a><x/><x/><g><y/><y/></g></a>', 'a/x'],
    ['<c><g><p/></g><g><p/></g></c>', 'c/g'],
    ['<c><only a="1"><x/></only></c>', 'c/only'],
    ['\ufeff\n<!DOCTYPE c SYSTEM "c.dtd"><!-- <c><d/><d/></c> --><c><e/><e/></c>', 'c/e'],
    ['<c><p>Tom & Jerry</p><p>a &amp; b</p></c>', 'c/p'],
  ])('of %s is %s', async (text, path) => {
    if (text.includes('Tom')) await expect(find(text)).rejects.toMatchObject({ code: 'READER_SYNTAX' });
    else expect(await find(text)).toBe(path);
  });

  it('is found though a later element is broken', async () => {
    expect(await find('<c><p/><p/><p><a></p></c>')).toBe('c/p');
    expect(await find('<c><p/><p/>')).toBe('c/p');
  });

  it.each(['<c/>', '<c>text</c>'])('is not asked for where there is none that could be given (%#)', async (text) => {
    await expect(find(text)).rejects.toMatchObject({ code: 'RECORDS_NOT_FOUND' });
  });

  it.each([
    ['<c><a/><b/></c>', 'several-elements', ['c/a', 'c/b']],
    [`<c><a>${' '.repeat(9 << 20)}</a><a/></c>`, 'too-late', ['c/a']],
    [`<c>${' '.repeat(9 << 20)}<a/></c>`, 'too-late', []],
  ])('must be given where nothing is repeated (%#)', async (text, reason, candidates) => {
    await expect(find(text)).rejects.toMatchObject({ code: 'RECORD_PATH_NEEDED', data: { reason, candidates } });
  });

  it.each([
    ['', 'READER_TRUNCATED'],
    ['<c><p>', 'READER_TRUNCATED'],
    ['name;price', 'FORMAT_MISMATCH'],
    ['<c><p></c>', 'READER_SYNTAX'],
    ['<!DOCTYPE c [<!ENTITY a "b">]><c><p/><p/></c>', 'ENTITY_REFUSED'],
    [Buffer.from('<c><p>\xff</p></c>', 'latin1'), 'INVALID_UTF8'],
  ])('is not sought behind what is wrong (%#)', async (text, code) => {
    await expect(find(text)).rejects.toMatchObject({ code });
  });

  it('takes its time and memory from the document alone, however deep or diverse it is', async () => {
    expect(await find(`<c><p/><p/>${'<d>'.repeat(300_000)}`)).toBe('c/p');
    const names = Array.from({ length: 100_000 }, (_, index) => `<n${index}/>`).join('');
    expect(await find(`<c><p/><p/>${names}</c>`)).toBe('c/p');
  });
});
