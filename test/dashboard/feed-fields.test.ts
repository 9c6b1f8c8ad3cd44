import { describe, expect, it } from 'vitest';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import type { FileType } from '../../src/model/ingestion.ts';
import { formatSchema, presentFormat } from '../../src/protocol/format-options.ts';
import { ingestRequestSchema } from '../../src/protocol/ingest-request-schema.ts';

interface Field {
  readonly name: string;
  readonly member?: string;
  readonly isMultiline?: boolean;
}

const asset = (name: string) => import(new URL(`../../src/api/dashboard/assets/${name}`, import.meta.url).href);
const { MAIN_FIELDS, READING_FIELDS, LIMIT_FIELDS, CALLBACK_FIELDS } = await asset('feed-fields.js');
const { initialText, requireHeaderValues, wireValueOf } = await asset('feed-request.js');

const optionFields = (type: FileType): Field[] =>
  READING_FIELDS[type].filter(({ name }: Field) => name.startsWith('format.'));
const optionOf = ({ name, member = name }: Field) => member.slice('format.'.length);

/** What each field may say beside nothing, and what that is in a request. */
const SAID: readonly (readonly [FileType, string, string, unknown])[] = [
  ['json', 'encoding', 'latin1', 'latin1'],
  ['csv', 'delimiter', '\\t', '\t'],
  ['csv', 'delimiter', ' ', ' '],
  ['csv', 'header', 'no', false],
  ['csv', 'header_names', 'id\nname', ['id', 'name']],
  ['csv', 'header_names', 'id \n name', ['id ', ' name']],
  ['csv', 'quote', 'none', null],
  ['csv', 'quote', "'", "'"],
  ['csv', 'escape', '\\', '\\'],
  ['csv', 'skip_lines', '3', 3],
  ['excel', 'sheet', 'Products', 'Products'],
  ['excel', 'sheet', '0', 0],
  ['excel', 'sheet', '"2024"', '2024'],
  ['excel', 'sheet', '""2024""', '"2024"'],
  ['excel', 'sheet', ' Products', ' Products'],
  ['excel', 'header_row', '2', 2],
  ['excel', 'empty_rows', 'keep', 'keep'],
  ['xml', 'force_list', 'image\nsize', ['image', 'size']],
  ['xml', 'force_list', '*', true],
  ['xml', 'attribute_prefix', 'none', ''],
  ['xml', 'attribute_prefix', '_', '_'],
  ['xml', 'attribute_prefix', '"none"', 'none'],
  ['xml', 'text_key', 'text', 'text'],
  ['xml', 'text_key', ' t', ' t'],
  ['xml', 'strip_namespaces', 'yes', true],
  ['xml', 'trim', 'no', false],
];

describe('the fields of the form', () => {
  it('are all that a request has', () => {
    const fields: Field[] = [...MAIN_FIELDS, ...READING_FIELDS.json, ...LIMIT_FIELDS, ...CALLBACK_FIELDS];
    const members = new Set(fields.map(({ name }) => name.split('.')[0]));
    expect(new Set([...members, 're_ingestion'])).toEqual(new Set(Object.keys(ingestRequestSchema.shape)));
    expect(fields.flatMap(({ name }) => (name.startsWith('retry.') ? [name.slice('retry.'.length)] : []))).toEqual(
      Object.keys(ingestRequestSchema.shape.retry.unwrap().unwrap().shape),
    );
  });

  it.each(Object.keys(DEFAULT_FORMATS) as FileType[])(
    'are all options of %s, empty where they are the usual',
    (type) => {
      const format = presentFormat(DEFAULT_FORMATS[type]);
      expect([...new Set(optionFields(type).map(optionOf))].toSorted()).toEqual(Object.keys(format).toSorted());
      for (const field of optionFields(type)) expect(initialText(field, { format })).toBe('');
    },
  );

  it.each(SAID)('say of %s what the service takes, and show it again: %s %j', (type, name, text, wire) => {
    const field = optionFields(type).find((one) => one.name === `format.${name}`);
    const said = wireValueOf(field, text, null);
    expect(said).toEqual(wire);
    const option = field === undefined ? '' : optionOf(field);
    const taken = formatSchema(type, DEFAULT_FORMATS[type]).parse({ [option]: said });
    const shown = type === 'json' ? { [option]: said } : presentFormat(taken);
    expect(initialText(field, { format: shown })).toBe(text);
  });

  it.each([
    ['excel', 'sheet', '2024'],
    ['excel', 'sheet', 'two\nlines'],
    ['excel', 'sheet', '"'],
    ['csv', 'header_names', ['id ', ' name', 'two\r\nlines']],
    ['xml', 'force_list', [' image', '*']],
    ['xml', 'force_list', ['*']],
    ['xml', 'text_key', ' t'],
    ['xml', 'attribute_prefix', 'none'],
    ['xml', 'attribute_prefix', '"'],
    ['xml', 'attribute_prefix', ''],
  ] as const)('send again what an ingestion was read with where nobody changed it: %s %s %j', (type, name, value) => {
    const field = optionFields(type).find((one) => one.name === `format.${name}`) as Field;
    const earlier = { format: { [optionOf(field)]: value } };
    const lines = initialText(field, earlier).replaceAll('\r\n', '\n');
    const shown = field.isMultiline === true ? lines : lines.replaceAll('\n', '');
    expect(wireValueOf(field, shown, earlier)).toEqual(value);
    expect(wireValueOf(field, '', earlier)).toBeUndefined();
  });

  it('send nothing for lines that hold nothing', () => {
    const field = optionFields('csv').find(({ name }) => name === 'format.header_names');
    expect(wireValueOf(field, ' \n\n', null)).toBeUndefined();
  });

  it('do not let a header be sent without a value', () => {
    const field = CALLBACK_FIELDS.find(({ name }: Field) => name === 'callback_headers');
    const headers = wireValueOf(field, 'Authorization: \nX-Shop: 7\nX-Key', null);
    const names = 'without a value: Authorization, X-Key. ';
    expect(() => requireHeaderValues({ callback_headers: headers })).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({
          errors: [{ field: 'callback_headers', message: expect.stringContaining(names) }],
        }),
      }),
    );
    expect(() => requireHeaderValues({ callback_headers: { 'X-Shop': '7' } })).not.toThrow();
    expect(() => requireHeaderValues({})).not.toThrow();
  });
});
