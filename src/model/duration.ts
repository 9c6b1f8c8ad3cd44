/** The units, largest first. */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

/** What a duration looks like, in words for a message. */
export const DURATION_FORM = 'a whole number with its unit, such as 72h, 90m, 60s or 100ms';

/**
 * The milliseconds of a duration such as `72h`, `90m`, `60s`, `100ms`; undefined where the text is none. One number, one unit,
 * no sign, fraction or space: a bare number would leave its unit to guessing.
 */
export function parseDurationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,15})([a-z]+)$/.exec(text) ?? [];
  const durationMs = Number(count) * (UNIT_MS.get(unit) ?? Number.NaN);
  return Number.isSafeInteger(durationMs) ? durationMs : undefined;
}

/** A whole number of milliseconds as the shortest text that {@link parseDurationMs} takes: in the largest unit that divides it. */
export function formatDurationMs(durationMs: number): string {
  if (durationMs === 0) return '0s';
  for (const [unit, unitMs] of UNIT_MS) {
    if (durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  throw new RangeError(`not a whole number of milliseconds: ${durationMs}`);
}
