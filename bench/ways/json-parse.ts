import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { BLOCK_BYTES, type Way } from './way.ts';

/** NDJSON line by line: parsed, copied with its keys sorted, and made text again. Rounds numbers, and makes no bytes of the text. */
export const jsonParse: Way = async (path) => {
  let recordCount = 0;
  let rest = '';
  for await (const text of createReadStream(path, { encoding: 'utf8', highWaterMark: BLOCK_BYTES })) {
    const lines = (rest + String(text)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (JSON.stringify(sortedCopy(JSON.parse(line))) !== '') recordCount += 1;
    }
  }
  return { recordCount, byteCount: (await stat(path)).size };
};

function sortedCopy(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sortedCopy);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).toSorted()) copy[key] = sortedCopy((value as Record<string, unknown>)[key]);
  return copy;
}
