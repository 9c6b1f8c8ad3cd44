import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import stringify from 'safe-stable-stringify';
import streamArray from 'stream-json/streamers/stream-array.js';
import { BLOCK_BYTES, type Way } from './way.ts';

/** The elements of a JSON array as objects, and those as sorted text: the pipeline that the JSON reader replaces. */
export const streamJson: Way = async (path) => {
  let recordCount = 0;
  for await (const { value } of createReadStream(path, { highWaterMark: BLOCK_BYTES }).pipe(
    streamArray.withParserAsStream(),
  )) {
    if (stringify(value) !== undefined) recordCount += 1;
  }
  return { recordCount, byteCount: (await stat(path)).size };
};
