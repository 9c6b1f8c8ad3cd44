/** What a Python service had begun is imported; its receiver goes on with a service that never uses an id anew. */
import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { fileIdOf, ingestionIdOf } from '../../src/protocol/identity.ts';
import { recordedContext } from '../cli/command-fixtures.ts';
import { writeFeed } from '../harness/feed.ts';
import { type PythonStateRow, writePythonState } from '../harness/python-state.ts';
import { startReceiver } from '../harness/receiver.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const FEEDS = { complete: 'COMPLETED', partial: 'IN_PROGRESS' } as const;
const AGO_S = 3600;

/** A folder with feeds of an hour ago, and the state of the Python service that had delivered them, wholly and in part. */
function setUp() {
  const folder = tempFolder();
  const pathOf = (name: string) => join(folder, `${name}.json`);
  const idOf = (name: string) => ingestionIdOf(fileIdOf(pathOf(name), 'json'), 'resume');
  const expected = writeFeed(pathOf('partial'), 25);
  for (const name of ['complete', 'never-begun']) writeFeed(pathOf(name), 25);
  const anHourAgo = Date.now() / 1000 - AGO_S;
  for (const name of ['complete', 'partial', 'never-begun']) utimesSync(pathOf(name), anHourAgo, anHourAgo);
  const rows = Object.entries(FEEDS).map(
    ([name, status]): PythonStateRow => ({ id: idOf(name), lastChunk: 1, records: 20, status }),
  );
  writePythonState(join(folder, 'ingestion_state.db'), rows);
  const run = async (line: string) => {
    const env = { ACKSTREAM_DATA_DIR: 'data', ACKSTREAM_LOG_DIR: 'logs' };
    const { context, written } = recordedContext({ cwd: folder, env });
    return { code: await runCommandLine(line.split(' '), context), out: written.out, error: written.error };
  };
  return { folder, pathOf, idOf, expected, run };
}

describe('after an import of the Python service', () => {
  it('what it had completed is not sent again, what it had begun only under a new id', async () => {
    const { folder, pathOf, idOf, expected, run } = setUp();
    expect(JSON.parse((await run('import ingestion_state.db --json')).out)).toEqual({
      file: join(folder, 'ingestion_state.db'),
      dry_run: false,
      complete: 1,
      partial: 1,
      known: 0,
    });
    const receiver = await startReceiver();
    const { api } = await startService(folder);
    const ingest = (name: string, fields = {}) =>
      api.ingest({ file_path: pathOf(name), callback_url: receiver.callbackUrl, chunk_size_by_records: 10, ...fields });

    const complete = await ingest('complete');
    expect(complete).toMatchObject({ status: 202, body: { status: 'COMPLETED', ingestion_id: idOf('complete') } });
    const partial = await ingest('partial');
    expect(partial).toMatchObject({ status: 409, body: { code: 'HISTORY_DELETED' } });
    expect(JSON.stringify(partial.body)).toContain('re_ingestion: true');
    expect(receiver.attempts).toEqual([]);

    const { body } = await ingest('partial', { re_ingestion: true });
    expect(body.ingestion_id).not.toBe(idOf('partial'));
    await api.untilStatus(body.ingestion_id, 'COMPLETED');
    expect(await receiver.records(body.ingestion_id)).toEqual(expected);
    expect((await ingest('never-begun')).body.status).toBe('STARTED');
  });

  it('a file that was written to since, which nobody has delivered, is not taken for delivered', async () => {
    const { folder, pathOf, run } = setUp();
    await run('import ingestion_state.db');
    const inAnHour = Date.now() / 1000 + AGO_S;
    utimesSync(pathOf('complete'), inAnHour, inAnHour);
    const { api } = await startService(folder);
    const answer = await api.ingest({
      file_path: pathOf('complete'),
      callback_url: 'http://127.0.0.1:9/callback',
      chunk_size_by_records: 10,
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'SOURCE_CHANGED' } });
  });
});

describe('ackstream import', () => {
  it('repeated finds everything known, and says what to do next', async () => {
    const { run } = setUp();
    const first = await run('import ingestion_state.db');
    expect(first.out).toMatch(/^Ids reserved: 1 complete, 1 in part; 0 known already: /);
    expect(first.error).toContain('Start the service');
    const second = await run('import ingestion_state.db');
    expect(second).toMatchObject({ code: 0, out: expect.stringMatching(/: 0 complete, 0 in part; 2 known already: /) });
  });

  it('on trial writes nothing, also where there is no state yet', async () => {
    const { folder, run } = setUp();
    const trial = await run('import ingestion_state.db --dry-run');
    expect(trial.out).toMatch(/^Ids would be reserved: 1 complete, 1 in part; 0 known/);
    expect(existsSync(join(folder, 'data'))).toBe(false);
    await run('import ingestion_state.db');
    expect(JSON.parse((await run('import ingestion_state.db --dry-run --json')).out)).toMatchObject({
      dry_run: true,
      known: 2,
    });
  });

  it('is refused beside a service, and for what is no such database', async () => {
    const { folder, run } = setUp();
    expect(await run('import partial.json')).toMatchObject({
      code: 2,
      error: expect.stringMatching(/^COMMAND_INVALID: .*not an SQLite database/),
    });
    await startService(folder);
    expect(await run('import ingestion_state.db')).toMatchObject({
      code: 3,
      error: expect.stringMatching(/^DATA_DIR_LOCKED: /),
    });
  });
});
