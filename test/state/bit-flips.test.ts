/*
 * Single bits of a state's files are flipped, one at a time, as a disk does it, and the state is opened and carried on with. Each flip is either detected (a
 * STATE_ error, nothing written by the start, nothing wrong delivered until then) or harmless (all that is read, and all that is delivered,
 * is what it is without it). ACKSTREAM_BIT_FLIPS sets how many, ACKSTREAM_SEED from where.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../mock-receiver/seeded-random.ts';
import { ServiceError } from '../../src/errors.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { type CarriedOn, carryOn, writeRealisticState } from './realistic-state.ts';
import { sampleIngestion, submitted } from './sample-state.ts';
import { memoryFolder, type temporaryFolder } from './temporary-folder.ts';

const FLIP_COUNT = Number(process.env.ACKSTREAM_BIT_FLIPS ?? 240);
const SEED = Number(process.env.ACKSTREAM_SEED ?? 1);
const NAME = 'ackstream.db';
const TIME_LIMIT_MS = 20_000 + FLIP_COUNT * 200;

/** The state as it lies after it was closed, and as a killed process leaves it: most of it in the log alone, or in both files. */
const LEFT = ['closed', 'killed', 'killed after a checkpoint'] as const;

/** Which file of which state is flipped. */
const TARGETS = [
  { left: 'closed', file: NAME },
  { left: 'killed', file: `${NAME}-wal` },
  { left: 'killed after a checkpoint', file: NAME },
  { left: 'killed after a checkpoint', file: `${NAME}-wal` },
  { left: 'closed', file: `${NAME}-id` },
] as const;

describe('a flipped bit', () => {
  let place: ReturnType<typeof temporaryFolder>;
  const expected = new Map<string, CarriedOn>();
  beforeAll(async () => {
    place = memoryFolder();
    for (const left of LEFT) {
      await leaveState(join(place.path, left), left);
      const { outcome } = await carryOnWithCopy(left);
      if (outcome.carriedOn === undefined) throw new Error('a sound state is carried on with', { cause: outcome });
      expected.set(left, outcome.carriedOn);
    }
  });
  afterAll(() => place.remove());

  /** Carries on with a copy of a state, changed first. */
  async function carryOnWithCopy(left: string, change: (folder: string) => void = () => {}) {
    const folder = join(place.path, 'copy');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(place.path, left), folder, { recursive: true });
    change(folder);
    const before = bytesIn(folder);
    const delivered: unknown[] = [];
    const outcome = await openAndCarryOn(join(folder, NAME), delivered);
    return { outcome, delivered, isUntouched: () => isDeepStrictEqual(bytesIn(folder), before) };
  }

  it.each(TARGETS.map((target, index) => ({ ...target, target: index })))(
    'in $file of a state that was $left is detected or harmless',
    async ({ left, file, target }) => {
      const undamaged = expected.get(left);
      const bitCount = readFileSync(join(place.path, left, file)).length * 8;
      const random = seededRandom(SEED * TARGETS.length + target);
      const tally = { 'stops the start': 0, 'stops the run': 0, harmless: 0 };
      const wrong: unknown[] = [];
      for (let flip = 0; flip < FLIP_COUNT / TARGETS.length; flip += 1) {
        const bit = Math.floor(random() * bitCount);
        const { outcome, delivered, isUntouched } = await carryOnWithCopy(left, (folder) =>
          flipBit(join(folder, file), bit),
        );
        const isRightSoFar = isDeepStrictEqual(delivered, undamaged?.delivered.slice(0, delivered.length));
        if (isDetected(outcome.startError) && isUntouched()) tally['stops the start'] += 1;
        else if (isDetected(outcome.runError) && isRightSoFar) tally['stops the run'] += 1;
        else if (isDeepStrictEqual(outcome.carriedOn, undamaged)) tally.harmless += 1;
        else wrong.push({ bit, ...outcome, isRightSoFar });
      }
      process.stdout.write(`bit flips in ${file} (${left}): ${JSON.stringify(tally)}\n`);
      expect(wrong).toEqual([]);
    },
    TIME_LIMIT_MS,
  );
});

/** What came of a state: carried on with to the end, or the error of the start or of what followed. */
interface Outcome {
  readonly carriedOn?: CarriedOn;
  readonly startError?: unknown;
  readonly runError?: unknown;
}

async function openAndCarryOn(path: string, delivered: unknown[]): Promise<Outcome> {
  let store: StateStore;
  try {
    store = openSqliteStateStore({ path });
  } catch (startError) {
    return { startError };
  }
  try {
    return { carriedOn: await carryOn(store, delivered) };
  } catch (runError) {
    return { runError };
  } finally {
    await store.close();
  }
}

const isDetected = (error: unknown) => error instanceof ServiceError && error.code.startsWith('STATE_');

/** Writes a state to `folder`, as it lies after it was closed or after its process was killed. */
async function leaveState(folder: string, left: (typeof LEFT)[number]): Promise<void> {
  const work = `${folder} (work)`;
  const path = join(work, NAME);
  const store = openSqliteStateStore({ path });
  await writeRealisticState(store);
  if (left === 'killed after a checkpoint') {
    const connection = new SqliteConnection(path, { busyTimeoutMs: 0 });
    connection.execute('PRAGMA wal_checkpoint(PASSIVE)');
    connection.close();
    for (let index = 0; index < 2; index += 1) await submitted(store, sampleIngestion(`later-${index}`));
  }
  if (left === 'closed') await store.close();
  cpSync(work, folder, { recursive: true });
  if (left !== 'closed') await store.close();
}

function flipBit(path: string, bit: number): void {
  const bytes = readFileSync(path);
  const index = Math.floor(bit / 8);
  bytes[index] = (bytes[index] ?? 0) ^ (1 << (bit % 8));
  writeFileSync(path, bytes);
}

/** What the state consists of. Reading alone leaves an empty log beside a database that had none, and the index of the log. */
function bytesIn(folder: string): (readonly [string, Buffer])[] {
  const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'));
  const files = names.toSorted().map((name) => [name, readFileSync(join(folder, name))] as const);
  return files.filter(([, bytes]) => bytes.length > 0);
}
