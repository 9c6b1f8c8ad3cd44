/** The service as a process: how it ends, what it refuses to begin with, and what its log files hold. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { writeFeed } from '../harness/feed.ts';
import { startReceiver, type TestReceiver } from '../harness/receiver.ts';
import { type ServiceProcess, spawnService, startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { until } from '../harness/until.ts';

interface Stage {
  readonly folder: string;
  readonly expected: readonly string[];
  readonly receiver: TestReceiver;
  readonly service: ServiceProcess;
  readonly ingestionId: string;
}

/** A delivery of 45 records, the receiver silent at chunk 2. */
async function silentAtChunkTwo(afterStoring: boolean): Promise<Stage> {
  const folder = tempFolder();
  const filePath = join(folder, 'products.json');
  const expected = writeFeed(filePath, 45);
  const receiver = await startReceiver({ faults: [{ fault: 'hang', chunk: 2, after_storing: afterStoring }] });
  const service = await startServiceProcess(folder);
  const { body } = await service.api.ingest({
    file_path: filePath,
    callback_url: receiver.callbackUrl,
    chunk_size_by_records: 10,
  });
  await until(
    () => receiver.attempts.length,
    (count) => count === 3,
  );
  return { folder, expected, receiver, service, ingestionId: body.ingestion_id };
}

/** Ends it by a signal, and has the next process finish the delivery. */
async function endAndGoOn(signal: NodeJS.Signals, afterStoring: boolean): Promise<void> {
  const { folder, expected, receiver, service, ingestionId } = await silentAtChunkTwo(afterStoring);
  service.process.kill(signal);
  // A launcher passes on what a supervisor sent to the whole group. A second SIGINT is a person's who does not want to wait.
  if (signal === 'SIGTERM') service.process.kill(signal);
  expect(await service.ended).toEqual({ code: 0, signal: null });

  receiver.setFaults();
  const next = await startServiceProcess(folder);
  expect(await next.api.untilStatus(ingestionId, 'COMPLETED', 'FAILED')).toMatchObject({ status: 'COMPLETED' });
  expect(await receiver.records(ingestionId)).toEqual(expected);
  expect(await receiver.report(ingestionId)).toMatchObject({
    verdict_ok: true,
    duplicates: afterStoring ? 1 : 0,
    out_of_order: 0,
  });
}

describe('a process that is asked to end while its receiver is silent', () => {
  it('ends with 0 by SIGTERM and by SIGINT, and the next one loses and repeats nothing', {
    timeout: 40_000,
  }, async () => {
    await Promise.all([endAndGoOn('SIGTERM', false), endAndGoOn('SIGINT', true)]);
  });
});

