/** What many clients, and clients that go away, can make of reading back: nothing that another has to wait for. */
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';
import { until } from '../harness/until.ts';

const statusOf = async ({ service }: Scene, path: string, method = 'GET'): Promise<number> => {
  const answer = await fetch(service.url + path, { method });
  await answer.arrayBuffer();
  return answer.status;
};

/** A scene whose feed is compressed and takes a moment to be read; with the id of its delivery. */
async function compressedScene(): Promise<{ readonly scene: Scene; readonly id: string }> {
  const scene = await setScene({ recordCount: 0 });
  const path = `${scene.folder}/big.ndjson.gz`;
  const lines = Array.from({ length: 60_000 }, (_, index) => `{"id":${index},"name":"${'x'.repeat(index % 97)}"}\n`);
  writeFileSync(path, gzipSync(lines.join('')));
  const { ingestion_id: id } = await scene.deliver({ file_path: path, chunk_size_by_records: 6_000 });
  return { scene, id };
}

/** Asks, and goes away as soon as the request is sent. */
function askAndLeave({ service }: Scene, path: string): Promise<void> {
  const { hostname, port, host } = new URL(service.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, () => {
      socket.destroy();
      resolve();
    });
  });
}

describe('chunks that are read back', () => {
  it('are two at a time, of which clients that have gone keep none', async () => {
    const { scene, id } = await compressedScene();
    const path = `/api/ingestions/${id}/chunks/9`;
    const statuses = await Promise.all(Array.from({ length: 30 }, () => statusOf(scene, path)));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(2);
    expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
    for (let count = 0; count < 6; count += 1) await askAndLeave(scene, path);
    await until(
      () => statusOf(scene, path),
      (status) => status === 200,
    );
    for (let count = 0; count < 4; count += 1) expect(await statusOf(scene, path, 'HEAD')).toBe(200);
    expect(scene.service.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a verification', () => {
  it('can be given up, and ends where its ingestion is deleted or its file is gone', async () => {
    const { scene, id } = await compressedScene();
    const path = `/api/ingestions/${id}`;
    expect(await statusOf(scene, `${path}/verify`, 'POST')).toBe(202);
    expect(await statusOf(scene, `${path}/verification`, 'DELETE')).toBe(204);
    expect(await statusOf(scene, `${path}/verification`)).toBe(404);
    expect(await statusOf(scene, `${path}/verification`, 'DELETE')).toBe(404);
    const again = await until(
      () => scene.service.api.call('POST', `${path}/verify`),
      ({ status }) => status === 202,
    );
    expect(again.body).toMatchObject({ state: 'running', chunks: 10, chunks_verified: 0 });
    rmSync(`${scene.folder}/big.ndjson.gz`);
    expect(await statusOf(scene, path, 'DELETE')).toBe(204);
    expect(await statusOf(scene, `${path}/verification`)).toBe(404);
    expect(await statusOf(scene, path, 'DELETE')).toBe(404);
  });
});
