import { describe, expect, it } from 'vitest';
import { type FieldError, ServiceError } from '../../src/errors.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import { FILE_TYPES, type FileType } from '../../src/model/ingestion.ts';
import { presentFormat } from '../../src/protocol/format-options.ts';
import { type IngestRequest, parseIngestRequest } from '../../src/protocol/ingest-request.ts';

const REQUIRED = { file_path: '/feeds/products', callback_url: 'http://receiver.example/callback' };

function parse(fileType: string, format: unknown, more: Record<string, unknown> = {}): IngestRequest {
  return parseIngestRequest({ ...REQUIRED, file_type: fileType, format, ...more });
}

function fieldsRefused(...asked: Parameters<typeof refusals>): readonly string[] {
  return refusals(...asked).map(({ field }) => field);
}

function refusals(fileType: string, format: unknown, more: Record<string, unknown> = {}): readonly FieldError[] {
  try {
    parseIngestRequest({ ...REQUIRED, file_type: fileType, format, ...more });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    expect(error.code).toBe('REQUEST_INVALID');
    return error.fields ?? [];
  }
  throw new Error('the body was accepted');
}

describe('the options of a format', () => {
  it.each(FILE_TYPES)('of %s are its defaults where the request leaves them out', (type) => {
    expect(parse(type, {}).format).toEqual(DEFAULT_FORMATS[type]);
    expect(parse(type, undefined)).toMatchObject({ format: null, defaultFormat: DEFAULT_FORMATS[type] });
  });

  it.each<[FileType, object]>([
    ['json', { encoding: 'utf-16le' }],
    ['ndjson', { encoding: 'windows-1252' }],
    [
      'csv',
      { encoding: 'shift_jis', delimiter: ';', quote: "'", escape: '\\', header: ['id', 'name'], skip_lines: 1000 },
    ],
    ['csv', { encoding: null, delimiter: '\t', quote: null, escape: '"', header: false, skip_lines: 0 }],
    ['excel', { sheet: 'Prices 2026', header_row: 1_048_576, empty_rows: 'keep' }],
    ['excel', { sheet: 0, header_row: 1, empty_rows: 'skip' }],
    ['excel', { sheet: '*', header_row: null, empty_rows: 'skip' }],
    [
      'xml',
      {
        encoding: 'koi8-r',
        force_list: ['image', 'price'],
        attribute_prefix: '',
        text_key: '_',
        strip_namespaces: true,
        trim: false,
      },
    ],
    [
      'xml',
      {
        encoding: null,
        force_list: true,
        attribute_prefix: '@',
        text_key: '#text',
        strip_namespaces: false,
        trim: true,
      },
    ],
  ])('of %s are shown as they were asked for: %j', (type, options) => {
    const { format } = parse(type, options);
    expect(format === null ? null : presentFormat(format)).toEqual(options);
  });

  it.each([7, 'x', [], true])('are an object, not %j', (value) => {
    expect(fieldsRefused('csv', value)).toEqual(['format']);
  });

  it('are each told what is wrong with them, beside all else that is', () => {
    const format = { delimiter: ';;', quote: 1, header: ['a', ''], skip_lines: 1001, encoding: 'utf-9', sheet: 0 };
    expect(fieldsRefused('csv', format, { chunk_size_by_records: -1, record_path: 'a' }).toSorted()).toEqual([
      'chunk_size_by_records',
      'format.delimiter',
      'format.encoding',
      'format.header.1',
      'format.quote',
      'format.sheet',
      'format.skip_lines',
      'record_path',
    ]);
  });

  it.each([
    ['json', { delimiter: ';' }],
    ['ndjson', { sheet: 0 }],
    ['csv', { trim: true }],
    ['excel', { encoding: 'utf-8' }],
    ['xml', { header: true }],
    ['csv', { skipLines: 1 }],
    ['csv', JSON.parse('{"__proto__": 1}')],
  ])('of %s are none of another type: %j', (type, format) => {
    const message = `is no option of ${type} files; file_type says what the file is`;
    expect(refusals(type, format)).toEqual([{ field: `format.${Object.keys(format)[0]}`, message }]);
  });

  it('are not judged where it is not known of which type they are', () => {
    expect(fieldsRefused('yaml', { delimiter: 7 })).toEqual(['file_type']);
  });
});

describe('an encoding', () => {
  it.each([
    ['UTF8', 'utf-8'],
    ['latin1', 'windows-1252'],
    ['ISO-8859-1', 'windows-1252'],
    ['utf-16', 'utf-16le'],
    [' sjis ', 'shift_jis'],
  ])('%j is %s', (label, name) => {
    expect(parse('json', { encoding: label }).format).toEqual({ encoding: name });
  });

  it.each(['', 'utf-7', 'replacement', 'ebcdic', 7, true])('is not %j', (label) => {
    for (const type of ['json', 'ndjson', 'csv', 'xml']) {
      expect(fieldsRefused(type, { encoding: label })).toEqual(['format.encoding']);
    }
  });
});

