import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../src/errors.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import { parsePreviewRequest } from '../../src/protocol/preview-request.ts';

function refusal(body: unknown): ServiceError {
  try {
    parsePreviewRequest(body);
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

const fieldsRefused = (body: unknown) => refusal(body).fields?.map(({ field }) => field);

describe('a request for a preview', () => {
  it('needs a path alone', () => {
    expect(parsePreviewRequest({ file_path: '/feeds/./a/../products.csv' })).toEqual({
      filePath: '/feeds/products.csv',
      fileType: 'csv',
      recordPath: null,
      format: null,
      defaultFormat: DEFAULT_FORMATS.csv,
      numberForm: 'exact',
      chunkSizeByRecords: 0,
      chunkSizeByMemory: 0,
      maxShownRecords: 10,
      isFull: false,
    });
  });

  it('takes null for what is left out', () => {
    const fields = ['file_type', 'record_path', 'format', 'number_form', 'chunk_size_by_records', 'records', 'full'];
    const nulls = Object.fromEntries(fields.map((field) => [field, null]));
    expect(parsePreviewRequest({ file_path: '/a.csv', ...nulls })).toEqual(
      parsePreviewRequest({ file_path: '/a.csv' }),
    );
  });

  it('says how the feed is read, how much is shown, and how it is cut', () => {
    const request = parsePreviewRequest({
      file_path: '/a',
      file_type: 'tsv',
      format: { header: false },
      number_form: 'jcs',
      chunk_size_by_records: 5,
      chunk_size_by_memory: 6,
      records: 0,
      full: true,
    });
    expect(request).toMatchObject({
      fileType: 'csv',
      format: { header: false, delimiter: '\t' },
      numberForm: 'jcs',
      chunkSizeByRecords: 5,
      chunkSizeByMemory: 6,
      maxShownRecords: 0,
      isFull: true,
    });
  });

  it.each<[object, string]>([
    [{ callback_url: 'http://x/' }, 'callback_url'],
    [{ on_bad_record: 'fail' }, 'on_bad_record'],
    [{ max_bad_records: 1 }, 'max_bad_records'],
    [{ Full: true }, 'Full'],
    [{ records: 101 }, 'records'],
    [{ records: -1 }, 'records'],
    [{ records: 1.5 }, 'records'],
    [{ full: 'yes' }, 'full'],
    [{ format: { sheet: 1 } }, 'format.sheet'],
    [{ record_path: 'a' }, 'record_path'],
    [{ chunk_size_by_records: -1 }, 'chunk_size_by_records'],
    [{ file_type: 'pdf' }, 'file_type'],
    [{ file_path: '' }, 'file_path'],
  ])('is refused with %j, which names the field', (fields, field) => {
    expect(fieldsRefused({ file_path: '/a.csv', ...fields })).toEqual([field]);
  });

  it('is refused for all that is wrong with it at once', () => {
    const refused = fieldsRefused({ file_path: '/a.csv', records: 'x', full: 1, more: 2 });
    expect(new Set(refused)).toEqual(new Set(['records', 'full', 'more']));
    for (const body of [null, [], 'text']) expect(refusal(body).code).toBe('REQUEST_INVALID');
  });
});
