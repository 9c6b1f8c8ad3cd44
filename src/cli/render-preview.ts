import type { PreviewView } from '../api/present-preview.ts';
import { renderTable } from './render-table.ts';
import { terminalText } from './terminal-text.ts';

const MAX_RECORD_CHARACTERS = 400;
const MAX_NAMED_FILES = 5;

/** A preview for a person. */
export function renderPreviewText(view: PreviewView, records: readonly string[]): string {
  const sections = [headText(view), fieldsText(view), recordsText(records), badRecordsText(view), fullText(view)];
  return sections.filter((section) => section !== '').join('\n');
}

function headText(view: PreviewView): string {
  const files = view.files
    .slice(0, MAX_NAMED_FILES)
    .map(({ path, size }) => `${terminalText(path)} (${bytesText(size)})`);
  const more = view.file_count - files.length;
  const lines: readonly (readonly [string, string | null])[] = [
    ['type', view.file_type],
    ['files', more > 0 ? `${files.join(', ')} and ${count(more)} more` : files.join(', ')],
    ['compression', view.compression],
    ['encoding', view.encoding],
    ['record path', view.record_path === '' ? 'the array at the top' : view.record_path],
    ['format', terminalText(JSON.stringify(view.format))],
  ];
  return lines.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(13)}${value}\n`])).join('');
}

function fieldsText({ fields, sampled }: PreviewView): string {
  if (fields.length === 0) return 'There are no records.\n';
  const table = renderTable(fields, [
    { title: 'FIELD', cell: ({ path }) => (path === '' ? '(the record itself)' : terminalText(path)) },
    { title: 'TYPES', cell: ({ types }) => types.join(', ') },
    { title: 'SEEN', cell: (field) => count(field.count), align: 'right' },
    { title: 'EXAMPLES', cell: ({ examples }) => terminalText(examples.join('  ')) },
  ]);
  return `Fields of the first ${count(sampled.records)} records:\n${table}`;
}

function recordsText(records: readonly string[]): string {
  return records
    .map((record, index) => {
      const text = terminalText(record);
      const isCut = text.length > MAX_RECORD_CHARACTERS;
      return `record ${index + 1}: ${isCut ? `${text.slice(0, MAX_RECORD_CHARACTERS)}…` : text}\n`;
    })
    .join('');
}

function badRecordsText({ bad_records: badRecords, sampled, full }: PreviewView): string {
  if (badRecords.length === 0) return '';
  const lines = badRecords.map(
    ({ code, line, byte_offset: byteOffset, message }) =>
      `  line ${line}, byte ${byteOffset}: ${code}: ${terminalText(message)}\n`,
  );
  const total = full?.bad_records ?? sampled.bad_records;
  const which = total > badRecords.length ? `, the first ${badRecords.length}` : '';
  return `${count(total)} bad records${which}; a delivery stops at the first, or sets them aside with --on-bad-record quarantine:\n${lines.join('')}`;
}

function fullText({ full }: PreviewView): string {
  if (full === null) return '';
  const chunks = `${count(full.chunks)} chunks, the largest of ${bytesText(full.largest_chunk_bytes)}`;
  return `In all: ${count(full.records)} records, ${bytesText(full.bytes)} in ${chunks}; ${count(full.bad_records)} bad records.\n`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function bytesText(bytes: number): string {
  return bytes < 10_000
    ? `${count(bytes)} bytes`
    : `${(bytes / 1_000_000).toLocaleString('en', { maximumSignificantDigits: 3 })} MB`;
}
