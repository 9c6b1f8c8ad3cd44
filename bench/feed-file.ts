import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type GeneratedFeed, writeFeed } from '../src/generate/write-feed.ts';

const FOLDER = join(import.meta.dirname, 'generated');
const SEED = 1;

/** The path of a generated feed; one that is there already is taken. */
export async function feedFile(feed: Omit<GeneratedFeed, 'seed'>): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const { format, recordCount, compression } = feed;
  const path = join(
    FOLDER,
    `${recordCount}-products.${format === 'excel' ? 'xlsx' : format}${compression === null ? '' : `.${compression}`}`,
  );
  if (existsSync(path)) return path;
  // What was interrupted is not taken for a whole file.
  const partial = `${path}.partial`;
  await writeFeed({ ...feed, seed: SEED }, createWriteStream(partial));
  renameSync(partial, path);
  return path;
}

/** Deletes the generated files and says how many there were. */
export function deleteFeedFiles(): number {
  mkdirSync(FOLDER, { recursive: true });
  const count = readdirSync(FOLDER).length;
  rmSync(FOLDER, { recursive: true });
  return count;
}
