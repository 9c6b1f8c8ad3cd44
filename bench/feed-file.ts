import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { generateProducts } from './generate-products.ts';

const FOLDER = join(import.meta.dirname, 'generated');
const SEED = 1;
/** A file is longer than asked for by one product at most. */
const MAX_EXCESS_BYTES = 8 * 1024;

/** The path of a generated feed of `bytes`; one that is there already is taken. */
export async function feedFile(bytes: number): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `products-${bytes / 1e6}-mb.json`);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < bytes || size > bytes + MAX_EXCESS_BYTES) await generateProducts({ path, bytes, seed: SEED });
  return path;
}

/** Deletes the generated files and says how many there were. */
export function deleteFeedFiles(): number {
  mkdirSync(FOLDER, { recursive: true });
  const count = readdirSync(FOLDER).length;
  rmSync(FOLDER, { recursive: true });
  return count;
}
