import type { FileType } from '../../src/model/ingestion.ts';
import type { SourceSet } from '../../src/sources/source.ts';
import { openSourceSet } from '../../src/sources/source-set.ts';

/** The files at a path, which may lie anywhere. */
export function openSources(path: string, fileType: FileType = 'json'): Promise<SourceSet> {
  return openSourceSet(path, { roots: ['/'], fileType });
}
