/** The fields of the form for a feed: how each is shown, and how its text becomes a member of a request and back. */

/** @typedef {import('./types.d.ts').FeedField} FeedField */
/** @typedef {import('./file-type.js').FileType} FileType */

/** What is written where an empty field would mean the usual, and nothing at all is meant. */
const NONE = 'none';

/** @param {string} text */
const isInteger = (text) => /^\d+$/.test(text);
/** A number where it is one; of anything else the service says what is wrong with it. @param {string} text */
const integer = (text) => (isInteger(text) ? Number(text) : text);
/** What is in quotes stands for itself where it would else mean something; undefined: it is not in any. @param {string} text */
const quoted = (text) => /^"(.*)"$/s.exec(text)?.[1];
/** A text as it is written for that. @param {string} text @param {boolean} isWord whether it would else mean something */
const literal = (text, isWord) => (isWord || quoted(text) !== undefined ? `"${text}"` : text);
/** Lines as they stand, those aside that hold nothing. @param {string} text */
const linesOf = (text) => text.split('\n').filter((line) => line.trim() !== '');
/** @param {string} text */
const trimmedLinesOf = (text) => linesOf(text).map((line) => line.trim());
/** @param {unknown} value */
const inLines = (value) => (Array.isArray(value) ? value.join('\n') : '');
/** What is known, as text. @param {unknown} value */
export const knownText = (value) => (typeof value === 'string' || typeof value === 'number' ? `${value}` : '');
/** @param {unknown} value */
const unlessZero = (value) => (value === 0 ? '' : knownText(value));
/** @param {string} text */
const isYes = (text) => text === 'yes';

