import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Client } from 'undici';
import { CHUNK_BYTES } from '../chunk-bytes.ts';
import type { Way } from './way.ts';

/**
 * Sends a file in blocks as they are, each with its digest, one after the other, to the receiver at a URL. It parses nothing and keeps nothing: as
 * fast as any sender can be on the machine that has one message under way.
 */
export const rawSender: Way = async (path, url = '') => {
  let byteCount = 0;
  const client = new Client(url);
  for await (const block of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const bytes = block as Buffer;
    const { body } = await client.request({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/json', 'content-digest': `sha-256=:${hash('sha256', bytes, 'base64')}:` },
      body: bytes,
    });
    const { ack } = (await body.json()) as { readonly ack: boolean };
    if (!ack) throw new Error('the receiver refused a block');
    byteCount += bytes.length;
  }
  await client.close();
  return { recordCount: 0, byteCount };
};
