/** @typedef {'json' | 'ndjson' | 'csv' | 'excel' | 'xml'} FileType */

/** The types by the names that the service knows them by. @type {Readonly<Record<string, FileType>>} */
const TYPES = {
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  csv: 'csv',
  tsv: 'csv',
  excel: 'excel',
  xlsx: 'excel',
  xlsm: 'excel',
  xls: 'excel',
  xml: 'xml',
};

/**
 * The type that a feed is taken to be, as the service has it: as asked for, else by the end of its name, behind which it may be compressed or a pattern be open, else JSON.
 * @param {string} asked empty: by the name
 * @param {string} path
 * @returns {FileType}
 */
export function fileTypeOf(asked, path) {
  const name = path
    .replace(/\/+$/, '')
    .replace(/\.?\*+$/, '')
    .replace(/\.(?:gz|zst|bz2|zip)$/i, '');
  const [, end = ''] = /[^/\\]\.([^./\\]+)$/.exec(name) ?? [];
  return TYPES[(asked === '' ? end : asked).toLowerCase()] ?? 'json';
}
