import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { BLOCK_BYTES, type Way } from './way.ts';

/** The rows of a CSV file as objects. */
export const csvParse: Way = async (path) => {
  let recordCount = 0;
  const rows = createReadStream(path, { highWaterMark: BLOCK_BYTES }).pipe(parse({ columns: true }));
  rows.on('data', () => {
    recordCount += 1;
  });
  await finished(rows);
  return { recordCount, byteCount: (await stat(path)).size };
};
