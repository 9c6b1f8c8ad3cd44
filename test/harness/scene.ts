import { join } from 'node:path';
import { expect } from 'vitest';
import type { ReceiverOptions } from '../../mock-receiver/receiver.ts';
import type { ShownIngestion } from './api-client.ts';
import { writeFeed } from './feed.ts';
import { startReceiver, type TestReceiver } from './receiver.ts';
import { startService, type TestService, type TestServiceOptions } from './service.ts';
import { tempFolder } from './temp-folder.ts';

/** A folder with a feed, a receiver and a service on it. */
export interface Scene {
  readonly folder: string;
  readonly filePath: string;
  /** The records of the feed, as they must arrive. */
  readonly expected: readonly string[];
  readonly receiver: TestReceiver;
  readonly service: TestService;
  /** Submits the feed; chunks of 10 records unless the fields say otherwise. */
  ingest(fields?: Readonly<Record<string, unknown>>): ReturnType<TestService['api']['ingest']>;
  /** Submits the feed and waits until the ingestion has ended in some way. */
  deliver(fields?: Readonly<Record<string, unknown>>): Promise<ShownIngestion>;
  /** Fails unless the receiver accepted exactly the feed, in order, and was told COMPLETED truly. */
  expectDelivered(ingestionId: string, expected?: readonly string[]): Promise<void>;
}

/** Sets a scene of `recordCount` records. */
export async function setScene(
  options: TestServiceOptions & {
    readonly recordCount: number;
    /** Goes into every record, to make them longer. */
    readonly note?: string;
    readonly receiver?: ReceiverOptions;
  },
): Promise<Scene> {
  const folder = tempFolder();
  const filePath = join(folder, 'products.json');
  const expected = writeFeed(filePath, options.recordCount, options.note);
  const receiver = await startReceiver(options.receiver);
  const service = await startService(folder, options);
  const ingest: Scene['ingest'] = (fields = {}) =>
    service.api.ingest({
      file_path: filePath,
      callback_url: receiver.callbackUrl,
      chunk_size_by_records: 10,
      ...fields,
    });
  return {
    folder,
    filePath,
    expected,
    receiver,
    service,
    ingest,
    async deliver(fields) {
      const { status, body } = await ingest(fields);
      expect(body).toMatchObject({ ingestion_id: expect.any(String) });
      expect(status).toBe(202);
      return service.api.untilStatus(body.ingestion_id, 'COMPLETED', 'FAILED', 'PAUSED', 'CANCELLED');
    },
    async expectDelivered(ingestionId, records = expected) {
      expect(await receiver.records(ingestionId)).toEqual(records);
      expect(await receiver.report(ingestionId)).toMatchObject({ verdict_ok: true, out_of_order: 0, mismatches: 0 });
    },
  };
}
