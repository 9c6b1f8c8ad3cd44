import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The project's root folder, absolute. */
export const projectRoot = join(import.meta.dirname, '..', '..');

/** A text file of the project. */
export interface ProjectFile {
  /** From the project root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What is generated, installed or written at run time; so is every folder whose name begins with a dot, but for `.ci`. */
const NOT_OURS = /^(?:node_modules|dist|data|logs|coverage|generated|\.(?!ci$).*)$/;

/** The files below a folder of the project (`''`: all of it) whose path matches, sorted by path. */
export function readProjectFiles(folder: string, pattern: RegExp): ProjectFile[] {
  return listPaths(join(projectRoot, folder))
    .map((path) => relative(projectRoot, path).split(sep).join('/'))
    .filter((path) => pattern.test(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(projectRoot, path), 'utf8') }));
}

/** The text of one file of the project, empty where it does not exist. */
export function readProjectFile(path: string): string {
  try {
    return readFileSync(join(projectRoot, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function listPaths(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) ? [] : listPaths(path);
    return entry.isFile() ? [path] : [];
  });
}
