import { dirname, join } from 'node:path';
import { ServiceError } from '../errors.ts';
import type { Ingestion } from '../model/ingestion.ts';
import { ChecksummedTable, type Stored } from './checksummed-table.ts';
import { EventLog } from './event-log.ts';
import { withLostSecrets } from './ingestion-changes.ts';
import { type IngestionRow, ingestionOfRow, rowOfIngestion } from './ingestion-rows.ts';
import { createStateKeys, passingStateKeys, readStateKeys, type StateKeys } from './secret-key-file.ts';
import { SecretSeals } from './secret-seals.ts';
import { IN_MEMORY, type SqliteConnection } from './sqlite-connection.ts';

/** The key of a state that was given none: it lies beside it, and is made where there is none. */
export const KEY_FILE = 'state.key';

/** The secrets of a row are sealed with one key; its id stands behind `sealed:1:`. */
const SEALING_KEYS = `
SELECT DISTINCT substr(secret, 10, 16) AS id FROM (SELECT coalesce(callback_secret, callback_headers) AS secret FROM ingestions)
WHERE secret GLOB 'sealed:*'`;

const NOT_SEALED_SO = `
SELECT * FROM ingestions WHERE callback_secret NOT GLOB :form OR callback_headers NOT GLOB :form`;

/**
 * The seals of a state, all of whose secrets are sealed with the present key when this returns; those that lay open are then nowhere in its files.
 * Ingestions whose secrets are lost with their key are paused.
 * @param keyFile null: beside the state
 * @param now wall clock, ms
 * @throws STATE_KEY_MISMATCH where a secret is sealed with a key that is not there; CONFIG_INVALID for a key file that is none; STATE_UNAVAILABLE.
 */
export function openSeals(connection: SqliteConnection, keyFile: string | null, now: number = Date.now()): SecretSeals {
  const seals = new SecretSeals(keysOf(connection, keyFile));
  sealRows(connection, seals, now);
  // Pages of before lie in the write-ahead log until it is written over, also where an earlier start was killed right here.
  connection.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  return seals;
}

function keysOf(connection: SqliteConnection, keyFile: string | null): StateKeys {
  if (connection.path === IN_MEMORY) return passingStateKeys();
  const path = keyFile ?? join(dirname(connection.path), KEY_FILE);
  const keys = readStateKeys(path);
  if (keys !== null) return keys;
  const sealing = connection.read(() => connection.prepare<[], { id: string }>(SEALING_KEYS).all());
  if (sealing.length > 0) {
    const ids = sealing.map(({ id }) => id).join(', ');
    throw new ServiceError('STATE_KEY_MISMATCH', {
      detail: `There is no ${path}, and secrets are sealed with the key ${ids}.`,
    });
  }
  if (keyFile === null) return createStateKeys(path);
  throw new ServiceError('CONFIG_INVALID', {
    fields: [{ field: 'ACKSTREAM_STATE_KEY_FILE', message: `(${path}) does not exist` }],
  });
}

function sealRows(connection: SqliteConnection, seals: SecretSeals, now: number): void {
  const form = `${seals.currentPrefix}*`;
  const table = new ChecksummedTable<IngestionRow>(connection, 'ingestions');
  const rows = connection.read(() => connection.prepare<object, Stored<IngestionRow>>(NOT_SEALED_SO).all({ form }));
  if (rows.length === 0) return;
  // Versions that did not seal left copies in pages that they gave free. In this order a kill between the two leaves the work to the next start.
  if (rows.some(hasOpenSecrets)) connection.execute('VACUUM');
  const events = new EventLog(connection);
  connection.transaction(() => {
    for (const row of rows) {
      const ingestion = ingestionOfRow(table.verified(row), seals);
      const opened = hasSecretsOf(row, ingestion) ? ingestion : withLostSecrets(ingestion, now);
      table.update(row, rowOfIngestion(opened, seals));
      if (opened !== ingestion) events.recordChange(ingestion, opened);
    }
  });
}

function hasOpenSecrets({ callback_headers, callback_secret }: IngestionRow): boolean {
  return [callback_headers, callback_secret].some((secret) => secret !== null && !secret.startsWith('sealed:'));
}

function hasSecretsOf(row: IngestionRow, { delivery: { callbackHeaders, callbackSecret } }: Ingestion): boolean {
  const hasHeaders = (row.callback_headers === null) === (callbackHeaders === null);
  return hasHeaders && (row.callback_secret === null) === (callbackSecret === null);
}
