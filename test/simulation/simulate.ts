import { makeWhole } from './make-whole.ts';
import { judgeEnd } from './oracle/end-oracle.ts';
import type { Violation } from './oracle/violation.ts';
import type { Scenario } from './scenario.ts';
import { settled } from './virtual-time.ts';
import { type Figures, World } from './world.ts';

/** A world in which this many things happen does not come to rest. */
const MAX_EVENTS = 20_000;

/** What came of a scenario. */
export interface SimulationResult {
  /** Null: everything held. */
  readonly violation: Violation | null;
  readonly trace: string;
  readonly figures: Figures & { readonly attempts: number; readonly virtualMs: number };
  /** How each ingestion stood when the faults stopped: its status, with the code of what stopped it. */
  readonly endings: readonly string[];
}

/** Plays a scenario: first with all its faults, then without, until everything is delivered that can be. */
export async function simulate(scenario: Scenario): Promise<SimulationResult> {
  const world = new World(scenario);
  try {
    await rest(world, true);
    const endings = world.state.ingestions.map(({ status, lastError }) =>
      status === 'FAILED' || (status === 'PAUSED' && lastError !== null) ? `${status} ${lastError?.code}` : status,
    );
    if (world.violation === null) await makeWhole(world, () => rest(world, false));
    if (world.violation === null) await judgeEnd(world);
    const figures = { ...world.figures, attempts: world.network.messageCount, virtualMs: world.time.elapsed() };
    return { violation: world.violation, trace: world.trace.toString(), figures, endings };
  } finally {
    await world.close();
  }
}

/** Goes on until nothing happens any more. @param hurries whether what is still to come then comes */
async function rest(world: World, hurries: boolean): Promise<void> {
  await settled();
  for (let eventCount = 0; world.violation === null; eventCount += 1) {
    if (eventCount > MAX_EVENTS) return world.accuse('made-whole', `no rest after ${MAX_EVENTS} events`);
    if (await world.time.advance()) continue;
    if (!hurries || !world.incidents.hurry()) return;
    await settled();
  }
}
