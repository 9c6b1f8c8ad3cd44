/** What a running service does while its disk fails: it waits, says why, and goes on where it was, by itself. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { writeFeed } from '../harness/feed.ts';
import { launchService, untilListening } from '../harness/launch-service.ts';
import { until } from '../harness/until.ts';
import {
  type DiskFault,
  failingSync,
  fileSizeLimit,
  fullDisk,
  mountedBefore,
  movedFolder,
  readOnlyDisk,
} from './disk-faults.ts';
import { StruckReceiver } from './struck-receiver.ts';

const RECORDS = 300;
const PATIENCE_MS = 60_000;

/** Those that can be made here; says why the others cannot. */
function possible(...faults: readonly DiskFault[]): readonly DiskFault[] {
  return faults.filter(({ name, obstacle }) => {
    const reason = obstacle();
    if (reason !== null) console.log(`disk faults: skipped where ${name}: ${reason}`);
    return reason === null;
  });
}

/** A service with a delivery under way, on a disk that can be made to fail. */
async function deliverOn(fault: DiskFault, faultyFolder: 'data' | 'logs', { onTestFinished }: TestContext) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const name of ['data', 'logs']) mkdirSync(join(folder, name));
  const expected = writeFeed(join(folder, 'products.json'), RECORDS);
  const receiver = new StruckReceiver(folder, { seed: 1, isLegacy: false });
  onTestFinished(() => receiver.kill());
  await receiver.start();
  // So slowly that it is under way until the disk has failed, and for as long as that takes to be noticed.
  await receiver.setFaults([{ fault: 'delay', delay_ms: 200 }]);
  const faulty = join(folder, faultyFolder);
  const launched = launchService(folder, { under: fault.under(faulty) });
  onTestFinished(() => void launched.process.kill('SIGKILL'));
  const service = await untilListening(launched);
  const request = { callback_url: receiver.callbackUrl, chunk_size_by_records: 3 };
  const { body } = await service.api.ingest({ file_path: join(folder, 'products.json'), ...request });
  const id = body.ingestion_id;
  await until(
    () => receiver.report(id),
    ({ chunks }) => chunks > 3,
    PATIENCE_MS,
  );
  const { pid } = service.process;
  if (pid === undefined) throw new Error('the service has no process');
  return { folder, expected, receiver, service, request, id, make: () => fault.make({ pid, folder: faulty }) };
}

type Delivery = Awaited<ReturnType<typeof deliverOn>>;

/** Waits until the service has said so often that it cannot write. */
const untilUnavailable = ({ service }: Delivery, times: number) =>
  until(
    () => service.standardError().split('"state.unavailable"').length - 1,
    (count) => count >= times,
    PATIENCE_MS,
  );

async function expectAllDelivered({ service, receiver, id, expected }: Delivery, { expect }: TestContext) {
  await receiver.setFaults([]);
  await until(
    () => service.api.get(id),
    ({ status }) => status === 'COMPLETED',
    PATIENCE_MS,
  );
  expect(await receiver.records(id)).toEqual(expected);
  const report = await receiver.report(id);
  expect(report).toMatchObject({ verdict_ok: true, out_of_order: 0, mismatches: 0 });
  // The chunk whose acknowledgement could not be written.
  expect(report.duplicates).toBeLessThanOrEqual(1);
}

const readiness = async ({ service }: Delivery) => {
  const { status, body } = await service.api.call('GET', '/health/ready');
  return { status, body };
};

describe.concurrent('a service whose state cannot be written', { timeout: 2 * PATIENCE_MS }, () => {
  it.for(possible(fileSizeLimit, fullDisk, readOnlyDisk, failingSync, movedFolder))(
    'sends nothing while $name, says so, and loses and repeats nothing afterwards',
    async (fault, context) => {
      const { expect } = context;
      const delivery = await deliverOn(fault, 'data', context);
      const { service, receiver, id, folder, request } = delivery;
      const mend = await delivery.make();
      await untilUnavailable(delivery, 1);
      const { answers } = await receiver.report(id);

      expect(await readiness(delivery)).toMatchObject({ status: 503, body: { checks: { state: false } } });
      writeFeed(join(folder, 'other.json'), 3);
      const refused = await service.api.ingest({ file_path: join(folder, 'other.json'), ...request });
      expect(refused).toMatchObject({ status: 503, body: { code: 'STATE_UNAVAILABLE' } });
      expect(refused.body.detail).toContain(join(folder, 'data', 'ackstream.db'));
      // After a failed write or sync the file is opened anew, which fails as well: then it says so to readers too.
      expect(['RUNNING', 503]).toContain((await service.api.get(id)).status);

      await untilUnavailable(delivery, 2);
      expect((await receiver.report(id)).answers).toEqual(answers);
      await mend();
      await expectAllDelivered(delivery, context);
      expect(await readiness(delivery)).toMatchObject({ status: 200 });
      service.process.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    },
  );

  it.for(possible(fileSizeLimit, readOnlyDisk, movedFolder))(
    'ends with 0 while $name, and the next one goes on where it was',
    async (fault, context) => {
      const { expect } = context;
      const delivery = await deliverOn(fault, 'data', context);
      const mend = await delivery.make();
      await untilUnavailable(delivery, 1);
      delivery.service.process.kill('SIGTERM');
      expect(await delivery.service.ended).toEqual({ code: 0, signal: null });
      if (fault === movedFolder) await mend();

      const next = launchService(delivery.folder);
      context.onTestFinished(() => void next.process.kill('SIGKILL'));
      await expectAllDelivered({ ...delivery, service: await untilListening(next) }, context);
    },
  );
});

describe.concurrent('a service whose logs cannot be written', { timeout: 2 * PATIENCE_MS }, () => {
  it.for(possible(fullDisk))(
    'delivers all the same where $name, says so once, and ends with 0',
    async (fault, context) => {
      const { expect } = context;
      const delivery = await deliverOn(fault, 'logs', context);
      await delivery.make();
      await expectAllDelivered(delivery, context);
      delivery.service.process.kill('SIGTERM');
      expect(await delivery.service.ended).toEqual({ code: 0, signal: null });
      const complaints = delivery.service.standardError().match(/^cannot write the \w+ log: .*$/gm);
      expect(complaints?.toSorted()).toEqual(
        ['debug', 'info'].map((level) => `cannot write the ${level} log: ENOSPC: no space left on device, write`),
      );
    },
  );
});

describe.concurrent('a service that cannot begin', { timeout: PATIENCE_MS }, () => {
  it.for(possible({ ...fullDisk, name: 'its data directory is read-only' }))(
    'because $name ends with 3, and says what to do',
    async (_fault, { expect, onTestFinished }) => {
      const folder = mkdtempSync(join(realpathSync(tmpdir()), 'ackstream-disk-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
      mkdirSync(join(folder, 'data'));
      const under = mountedBefore('mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"', join(folder, 'data'));
      const service = launchService(folder, { under });
      expect(await service.ended).toEqual({ code: 3, signal: null });
      expect(service.standardError()).toContain('STATE_UNAVAILABLE');
      expect(service.standardError()).toContain('Check disk space and permissions of ACKSTREAM_DATA_DIR');
    },
  );
});
