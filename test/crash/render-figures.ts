import type { KillFigures } from './kill-figures.ts';

/** The figures of a whole run. */
export interface RunFigures extends KillFigures {
  readonly firstSeed: number;
  readonly strikes: number;
  readonly seconds: number;
  readonly violations: number;
  /** Upper end of the 95 % interval of violations per kill. */
  readonly violationRateBound: number;
  /** The command that plays each failed scenario again. */
  readonly replay: readonly string[];
}

/** The figures for a person. */
export function renderFigures(figures: RunFigures): string {
  const { killsOf, killsAt } = figures;
  const lines = [
    `${figures.scenarios} deliveries, seeds from ${figures.firstSeed}, ${figures.seconds} s`,
    `${figures.kills} kills: service ${killsOf.service}, receiver ${killsOf.receiver}, both at once ${killsOf.both}`,
    ...Object.entries(killsAt).map(([moment, count]) => `  ${String(count).padStart(5)}  ${moment}`),
    `${figures.records} records in ${figures.chunks} chunks arrived, ${figures.rejectedRecords} bad records on record`,
    `${figures.attempts} requests decided on, ${figures.duplicates} of them chunks that the receiver had already`,
    `${figures.violations} violations: below ${(figures.violationRateBound * 100).toFixed(2)} % per kill with 95 % confidence`,
    ...figures.replay.map((command) => `again: ${command}`),
  ];
  return `${lines.join('\n')}\n`;
}
