import type { Ingestion } from '../../src/model/ingestion.ts';
import { mayMissChunks } from './oracle/end-oracle.ts';
import { command, request } from './person.ts';
import type { World } from './world.ts';

/** How often a person comes back to an ingestion; each time mends one reason. */
const MAX_ROUNDS = 8;
/** How long a person takes to come back, ms. */
const PATIENCE_MS = 10 * 60_000;
/** Without faults, whatever was asked for is done within this time. */
const MAX_VIRTUAL_MS = 2 * 3_600_000;

/**
 * The faults have stopped: a person mends what is broken, and asks each ingestion to go on, also those that are completed: their receivers may have been
 * restored since. Then all must be delivered. @param rest resolves when nothing goes on any more
 */
export async function makeWhole(world: World, rest: () => Promise<void>): Promise<void> {
  world.trace.note('world', 'faults stop');
  world.network.isFaulty = false;
  for (const receiver of world.receivers) receiver.liftLimit();
  if (!world.sender.isAlive) world.startSender();
  await rest();
  const confirmed = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const open = world.state.ingestions.filter((one) => !isDone(world, one, confirmed));
    if (open.length === 0) return;
    for (const { ingestionId } of open) {
      const ingestion = world.state.get(ingestionId);
      if (ingestion === undefined || world.violation !== null) return;
      const begunAt = world.time.now();
      // What is known of a receiver that was down is forgotten by then.
      world.time.schedule(PATIENCE_MS, null, () => mend(world, ingestion));
      if (ingestion.status === 'COMPLETED') confirmed.add(ingestionId);
      await rest();
      const tookMs = world.time.now() - begunAt;
      if (tookMs - PATIENCE_MS > MAX_VIRTUAL_MS)
        world.accuse('made-whole', `${ingestionId} took ${tookMs} ms without faults`);
    }
  }
  const left = world.state.ingestions.filter((one) => !isDone(world, one, confirmed));
  for (const { ingestionId, status, lastError } of left) {
    world.accuse('made-whole', `${ingestionId.slice(0, 6)} is ${status} for ${lastError?.code}: ${lastError?.message}`);
  }
}

/** Whether nothing more can be done for it. */
function isDone(world: World, ingestion: Ingestion, confirmed: ReadonlySet<string>): boolean {
  const { status, lastError, version, ingestionId } = ingestion;
  if (status === 'COMPLETED') return confirmed.has(ingestionId);
  if (status !== 'FAILED') return false;
  // What a re-ingestion reads cannot be changed, so its bad records are there to stay.
  if (version !== 'resume' && isOfTheFeed(lastError?.code)) return true;
  return lastError?.code === 'DELIVERY_REJECTED' && mayMissChunks(world, ingestion);
}

function mend(world: World, ingestion: Ingestion): void {
  const { lastError, status, filePath, version, delivery, read, ingestionId } = ingestion;
  const feed = world.feedAt(filePath);
  if (status !== 'COMPLETED' && feed.putBack(ingestion.fingerprint)) world.trace.note('person', 'puts the file back');
  if (status === 'FAILED' && isOfTheFeed(lastError?.code) && version === 'resume') {
    request(world, {
      feed: world.feeds.indexOf(feed),
      receiver: world.receivers.indexOf(world.receiverAt(delivery.callbackUrl)),
      isReIngestion: false,
      quarantine: true,
      maxBad: 1_000_000,
      // Where smaller sizes left nothing that could be the last chunk, only larger ones help.
      ...(lastError?.code === 'RECORD_TOO_LARGE' && read.onBadRecord === 'quarantine' ? { chunkBytes: 1_000 } : {}),
    });
    return;
  }
  const index = world.state.ingestions.findIndex((one) => one.ingestionId === ingestionId);
  command(world, 'resume', index);
}

function isOfTheFeed(code: string | undefined): boolean {
  return (
    code !== undefined && ['DUPLICATE_KEY', 'ROW_WIDTH', 'RECORD_TOO_LARGE', 'TOO_MANY_BAD_RECORDS'].includes(code)
  );
}
