import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { type Scene, setScene } from '../harness/scene.ts';
import { until } from '../harness/until.ts';
import { startWireTap } from '../harness/wire-tap.ts';

/** An answer with its bytes. */
async function get(scene: Scene, path: string, headers: Record<string, string> = {}) {
  const answer = await request(`${scene.service.url}${path}`, { headers });
  return {
    status: answer.statusCode,
    etag: answer.headers.etag,
    mediaType: answer.headers['content-type'],
    bytes: Buffer.from(await answer.body.arrayBuffer()),
  };
}

interface ShownVerification {
  readonly state: string;
  readonly chunks: number;
  readonly chunks_verified: number;
  readonly records_verified: number;
  readonly mismatch: { readonly chunk_number: number; readonly kind: string } | null;
  readonly error: { readonly code: string } | null;
}

/** Begins a verification and waits for its end. */
async function verified({ service }: Scene, id: string): Promise<ShownVerification> {
  const begun = await service.api.call('POST', `/api/ingestions/${id}/verify`);
  expect([begun.status, begun.headers.location]).toEqual([202, `/api/ingestions/${id}/verification`]);
  return until(
    async () => (await service.api.call<ShownVerification>('GET', `/api/ingestions/${id}/verification`)).body,
    ({ state }) => state !== 'running',
  );
}

/** Gives a record another name of the same length, and the file the times it had. */
function forge(filePath: string, index: number): void {
  const { size, atime, mtime } = statSync(filePath);
  const text = readFileSync(filePath, 'utf8');
  const forged = text.replace(`\\"${index}\\"`, `\\"${index + 1}\\"`);
  expect(forged).not.toBe(text);
  writeFileSync(filePath, forged);
  utimesSync(filePath, atime, mtime);
  expect(statSync(filePath).size).toBe(size);
}

describe('the body of a chunk', () => {
  it('is the one that was sent, byte for byte, under the ETag of its checksum', async () => {
    const scene = await setScene({ recordCount: 35 });
    const tap = await startWireTap(null);
    const { ingestion_id: id } = await scene.deliver({ callback_url: tap.url });
    expect(tap.subjects()).toEqual([0, 1, 2, 3, 'COMPLETED']);
    for (const { subject, bytes } of tap.messages.slice(0, 4).toReversed()) {
      const shown = await get(scene, `/api/ingestions/${id}/chunks/${subject}`);
      expect(shown.bytes.equals(bytes)).toBe(true);
      const { checksum } = JSON.parse(bytes.toString()) as { checksum: string };
      expect(shown).toMatchObject({ status: 200, mediaType: 'application/json', etag: `"${checksum}"` });
      const again = await get(scene, `/api/ingestions/${id}/chunks/${subject}`, {
        'If-None-Match': `"x", "${checksum}"`,
      });
      expect(again).toMatchObject({ status: 304, etag: `"${checksum}"`, bytes: Buffer.alloc(0) });
    }
    const { statusCode, headers, body } = await request(`${scene.service.url}/api/ingestions/${id}/chunks/0`, {
      method: 'HEAD',
    });
    await body.dump();
    expect([statusCode, headers['content-length']]).toEqual([200, String(tap.messages[0]?.bytes.length)]);
  });

  it('is refused with why, where there is none or the file no longer gives it', async () => {
    const scene = await setScene({ recordCount: 35 });
    const { ingestion_id: id } = await scene.deliver();
    const codeOf = async (path: string) => {
      const { status, body } = await scene.service.api.call<{ code?: string }>('GET', `/api/ingestions/${path}`);
      return [status, body.code];
    };
    expect(await codeOf(`${id}/chunks/4`)).toEqual([404, 'CHUNK_NOT_FOUND']);
    expect(await codeOf(`${id}/chunks/-1`)).toEqual([422, 'REQUEST_INVALID']);
    expect(await codeOf('none/chunks/0')).toEqual([404, 'INGESTION_NOT_FOUND']);
    forge(scene.filePath, 17);
    expect(await codeOf(`${id}/chunks/1`)).toEqual([409, 'SOURCE_CHANGED']);
    writeFileSync(scene.filePath, '{"no": "feed"');
    expect(await codeOf(`${id}/chunks/3`)).toEqual([409, 'SOURCE_CHANGED']);
    rmSync(scene.filePath);
    expect(await codeOf(`${id}/chunks/1`)).toEqual([404, 'SOURCE_NOT_FOUND']);
  });
});

describe('a verification', () => {
  it('compares every chunk with the file, and says so until the service ends', async () => {
    const scene = await setScene({ recordCount: 35 });
    const { ingestion_id: id } = await scene.deliver();
    const before = await scene.service.api.call('GET', `/api/ingestions/${id}/verification`);
    expect([before.status, before.body.code]).toEqual([404, 'VERIFICATION_NOT_FOUND']);
    expect(await verified(scene, id)).toMatchObject({
      state: 'done',
      chunks: 4,
      chunks_verified: 4,
      records_verified: 35,
      mismatch: null,
      error: null,
    });
  });

  it('finds the first chunk that the file no longer gives, though its size and times say nothing', async () => {
    const scene = await setScene({ recordCount: 35 });
    const { ingestion_id: id } = await scene.deliver();
    forge(scene.filePath, 22);
    expect(await verified(scene, id)).toMatchObject({
      state: 'done',
      chunks_verified: 2,
      records_verified: 20,
      mismatch: { chunk_number: 2, record_offset: 20, record_count: 10, kind: 'source' },
    });
  });

  it('that cannot read the file has failed, which says nothing of it', async () => {
    const scene = await setScene({ recordCount: 35 });
    const { ingestion_id: id } = await scene.deliver();
    rmSync(scene.filePath);
    expect(await verified(scene, id)).toMatchObject({
      state: 'failed',
      mismatch: null,
      error: { code: 'SOURCE_NOT_FOUND' },
    });
  });
});
