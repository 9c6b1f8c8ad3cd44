import { ServiceError } from '../../src/errors.ts';
import { parseIngestRequest } from '../../src/protocol/ingest-request.ts';
import type { RequestSpec } from './scenario.ts';
import type { World } from './world.ts';

/** How long a person waits for a service that is down, ms. */
const PATIENCE_MS = 500;

/** Asks for an ingestion, as soon as somebody is there to be asked. */
export function request(world: World, spec: RequestSpec): void {
  const feed = world.feeds[spec.feed % world.feeds.length];
  const receiver = world.receivers[spec.receiver % world.receivers.length];
  if (feed === undefined || receiver === undefined) return;
  const { chunkRecords, chunkBytes, quarantine, maxBad, windowSeconds, maxDelaySeconds, isReIngestion } = spec;
  const body = {
    file_path: feed.filePath,
    file_type: feed.fileType,
    callback_url: receiver.url,
    chunk_size_by_records: chunkRecords,
    chunk_size_by_memory: chunkBytes,
    re_ingestion: isReIngestion,
    on_bad_record: quarantine === undefined ? undefined : quarantine ? 'quarantine' : 'fail',
    max_bad_records: maxBad,
    retry: {
      window: windowSeconds === undefined ? undefined : `${windowSeconds}s`,
      max_delay: maxDelaySeconds === undefined ? undefined : `${maxDelaySeconds}s`,
    },
  };
  act(world, `asks: ${JSON.stringify(body)}`, async () => {
    const { status, ingestionId, changed } = await world.sender.service.submit(parseIngestRequest(body), null);
    return `${status} ${ingestionId.slice(0, 6)} ${changed.join(', ')}`;
  });
}

/** Pauses, resumes or cancels an ingestion; none there is: nothing. */
export function command(world: World, event: 'pause' | 'resume' | 'cancel', index: number): void {
  const { ingestions } = world.state;
  const ingestion = ingestions[index % Math.max(1, ingestions.length)];
  if (ingestion === undefined) return;
  const { ingestionId } = ingestion;
  act(world, `${event}s ${ingestionId.slice(0, 6)}`, async () => {
    const { status } = await world.sender.service[event](ingestionId);
    return status;
  });
}

function act(world: World, what: string, talk: () => Promise<string>): void {
  if (!world.sender.isOpen) {
    world.time.schedule(PATIENCE_MS, null, () => act(world, what, talk));
    return;
  }
  world.trace.note('person', what);
  void talk().then(
    (answer) => world.trace.note('person', `is told ${answer}`),
    (error: unknown) => {
      if (!(error instanceof ServiceError)) throw error;
      world.trace.note('person', `is told ${error.code}`);
      if (error.code === 'INTERNAL') world.accuse('no-internal-error', error.message);
      // Whoever is told that the service cannot answer now asks again.
      const isNotNow = error.code === 'STATE_UNAVAILABLE' || error.code === 'SHUTTING_DOWN';
      if (isNotNow) world.time.schedule(PATIENCE_MS, null, () => act(world, what, talk));
    },
  );
}
