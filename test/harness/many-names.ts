import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './temp-folder.ts';

/** An XML document with one record of so many elements, each of a name of its own: some 60 bytes of objects per byte of the file. Resolves to its path. */
export function manyNames(nameCount: number, folder = tempFolder()): string {
  const path = join(folder, 'names.xml');
  const elements = Array.from({ length: nameCount }, (_, index) => `<n${index}>x</n${index}>`);
  writeFileSync(path, `<r><p>${elements.join('')}</p></r>`);
  return path;
}
