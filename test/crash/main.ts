/**
 * The crash harness: `npm run crash -- [--kills 500] [--seed n] [--strikes 9] [--jobs 2] [--json]`. Plays scenarios of one seed after the other until so many kills were
 * survived, and ends with 1 where a delivery was not as promised.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addFigures, type KillFigures, NO_FIGURES, violationRateBound } from './kill-figures.ts';
import { playScenario, ScenarioViolation } from './play-scenario.ts';
import { renderFigures } from './render-figures.ts';
import { planScenario } from './scenario-plan.ts';

const MAX_FRESH_SEED = 1_000_000;
/** So many failed scenarios say all there is to say: none is begun after them. */
const MAX_FAILED = 5;
const EXIT_INTERRUPTED = 2;

const { values: options } = parseArgs({
  options: {
    /** No scenario is begun once there were so many. */
    kills: { type: 'string', default: '500' },
    /** Of the first scenario; without it, a fresh one. */
    seed: { type: 'string', default: String(Math.floor(Math.random() * MAX_FRESH_SEED)) },
    /** Blows per scenario, the one behind the last chunk not counted. A seed replays only with the same number. */
    strikes: { type: 'string', default: '9' },
    /** Scenarios at once. */
    jobs: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const minKillCount = wholeNumber('kills');
const firstSeed = wholeNumber('seed');
const strikeCount = wholeNumber('strikes');
const jobCount = wholeNumber('jobs');

const beganAt = performance.now();
const failedSeeds: number[] = [];
let total = NO_FIGURES;
let nextSeed = firstSeed;

// Whoever does not want to wait for all of them gets the figures of those that were played.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    report();
    process.exit(EXIT_INTERRUPTED);
  });
}
await Promise.all(Array.from({ length: jobCount }, playOneAfterTheOther));
report();
process.exitCode = failedSeeds.length === 0 ? 0 : 1;

function report(): void {
  const summary = {
    firstSeed,
    strikes: strikeCount,
    seconds: Math.round((performance.now() - beganAt) / 1000),
    ...total,
    violations: failedSeeds.length,
    violationRateBound: violationRateBound(failedSeeds.length, total.kills),
    replay: failedSeeds.map(replayCommand),
  };
  process.stdout.write(options.json ? `${JSON.stringify(summary, null, 2)}\n` : renderFigures(summary));
}

async function playOneAfterTheOther(): Promise<void> {
  while (total.kills < minKillCount && failedSeeds.length < MAX_FAILED) {
    const seed = nextSeed;
    nextSeed += 1;
    const figures = await play(seed);
    total = addFigures(total, figures);
    const { feed } = planScenario(seed, strikeCount);
    tell(
      `${total.kills}/${minKillCount} kills, ${failedSeeds.length} violations; seed ${seed}: ${feed.name}, ${figures.kills} kills, ${figures.chunks} chunks`,
    );
  }
}

/** Plays a seed. What it left stays where it shows a violation. */
async function play(seed: number): Promise<KillFigures> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-crash-'));
  try {
    const figures = await playScenario(planScenario(seed, strikeCount), folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    return figures;
  } catch (error) {
    if (!(error instanceof ScenarioViolation)) throw error;
    failedSeeds.push(seed);
    tell(`VIOLATION ${error.message}\n  what is left: ${folder}\n  again: ${replayCommand(seed)}`);
    return error.figures;
  }
}

function replayCommand(seed: number): string {
  return `npm run crash -- --seed ${seed} --strikes ${strikeCount} --kills 1 --jobs 1`;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function wholeNumber(name: 'kills' | 'seed' | 'strikes' | 'jobs'): number {
  if (!/^\d{1,9}$/.test(options[name])) throw new Error(`--${name} must be a whole number`);
  return Number(options[name]);
}
