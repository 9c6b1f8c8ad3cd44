import { formatCount } from './format-count.ts';
import { formatTime } from './format-time.ts';
import { renderTable } from './render-table.ts';
import type { CircuitView } from './service-client.ts';
import { terminalText } from './terminal-text.ts';

/** Circuits as a table, for `circuits`. */
export function renderCircuits(circuits: readonly CircuitView[]): string {
  return renderTable(circuits, [
    { title: 'ORIGIN', cell: ({ origin }) => terminalText(origin) },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'SINCE', cell: ({ since }) => formatTime(since) },
    { title: 'NEXT PROBE', cell: ({ next_probe_at: next }) => (next === null ? 'under way' : formatTime(next)) },
    { title: 'FAILURES', cell: (circuit) => formatCount(circuit.consecutive_failures), align: 'right' },
    { title: 'WHY', cell: ({ last_failure: why }) => terminalText(why ?? '–') },
  ]);
}
