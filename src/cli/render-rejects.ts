import { sep } from 'node:path';
import { formatCount } from './format-count.ts';
import { renderTable } from './render-table.ts';
import type { RejectView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

/** Enough to know a record by. */
const MAX_EXCERPT_LENGTH = 40;

/** Bad records as a table, for `rejects`. */
export function renderRejects(rejects: readonly RejectView[]): string {
  const paths = rejects.flatMap(({ place }) => (place?.file === undefined ? [] : [place.file]));
  const sharedFolders = countSharedFolders(paths);
  return renderTable(rejects, [
    { title: 'FILE', cell: (reject) => fileOf(reject, sharedFolders) },
    { title: 'LINE', cell: ({ line }) => String(line), align: 'right' },
    { title: 'BYTE', cell: ({ byte_offset: byteOffset }) => String(byteOffset), align: 'right' },
    { title: 'CODE', cell: ({ code }) => code },
    { title: 'RECORD', cell: excerptOf },
    { title: 'WHAT IS WRONG', cell: ({ message }) => terminalText(message) },
  ]);
}

/** Its path without the folders that are those of all files shown; of one that is not known, which it is, counted from 1. */
function fileOf({ place, file_index: fileIndex }: RejectView, sharedFolders: number): string {
  if (place?.file === undefined) return `File ${formatCount(fileIndex + 1)}`;
  return terminalText(place.file.split(sep).slice(sharedFolders).join(sep));
}

/** How many folders all these paths begin with. */
function countSharedFolders(paths: readonly string[]): number {
  const [first = [], ...others] = paths.map((path) => path.split(sep).slice(0, -1));
  const firstOwn = first.findIndex((folder, depth) => others.some((folders) => folders[depth] !== folder));
  return firstOwn === -1 ? first.length : firstOwn;
}

function excerptOf({ raw_text: text, byte_length: byteLength }: RejectView): string {
  if (text === null) return `(${byteLength} bytes, no UTF-8)`;
  // By characters, of which none has more than two units: half a surrogate pair is none.
  const excerpt = Array.from(terminalText(text.slice(0, 2 * MAX_EXCERPT_LENGTH + 2)));
  return excerpt.length <= MAX_EXCERPT_LENGTH
    ? excerpt.join('')
    : `${excerpt.slice(0, MAX_EXCERPT_LENGTH - 1).join('')}…`;
}
