import type { Violation } from './oracle/violation.ts';
import type { SimulationResult } from './simulate.ts';

/** What a number of seeds came to. */
export interface Totals {
  seeds: number;
  chunks: number;
  attempts: number;
  crashes: number;
  restores: number;
  virtualMs: number;
  readonly faults: Record<string, number>;
  readonly endings: Record<string, number>;
  readonly violations: { readonly seed: number; readonly violation: Violation }[];
}

/** Nothing yet. */
export function noTotals(): Totals {
  return {
    seeds: 0,
    chunks: 0,
    attempts: 0,
    crashes: 0,
    restores: 0,
    virtualMs: 0,
    faults: {},
    endings: {},
    violations: [],
  };
}

/** What one seed comes to. */
export function totalsOf(seed: number, { figures, endings, violation }: SimulationResult): Totals {
  const { chunks, attempts, crashes, restores, virtualMs, faults } = figures;
  const counts: Record<string, number> = {};
  for (const ending of endings) counts[ending] = (counts[ending] ?? 0) + 1;
  const violations = violation === null ? [] : [{ seed, violation }];
  return { seeds: 1, chunks, attempts, crashes, restores, virtualMs, faults, endings: counts, violations };
}

/** Adds what other seeds came to. */
export function add(totals: Totals, more: Totals): void {
  for (const key of ['seeds', 'chunks', 'attempts', 'crashes', 'restores', 'virtualMs'] as const)
    totals[key] += more[key];
  for (const key of ['faults', 'endings'] as const) {
    for (const [name, count] of Object.entries(more[key])) totals[key][name] = (totals[key][name] ?? 0) + count;
  }
  totals.violations.push(...more.violations);
}

/** For a person. */
export function renderTotals(totals: Totals, seconds: number): string {
  const { seeds, chunks, attempts, crashes, restores, faults, endings, violations, virtualMs } = totals;
  const days = Math.round(virtualMs / 86_400_000);
  return [
    `${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)} a second), ${days} days of virtual time`,
    `${attempts} messages sent, ${chunks} chunks stored, ${crashes} crashes, ${restores} receivers restored from a backup`,
    `faults: ${renderCounts(faults)}`,
    `when the faults stopped: ${renderCounts(endings)}`,
    `violations: ${violations.length}`,
  ].join('\n');
}

function renderCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
