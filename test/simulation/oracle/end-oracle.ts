import type { Ingestion, RejectEntry } from '../../../src/model/ingestion.ts';
import type { WrittenRecord } from '../feed-text.ts';
import type { SimulatedReceiver } from '../simulated-receiver.ts';
import type { World } from '../world.ts';

/** Holds what every receiver has, and what is on record, against the feeds. */
export async function judgeEnd(world: World): Promise<void> {
  for (const ingestion of world.state.ingestions) {
    const { items: rejects } = await world.store.listRejects(ingestion.ingestionId, { limit: 1000 });
    if (rejects.length !== ingestion.rejectedRecords) {
      world.accuse('rejects-exact', `${ingestion.rejectedRecords} are counted, ${rejects.length} are on record`);
    }
    for (const receiver of world.receivers) judgeReceiver(world, receiver, { ingestion, rejects });
  }
}

interface Judged {
  readonly ingestion: Ingestion;
  readonly rejects: readonly RejectEntry[];
}

function judgeReceiver(world: World, receiver: SimulatedReceiver, { ingestion, rejects }: Judged): void {
  const { ingestionId, status, filePath, delivery } = ingestion;
  const lines = receiver.recordLines(ingestionId);
  const isTold = status === 'COMPLETED' && receiver.url === delivery.callbackUrl;
  const mustBeWhole = isTold && !mayMissChunks(world, ingestion);
  const rejected = new Set(rejects.map(({ fileIndex, byteOffset }) => placeOf({ fileIndex, byteOffset })));
  const { versions } = world.feedAt(filePath);
  const isOfOne = versions.some(({ records }) => {
    const sound = records.filter((record) => !rejected.has(placeOf(record))).map(({ line }) => line);
    const expected = mustBeWhole ? sound : sound.slice(0, lines.length);
    return lines.length === expected.length && lines.every((line, index) => line === expected[index]);
  });
  const what = `${receiver.name} has ${lines.length} records of ${ingestionId.slice(0, 6)}, which is ${status}`;
  if (!isOfOne) world.accuse('records-delivered', `${what}, and they are not those of the feed`);
  if (!mustBeWhole) return;
  if (!versions.some(({ records }) => areExact(records, rejected, world.book.of(ingestionId).chunkBytes))) {
    world.accuse('rejects-exact', `${what}: what is set aside is not what is bad`);
  }
  const { offsets, lasts } = receiver.store.wrongClaims(ingestionId);
  if (lasts > 0 || (offsets > 0 && !receiver.isLegacy)) {
    world.accuse('records-delivered', `${what}: ${offsets} offsets and ${lasts} marks of the last chunk are wrong`);
  }
}

/**
 * Whether the receiver of an ingestion may lack what was acknowledged: it lost it, or another one had it. One of the original kind does not say so, and
 * acknowledges COMPLETED whatever it has.
 */
export function mayMissChunks(world: World, { ingestionId, delivery }: Ingestion): boolean {
  const receiver = world.receiverAt(delivery.callbackUrl);
  return receiver.isLegacy && (receiver.hasForgotten || world.book.of(ingestionId).callbackUrls.size > 1);
}

/** Whether all bad records are set aside, and of the others only such as were too large for a chunk. */
function areExact(
  records: readonly WrittenRecord[],
  rejected: ReadonlySet<string>,
  chunkBytes: ReadonlySet<number>,
): boolean {
  const places = new Set(records.map(placeOf));
  const leastBytes = Math.min(...chunkBytes);
  return (
    [...rejected].every((place) => places.has(place)) &&
    records.every((record) => {
      const isRejected = rejected.has(placeOf(record));
      return record.isBad ? isRejected : !isRejected || record.line.length + 2 > leastBytes;
    })
  );
}

function placeOf({ fileIndex, byteOffset }: Pick<WrittenRecord, 'fileIndex' | 'byteOffset'>): string {
  return `${fileIndex}:${byteOffset}`;
}
