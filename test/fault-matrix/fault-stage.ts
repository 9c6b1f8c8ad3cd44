import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { TestContext } from 'vitest';
import { ReceiverStore } from '../../mock-receiver/receiver-store.ts';
import { type TlsTrust, trustAuthoritiesOf } from '../../src/egress/tls-trust.ts';
import { DEFAULT_FORMATS } from '../../src/model/format.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import type { AttemptTarget } from '../../src/state/run-writes.ts';
import { openSqliteStateStore } from '../../src/state/sqlite-state-store.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { writeFeed } from '../harness/feed.ts';
import { openSources } from '../harness/sources.ts';
import { sampleIngestion, submitted } from '../state/sample-state.ts';
import { AUTHORITY_PEM } from './certificates.ts';

const RECORD_COUNT = 12;
const RECORDS_PER_CHUNK = 4;
/** How long a chunk is tried: the default of the service. */
export const WINDOW_MS = 72 * 3_600_000;

/** A row of the table of attempts. */
export interface AttemptRow {
  readonly attempt: number;
  /** Wall clock, ms. */
  readonly begunAt: number;
  readonly endedAt: number;
  readonly outcome: string;
  readonly httpStatus: number | null;
  readonly provesNotStored: 0 | 1;
}

/** What the cells of one fault share: a feed of three chunks, the sender's state, and a receiver's. */
export interface FaultStage {
  readonly store: StateStore;
  readonly receiverStore: ReceiverStore;
  readonly trust: TlsTrust;
  /** The records of the feed, as they must arrive. */
  readonly expected: readonly string[];
  /** What is on record of the attempts at a target, oldest first. */
  attempts(ingestionId: string, target: AttemptTarget): readonly AttemptRow[];
  newIngestion(name: string, callbackUrl: string): Promise<Ingestion>;
}

/** Sets a stage. `onTestFinished` is the test's own: several run at once. */
export async function setFaultStage({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<FaultStage> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const filePath = join(folder, 'feed.json');
  const expected = writeFeed(filePath, RECORD_COUNT);
  const authorityFile = join(folder, 'authority.pem');
  writeFileSync(authorityFile, AUTHORITY_PEM);
  const statePath = join(folder, 'state.db');
  const store = openSqliteStateStore({ path: statePath });
  onTestFinished(() => store.close());
  const receiverStore = new ReceiverStore(null);
  onTestFinished(() => receiverStore.close());
  const onRecord = new Database(statePath, { readonly: true });
  onTestFinished(() => void onRecord.close());
  const statement = onRecord.prepare<[string, number], AttemptRow>(
    `SELECT attempt, begun_at AS begunAt, ended_at AS endedAt, outcome, http_status AS httpStatus,
       proves_not_stored AS provesNotStored
     FROM attempts WHERE ingestion_id = ? AND target = ? ORDER BY attempt`,
  );
  const { fingerprint } = await openSources(filePath);
  return {
    store,
    receiverStore,
    trust: trustAuthoritiesOf(authorityFile),
    expected,
    attempts: (ingestionId, target) => statement.all(ingestionId, target === 'completion' ? -1 : target),
    newIngestion(name, callbackUrl) {
      const sample = sampleIngestion(name);
      const read = { ...sample.read, recordPath: null, format: DEFAULT_FORMATS.json, onBadRecord: 'fail' as const };
      const delivery = {
        ...sample.delivery,
        callbackUrl,
        chunkSizeByRecords: RECORDS_PER_CHUNK,
        chunkSizeByMemory: 0,
        retryWindowMs: WINDOW_MS,
      };
      return submitted(store, sampleIngestion(name, { filePath, fingerprint, read, delivery }));
    },
  };
}