describe('a process that cannot begin', () => {
  it('because another one has the data directory ends with 3 and says which; once that is killed it can', async () => {
    const folder = tempFolder();
    const holder = await startServiceProcess(folder);
    const refused = spawnService(folder);
    expect(await refused.ended).toEqual({ code: 3, signal: null });
    expect(refused.standardError()).toContain('DATA_DIR_LOCKED');
    expect(refused.standardError()).toContain(String(holder.process.pid));
    expect((await holder.api.call('GET', '/health')).status).toBe(200);
    holder.process.kill('SIGKILL');
    await holder.ended;
    await startServiceProcess(folder);
  });

  it('because a newer version wrote the state ends with 2 and leaves it as it was', async () => {
    const folder = tempFolder();
    const first = await startServiceProcess(folder);
    first.process.kill('SIGTERM');
    await first.ended;
    const path = join(folder, 'data', 'ackstream.db');
    const database = new Database(path);
    database.pragma('user_version = 99');
    database.close();
    const before = readFileSync(path);
    const refused = spawnService(folder);
    expect(await refused.ended).toEqual({ code: 2, signal: null });
    expect(refused.standardError()).toContain('STATE_SCHEMA_TOO_NEW');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('because settings are wrong ends with 2 and names them all, but no value', async () => {
    const refused = spawnService(tempFolder(), {
      ACKSTREAM_PORT: 'eighty',
      ACKSTREAM_MAX_RUNNING: '0',
      ACKSTREAM_CALLBACK_SECRET: 'short-secret',
      ACKSTREAM_RETRY_WINDOWS: '1h',
    });
    expect(await refused.ended).toEqual({ code: 2, signal: null });
    for (const name of ['PORT', 'MAX_RUNNING', 'CALLBACK_SECRET', 'RETRY_WINDOWS']) {
      expect(refused.standardError()).toContain(`  ACKSTREAM_${name} `);
    }
    expect(refused.standardError()).not.toContain('short-secret');
  });

  it('because the authorities of receivers cannot be read ends with 2 and makes no state', async () => {
    const folder = tempFolder();
    const refused = spawnService(folder, { ACKSTREAM_CALLBACK_CA: join(folder, 'none.pem') });
    expect(await refused.ended).toEqual({ code: 2, signal: null });
    expect(refused.standardError()).toContain('ACKSTREAM_CALLBACK_CA');
    expect(readdirSync(folder)).not.toContain('data');
  });
});

describe('the log files of a process', () => {
  it('hold a line of JSON per attempt, and neither records nor secrets', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    writeFeed(filePath, 45);
    const secret = `whsec_${Buffer.from('a secret of some thirty bytes!').toString('base64')}`;
    const serviceSecret = `whsec_${Buffer.from('the service has another secret').toString('base64')}`;
    const receiver = await startReceiver({
      faults: [
        { fault: 'status', chunk: 1, status: 503, times: 2 },
        { fault: 'nack', chunk: 3, error: 'not this one' },
      ],
    });
    const service = await startServiceProcess(folder, {
      ACKSTREAM_CALLBACK_SECRET: serviceSecret,
      ACKSTREAM_API_TOKEN: 'a-token-for-the-service',
    });
    const { body } = await service.api.ingest(
      {
        file_path: filePath,
        callback_url: `${receiver.callbackUrl}?key=in-the-url`,
        chunk_size_by_records: 10,
        callback_secret: secret,
        callback_headers: { Authorization: 'Bearer of-a-header' },
      },
      { authorization: 'Bearer a-token-for-the-service' },
    );
    await until(
      () => receiver.attempts.length,
      (count) => count === 8,
    );
    service.process.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);

    const texts = ['debug', 'info', 'error'].map((level) => textOf(join(folder, 'logs', level)));
    const [debugLines = [], infoLines = [], errorLines = []] = texts.map(linesOf);
    expect(debugLines.length).toBeGreaterThanOrEqual(infoLines.length);
    expect(errorLines.map((line) => line.event)).toEqual(['ingestion.failed']);
    const attempts = infoLines.filter((line) => line.event === 'attempt.ended');
    expect(attempts.map((line) => [line.chunk_number, line.attempt, line.outcome, line.http_status])).toEqual([
      [0, 1, 'acknowledged', undefined],
      [1, 1, 'unavailable', 503],
      [1, 2, 'unavailable', 503],
      [1, 3, 'acknowledged', undefined],
      [2, 1, 'acknowledged', undefined],
      [3, 1, 'rejected', 200],
      [3, 2, 'rejected', 200],
      [3, 3, 'rejected', 200],
    ]);
    for (const line of attempts) {
      expect(line).toMatchObject({ ingestion_id: body.ingestion_id, epoch: 1, duration_ms: expect.any(Number) });
    }
    const shown = texts.join('') + service.standardError();
    expect(shown).toContain('not this one');
    for (const word of [
      'Käse',
      'café',
      '900719925474099',
      secret,
      serviceSecret,
      'of-a-header',
      'in-the-url',
      'a-token',
    ]) {
      expect(shown, word).not.toContain(word);
    }
  });
});

function textOf(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

/** Fails on a line that is no JSON. */
function linesOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
