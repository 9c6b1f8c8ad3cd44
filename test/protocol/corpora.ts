import { existsSync } from 'node:fs';
import { join } from 'node:path';

const corpora = process.env.ACKSTREAM_CORPORA ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'corpora');

/** The folder of a corpus of test data that is not part of the project, or undefined, of which a line is printed, where it is not there. */
export function corpusFolder(name: string): string | undefined {
  const folder = join(corpora, name);
  if (existsSync(folder)) return folder;
  console.log(`skipped: no corpus ${name} (set ACKSTREAM_CORPORA)`);
  return undefined;
}
