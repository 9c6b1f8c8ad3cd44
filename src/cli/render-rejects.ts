import { basename } from 'node:path';
import { formatCount } from './format-count.ts';
import { renderTable } from './render-table.ts';
import type { RejectView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

/** Enough to know a record by. */
const MAX_EXCERPT_LENGTH = 40;

/** Bad records as a table, for `rejects`. */
export function renderRejects(rejects: readonly RejectView[]): string {
  return renderTable(rejects, [
    { title: 'FILE', cell: fileOf },
    { title: 'LINE', cell: ({ line }) => String(line), align: 'right' },
    { title: 'BYTE', cell: ({ byte_offset: byteOffset }) => String(byteOffset), align: 'right' },
    { title: 'CODE', cell: ({ code }) => code },
    { title: 'RECORD', cell: excerptOf },
    { title: 'WHAT IS WRONG', cell: ({ message }) => terminalText(message) },
  ]);
}

/** Its name; of one that is not known, which it is, counted from 1. */
function fileOf({ place, file_index: fileIndex }: RejectView): string {
  return place?.file === undefined ? `File ${formatCount(fileIndex + 1)}` : terminalText(basename(place.file));
}

function excerptOf({ raw_text: text, byte_length: byteLength }: RejectView): string {
  if (text === null) return `(${byteLength} bytes, no UTF-8)`;
  // By characters, of which none has more than two units: half a surrogate pair is none.
  const excerpt = Array.from(terminalText(text.slice(0, 2 * MAX_EXCERPT_LENGTH + 2)));
  return excerpt.length <= MAX_EXCERPT_LENGTH
    ? excerpt.join('')
    : `${excerpt.slice(0, MAX_EXCERPT_LENGTH - 1).join('')}…`;
}
