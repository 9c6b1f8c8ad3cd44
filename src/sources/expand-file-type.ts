import { COMPRESSION_ENDINGS, NAME_ENDINGS, nameInside } from '../model/file-names.ts';
import type { FileType } from '../model/ingestion.ts';

/** Whether a file has a name of its type, in capitals or not. */
export function hasNameOfType(path: string, fileType: FileType): boolean {
  const name = nameInside(path).toLowerCase();
  return NAME_ENDINGS[fileType].some((ending) => name.endsWith(ending));
}

/** The names that {@link hasNameOfType} takes, for a person. */
export function describeNamesOfType(fileType: FileType): string {
  const names = NAME_ENDINGS[fileType].map((ending) => `*${ending}`).join(' or ');
  return `${names}, or one of these with ${Object.values(COMPRESSION_ENDINGS).join(', ')} behind`;
}
