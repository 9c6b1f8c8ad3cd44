import type { PreviewView } from '../api/present-preview.ts';
import { cutText } from '../model/cut-text.ts';
import { formatCount, formatCounted } from './format-count.ts';
import { renderTable } from './render-table.ts';
import { terminalText } from './terminal-text.ts';

const MAX_RECORD_CHARACTERS = 400;
const MAX_NAMED_FILES = 5;

const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** A preview for a person. */
export function renderPreviewText(view: PreviewView, records: readonly string[]): string {
  const sections = [headText(view), fieldsText(view), recordsText(records), badRecordsText(view), fullText(view)];
  return sections.filter((section) => section !== '').join('\n');
}

function headText(view: PreviewView): string {
  const files = view.files.slice(0, MAX_NAMED_FILES).map(({ path, size }) => `${path} (${bytesText(size)})`);
  const more = view.file_count - files.length;
  const lines: readonly (readonly [string, string | null])[] = [
    ['type', view.file_type],
    ['files', more > 0 ? `${files.join(', ')} and ${formatCount(more)} more` : files.join(', ')],
    ['compression', view.compression],
    ['encoding', view.encoding],
    ['record path', view.record_path === '' ? 'the array at the top' : view.record_path],
    ['format', JSON.stringify(view.format)],
  ];
  return lines
    .flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(13)}${terminalText(value)}\n`]))
    .join('');
}

function fieldsText({ fields, sampled }: PreviewView): string {
  if (sampled.records === 0) {
    return sampled.bad_records === 0 ? 'There are no records.\n' : 'All records that were looked at are bad.\n';
  }
  const table = renderTable(fields, [
    { title: 'FIELD', cell: ({ path }) => (path === '' ? '(the record itself)' : terminalText(path)) },
    { title: 'TYPES', cell: ({ types }) => types.join(', ') },
    { title: 'SEEN', cell: (field) => formatCount(field.count), align: 'right' },
    { title: 'EXAMPLES', cell: ({ examples }) => terminalText(examples.join('  ')) },
  ]);
  return `Fields of the first ${formatCounted(sampled.records, 'record')}:\n${table}`;
}

function recordsText(records: readonly string[]): string {
  return records
    .map((record, index) => `record ${index + 1}: ${terminalText(cutText(record, MAX_RECORD_CHARACTERS))}\n`)
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
  return `${formatCounted(total, 'bad record')}${which}; a delivery stops at the first, or sets them aside with --on-bad-record quarantine:\n${lines.join('')}`;
}

function fullText({ full }: PreviewView): string {
  if (full === null) return '';
  const chunks = `${formatCounted(full.chunks, 'chunk')}, the largest of ${bytesText(full.largest_chunk_bytes)}`;
  return `In all: ${formatCounted(full.records, 'record')}, ${bytesText(full.bytes)} in ${chunks}; ${formatCounted(full.bad_records, 'bad record')}.\n`;
}

function bytesText(bytes: number): string {
  return bytes < 10_000 ? `${formatCount(bytes)} bytes` : `${threeDigits.format(bytes / 1_000_000)} MB`;
}