/** @param {string} text */
function headersOf(text) {
  const pairs = trimmedLinesOf(text).map((line) => {
    const end = line.indexOf(':');
    return end < 0 ? [line, ''] : [line.slice(0, end).trim(), line.slice(end + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

/** What is delivered, and where to. @type {readonly FeedField[]} */
export const MAIN_FIELDS = [
  {
    name: 'file_path',
    label: 'File',
    isRequired: true,
    hint: 'On the machine of the service: a file, a folder or a pattern such as /srv/feeds/*.csv.gz.',
  },
  { name: 'callback_url', label: 'Callback', hint: 'Where the chunks are posted to. Not needed for a preview.' },
  {
    name: 'file_type',
    label: 'Type',
    options: { '': 'by the name', json: 'JSON', ndjson: 'NDJSON', csv: 'CSV', tsv: 'TSV', excel: 'Excel', xml: 'XML' },
  },
  {
    name: 'record_path',
    label: 'Record path',
    hint: 'Where the records are, such as products.items. Left out, it is found.',
  },
  {
    name: 'chunk_size_by_records',
    label: 'Records per chunk',
    isNumber: true,
    hint: 'Left out: 1,000 records or 4 MiB.',
    toWire: integer,
    toText: unlessZero,
  },
  {
    name: 'on_bad_record',
    label: 'A bad record',
    options: { '': 'ends the ingestion', quarantine: 'is set aside' },
  },
];

/** @type {FeedField} */
const ENCODING = {
  name: 'format.encoding',
  label: 'Encoding',
  hint: 'Such as windows-1252. Left out: as the text itself says, else UTF-8.',
};
/** @type {FeedField} */
const NUMBER_FORM = {
  name: 'number_form',
  label: 'Numbers',
  options: { '': 'keep every digit', jcs: 'as RFC 8785 writes them' },
};

/** How a feed is read, by its type; docs/formats.md. @type {Readonly<Record<FileType, readonly FeedField[]>>} */
export const READING_FIELDS = {
  json: [ENCODING, NUMBER_FORM],
  ndjson: [ENCODING, NUMBER_FORM],
  csv: [
    {
      name: 'format.delimiter',
      label: 'Delimiter',
      hint: 'Between cells, such as ; or \\t for a tab. Left out, it is found.',
      keepsSpace: true,
      toWire: (text) => (text === '\\t' ? '\t' : text),
      toText: (value) => (value === '\t' ? '\\t' : knownText(value)),
    },
    {
      name: 'format.header',
      label: 'Header row',
      options: { '': 'names the columns', no: 'there is none' },
      toWire: () => false,
      toText: (value) => (value === false ? 'no' : ''),
    },
    {
      name: 'format.header_names',
      member: 'format.header',
      label: 'Names of the columns',
      isMultiline: true,
      keepsSpace: true,
      hint: 'One in a line, where there is no header row. Left out: column_1, column_2 …',
      toWire: linesOf,
      toText: inLines,
    },
    {
      name: 'format.quote',
      label: 'Quote',
      hint: `Around cells. Left out: ". Write ${NONE} where there is none.`,
      toWire: (text) => (text === NONE ? null : text),
      toText: (value) => (value === null ? NONE : value === '"' ? '' : knownText(value)),
    },
    {
      name: 'format.escape',
      label: 'Escape',
      hint: 'Before a quote inside of quotes, such as \\. Left out: the quote itself.',
      toText: (value, { format }) => (format.quote === null || value === format.quote ? '' : knownText(value)),
    },
    {
      name: 'format.skip_lines',
      label: 'Lines to skip',
      isNumber: true,
      hint: 'Before the header row.',
      toWire: integer,
      toText: unlessZero,
    },
    ENCODING,
    NUMBER_FORM,
  ],
  excel: [
    {
      name: 'format.sheet',
      label: 'Sheet',
      keepsSpace: true,
      hint: 'Its name (such as "2024" in quotes where it is a number), its index from 0, or * for all. Left out: the active one.',
      toWire: (text) => quoted(text) ?? integer(text),
      toText: (value) => (typeof value === 'string' ? literal(value, isInteger(value)) : knownText(value)),
    },
    {
      name: 'format.header_row',
      label: 'Row that names the columns',
      isNumber: true,
      hint: 'From 1. Left out: the first that is not empty.',
      toWire: integer,
    },
    { name: 'format.empty_rows', label: 'Empty rows', options: { '': 'are passed over', keep: 'are records' } },
    NUMBER_FORM,
  ],
  xml: [
    {
      name: 'format.force_list',
      label: 'Elements that are always an array',
      isMultiline: true,
      hint: 'One in a line, or * for all.',
      toWire: (text) => (text === '*' ? true : trimmedLinesOf(text)),
      toText: (value) => (value === true ? '*' : inLines(value)),
    },
    {
      name: 'format.attribute_prefix',
      label: 'Before attributes',
      keepsSpace: true,
      hint: `Left out: @. Write ${NONE} for nothing, "${NONE}" in quotes for the word.`,
      toWire: (text) => (text === NONE ? '' : (quoted(text) ?? text)),
      toText: (value) => (value === '' ? NONE : value === '@' ? '' : literal(knownText(value), value === NONE)),
    },
    {
      name: 'format.text_key',
      label: 'Key of a text',
      keepsSpace: true,
      hint: 'Beside attributes and children. Left out: #text.',
      toText: (value) => (value === '#text' ? '' : knownText(value)),
    },
    {
      name: 'format.strip_namespaces',
      label: 'Namespaces',
      options: { '': 'stay in names', yes: 'are left out' },
      toWire: isYes,
      toText: (value) => (value === true ? 'yes' : ''),
    },
    {
      name: 'format.trim',
      label: 'White space around text',
      options: { '': 'is removed', no: 'stays' },
      toWire: isYes,
      toText: (value) => (value === false ? 'no' : ''),
    },
    ENCODING,
    NUMBER_FORM,
  ],
};

/** How much goes into a chunk, how much may be bad, and how long it is tried. @type {readonly FeedField[]} */
export const LIMIT_FIELDS = [
  {
    name: 'chunk_size_by_memory',
    label: 'Bytes per chunk',
    isNumber: true,
    hint: 'Of its records, such as 1000000.',
    toWire: integer,
    toText: unlessZero,
  },
  {
    name: 'max_bad_records',
    label: 'Most bad records',
    hint: 'That are set aside: a number, or a share such as 1%. Left out: any number.',
    toWire: integer,
  },
  {
    name: 'retry.window',
    label: 'Try for',
    hint: 'Such as 72h. Then it pauses.',
  },
  { name: 'retry.max_delay', label: 'Longest wait', hint: 'Between two attempts, such as 60s.' },
];

/** What the receiver is told beside the chunks, and by what it knows who sends them. @type {readonly FeedField[]} */
export const CALLBACK_FIELDS = [
  {
    name: 'callback_headers',
    label: 'Headers',
    isMultiline: true,
    hint: 'One in a line, such as Authorization: Bearer …',
    toWire: headersOf,
  },
  { name: 'callback_secret', label: 'Signing secret', isSecret: true, hint: 'whsec_… (Standard Webhooks).' },
  { name: 'status_url', label: 'Status URL', hint: 'Where it is told that it started, stopped or is complete.' },
];
