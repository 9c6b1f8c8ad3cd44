import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { BLOCK_BYTES, type Way } from './way.ts';

/** The bytes that a gzip file expands to, by Node's own stream. */
export const gunzip: Way = async (path) => {
  let byteCount = 0;
  for await (const block of createReadStream(path, { highWaterMark: BLOCK_BYTES }).pipe(
    createGunzip({ chunkSize: BLOCK_BYTES }),
  ))
    byteCount += (block as Buffer).length;
  return { recordCount: 0, byteCount };
};