describe('CSV', () => {
  it('with tabs has another default delimiter, and is CSV else', () => {
    const withTab = { ...DEFAULT_FORMATS.csv, delimiter: '\t' };
    for (const fields of [{ file_type: 'tsv' }, { file_path: '/feeds/a.tsv.gz' }]) {
      const request = parseIngestRequest({ ...REQUIRED, ...fields });
      expect(request).toMatchObject({ fileType: 'csv', format: null, defaultFormat: withTab });
    }
    expect(parse('tsv', { header: false }).format).toEqual({ ...withTab, header: false });
    expect(parse('tsv', { delimiter: '|' }).format).toEqual({ ...withTab, delimiter: '|' });
  });

  it('escapes a quote with the quote that was asked for', () => {
    expect(parse('csv', { quote: "'" }).format).toMatchObject({ quote: "'", escape: "'" });
    expect(parse('csv', { escape: '\\' }).format).toMatchObject({ quote: '"', escape: '\\' });
  });

  it.each(['', ';;', '\n', '\r', '\0', 'é', '€', '\ud800', 7])('has no delimiter, quote or escape %j', (character) => {
    const format = { delimiter: character, quote: character, escape: character };
    expect(fieldsRefused('csv', format)).toEqual(['format.delimiter', 'format.quote', 'format.escape']);
  });

  it('has no quote or escape that is the delimiter', () => {
    expect(fieldsRefused('csv', { delimiter: '"' })).toEqual(['format.quote', 'format.escape']);
    expect(fieldsRefused('tsv', { quote: '\t', escape: '"' })).toEqual(['format.quote']);
    expect(fieldsRefused('csv', { delimiter: '\\', escape: '\\' })).toEqual(['format.escape']);
    expect(parse('csv', { delimiter: '"', quote: null }).format).toMatchObject({ delimiter: '"', quote: null });
  });

  it.each([[[]], [['']], [[1]], ['id'], [0]])('has no header %j', (header) => {
    expect(fieldsRefused('csv', { header })[0]).toMatch(/^format\.header/);
  });
});

describe('Excel', () => {
  it.each(['', -1, 1.5, true, ['a']])('has no sheet %j', (sheet) => {
    expect(fieldsRefused('excel', { sheet })).toEqual(['format.sheet']);
  });

  it('counts rows from 1', () => {
    expect(fieldsRefused('excel', { header_row: 0, empty_rows: 'drop' })).toEqual([
      'format.header_row',
      'format.empty_rows',
    ]);
  });
});

describe('XML', () => {
  it.each([false, 'image', [''], [1]])('has no list of elements %j', (list) => {
    expect(fieldsRefused('xml', { force_list: list })[0]).toMatch(/^format\.force_list/);
  });

  it('has no key without a name for text', () => {
    expect(fieldsRefused('xml', { text_key: '', attribute_prefix: 7, trim: 'yes' })).toEqual([
      'format.attribute_prefix',
      'format.text_key',
      'format.trim',
    ]);
  });
});

describe('the record path', () => {
  it.each(['', '.', 'a.', '.a', 'a..b', '\ud800', 'x'.repeat(2000), 7])('in JSON is not %j', (path) => {
    expect(fieldsRefused('json', {}, { record_path: path })).toEqual(['record_path']);
  });

  it.each(['products', 'a.b.c', 'with space', 'ünï', '__proto__', '0', 'a/b'])('in JSON may be %j', (path) => {
    expect(parse('json', {}, { record_path: path }).recordPath).toBe(path);
  });

  it.each(['', '/', '/a', 'a/', 'a//b', 'a b', '0', '-a', '<a>', 'a[1]', '@id'])('in XML is not %j', (path) => {
    expect(fieldsRefused('xml', {}, { record_path: path })).toEqual(['record_path']);
  });

  it.each(['product', 'catalog/products/product', 'g:item', 'a.b', 'prödukt', '名/前', '\u{10000}'])(
    'in XML may be %j',
    (path) => {
      expect(parse('xml', {}, { record_path: path }).recordPath).toBe(path);
    },
  );

  it.each(['ndjson', 'csv', 'tsv', 'excel'])('is none of %s', (type) => {
    expect(fieldsRefused(type, {}, { record_path: 'products' })).toEqual(['record_path']);
    expect(parse(type, {}, { record_path: null }).recordPath).toBeNull();
  });
});

describe('what becomes of bad records', () => {
  it.each(['skip', 'FAIL', '', true, 1])('is not %j', (value) => {
    expect(fieldsRefused('json', {}, { on_bad_record: value })).toEqual(['on_bad_record']);
  });

  it.each([
    [0, { kind: 'count', count: 0 }],
    [1_000_000, { kind: 'count', count: 1_000_000 }],
    ['0%', { kind: 'percent', percent: 0 }],
    ['1%', { kind: 'percent', percent: 1 }],
    ['0.25%', { kind: 'percent', percent: 0.25 }],
    ['100%', { kind: 'percent', percent: 100 }],
  ])('may be bounded by %j', (value, max) => {
    expect(parse('json', {}, { max_bad_records: value }).maxBadRecords).toEqual(max);
  });

  it.each([-1, 0.5, 1e300, '5', '%', '-1%', '101%', '100.01%', '0.125%', '1.%', '.5%', '1 %', '1e1%', true, []])(
    'is not bounded by %j',
    (value) => {
      expect(fieldsRefused('json', {}, { max_bad_records: value })).toEqual(['max_bad_records']);
    },
  );
});
