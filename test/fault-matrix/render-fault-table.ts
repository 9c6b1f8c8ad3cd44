import type { Fault, FaultGroup, NextTry, Taken } from './fault.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A group of the matrix as a heading and a table in Markdown, as docs/receiver-faults.md has it. */
export function renderFaultTable({ title, faults }: FaultGroup): string {
  const head = ['fault', 'taken for', 'may be stored', 'next try', 'if it persists'];
  const rows = faults.map(cellsOf);
  return [`## ${title}`, '', rowOf(head), `|${'---|'.repeat(head.length)}`, ...rows.map(rowOf), ''].join('\n');
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function cellsOf({ name, taken, takenAt = {} }: Fault): readonly string[] {
  const elsewhere = Object.entries(takenAt).map(([position, other]) => {
    const place = position === 'COMPLETED' ? position : `the ${position} chunk`;
    return `; ${place}: ${other.outcome === taken.outcome ? describeEnd(other) : `\`${other.outcome}\``}`;
  });
  return [
    name,
    `\`${taken.outcome}\``,
    taken.mayBeStored ? 'yes' : 'no',
    describeNextTry(taken),
    `${describeEnd(taken)}${elsewhere.join('')}`,
  ];
}

function describeNextTry({ nextTry, outcome }: Taken): string {
  switch (nextTry.kind) {
    case 'none':
      return '–';
    case 'backoff':
      return 'backoff';
    case 'rejection':
      return 'after 5 s, then 30 s';
    case 'at once':
      return outcome === 'too-large' ? 'half of it, at once' : 'from that chunk, at once';
    case 'asked':
      return `after ${describeAsked(nextTry)}`;
  }
}

function describeAsked({ mostMs }: Extract<NextTry, { kind: 'asked' }>): string {
  return mostMs >= HOUR_MS ? `${mostMs / HOUR_MS} h` : `${mostMs / MINUTE_MS} min`;
}

function describeEnd({ outcome, persisting: { status, code, attempts } }: Taken): string {
  if (code === null) return '–';
  if (attempts === 'window') return `${status} after 72 h`;
  const moment = attempts === 1 ? 'at once' : outcome === 'too-large' ? 'when it holds one record' : 'at the third';
  return `${status} ${moment}, \`${code}\``;
}
