import { posix } from 'node:path';
import type { ProjectFile } from './project-files.ts';

/** One import of a file, of whatever kind. */
export interface Import {
  readonly from: string;
  /** Path from the project root for a file of the project, else the bare specifier. */
  readonly target: string;
  /** A package or Node module, its subpath cut off; null for a file of the project. */
  readonly library: string | null;
}

/** `import`/`export … from '…'`, types and several lines included, and `import '…'`. */
const STATIC_IMPORT = /^[ \t]*(?:import|export)\s+(?:[\w$*{}\s,]+?\s+from\s+)?(['"])([^'"\n]+)\1/gm;
/** `import('…')`, as an expression or a type. */
const DYNAMIC_IMPORT = /\bimport\s*\(\s*(['"`])([^'"`\n]+)\1/g;
/** Every way to load a module by something else than a literal, or past the module system. */
const UNREADABLE_IMPORT = /\bimport\s*\(\s*(?!['"`])|\brequire\s*\(|\bcreateRequire\b/g;
/** `new URL(…, import.meta.url)`: how a worker's file is named, the extension sometimes computed. */
const MODULE_URL = /\bnew\s+URL\s*\(([^;]*?),\s*import\.meta\.url/g;

/** All imports of a file, read from its text: TypeScript 7 has no stable parser to ask. */
export function readImports(file: ProjectFile): Import[] {
  const text = withoutComments(file.text);
  const specifiers = [
    ...[...text.matchAll(STATIC_IMPORT)].map((match) => match[2] ?? ''),
    ...[...text.matchAll(DYNAMIC_IMPORT)].map((match) => match[2] ?? ''),
    ...[...text.matchAll(MODULE_URL)].flatMap((match) => relativePathsIn(match[1] ?? '')),
  ];
  return specifiers.map((specifier) => resolveSpecifier(file.path, specifier));
}

/** The places of a file where a module is loaded in a way that {@link readImports} cannot follow. */
export function findUnreadableImports(file: ProjectFile): string[] {
  return [...withoutComments(file.text).matchAll(UNREADABLE_IMPORT)].map((match) => match[0]);
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

function relativePathsIn(code: string): string[] {
  return [...code.matchAll(/(['"`])(\.[^'"`]*)\1/g)].map((match) => match[2] ?? '');
}

function resolveSpecifier(from: string, specifier: string): Import {
  if (specifier.startsWith('.')) {
    const path = posix.join(posix.dirname(from), specifier);
    return { from, target: path.replace(/\.(?:js|\$\{[^}]*\})$/, '.ts'), library: null };
  }
  const segments = specifier.split('/');
  const library = segments.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return { from, target: specifier, library };
}
