import { decompress } from '../../src/sources/decompress.ts';
import { openFileSource } from '../../src/sources/file-source.ts';
import type { Way } from './way.ts';

/** The bytes that a gzip file expands to, by the source that every reader reads. */
export const decompressGzip: Way = async (path) => {
  const source = await decompress((await openFileSource(path)).source, 'gzip');
  let byteCount = 0;
  for await (const block of source.open(0)) byteCount += block.length;
  await source.close();
  return { recordCount: 0, byteCount };
};
