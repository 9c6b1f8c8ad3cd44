import {
  ENTRIES,
  LAYERS,
  type Layer,
  ONE_FILE_LIBRARIES,
  ONE_LIBRARY_PER_FILE,
  REACHING_NODE_MODULES,
} from './import-table.ts';
import type { ProjectFile } from './project-files.ts';
import { findUnreadableImports, type Import, readImports } from './read-imports.ts';

/** Every breach of the import table in these files, one sentence each. */
export function findImportBreaches(files: readonly ProjectFile[]): string[] {
  return [
    ...files.flatMap((file) => breachesOfFile(file)),
    ...ONE_FILE_LIBRARIES.flatMap(({ layer, library }) => breachesOfOneFile(files, layer, library)),
  ];
}

/** What the import table permits to a layer and none of its files does, one sentence each. */
export function findUnusedPermissions(files: readonly ProjectFile[]): string[] {
  return LAYERS.flatMap((layer) => {
    const imports = files.filter(({ path }) => layerOf(path) === layer).flatMap(readImports);
    const used = new Set(imports.flatMap(({ library, target }) => [library ?? target, layerOf(target)?.name]));
    const permitted = [...(layer.mayImport === '*' ? [] : layer.mayImport), ...layer.libraries];
    return permitted.filter((name) => !used.has(name)).map((name) => `${layer.name} may import ${name}, and does not`);
  });
}

/** The layer a file belongs to, or undefined. */
export function layerOf(path: string): Layer | undefined {
  return LAYERS.find((layer) => layer.paths.some((own) => (own.endsWith('/') ? path.startsWith(own) : path === own)));
}

function breachesOfFile(file: ProjectFile): string[] {
  const layer = layerOf(file.path);
  if (layer === undefined) return [`${file.path} belongs to no layer of the import table`];
  const imports = readImports(file);
  const breaches = imports.map((one) => breachOfImport(layer, one));
  const unreadable = findUnreadableImports(file).map(
    (code) => `${file.path} loads a module by \`${code}\`, which cannot be held against the table`,
  );
  return [...breaches, breachOfParserRule(layer, file, imports), ...unreadable].filter((breach) => breach !== null);
}

function breachOfImport(layer: Layer, one: Import): string | null {
  if (one.library !== null) return breachOfLibrary(layer, one, one.library);
  if ((ENTRIES as readonly string[]).includes(one.target))
    return `${one.from} imports ${one.target}, which is only started`;
  const target = layerOf(one.target);
  if (target === layer || layer.mayImport === '*') return null;
  const allowed = [...layer.mayImport, ...(layer.exceptions?.[one.from] ?? [])];
  if (allowed.includes(one.target) || (target !== undefined && allowed.includes(target.name))) return null;
  return `${one.from} (${layer.name}) imports ${one.target} (${target?.name ?? 'no layer'})`;
}

function breachOfLibrary(layer: Layer, one: Import, library: string): string | null {
  const isComputing = library.startsWith('node:') && !(REACHING_NODE_MODULES as readonly string[]).includes(library);
  if (isComputing || layer.libraries.includes(library)) return null;
  return `${one.from} (${layer.name}) imports the library ${library}`;
}

function breachOfParserRule(layer: Layer, file: ProjectFile, imports: readonly Import[]): string | null {
  if (!(ONE_LIBRARY_PER_FILE as readonly string[]).includes(layer.name)) return null;
  const libraries = new Set(
    imports.flatMap((one) => (one.library?.startsWith('node:') === false ? [one.library] : [])),
  );
  return libraries.size > 1 ? `${file.path} imports several libraries: ${[...libraries].join(', ')}` : null;
}

function breachesOfOneFile(files: readonly ProjectFile[], layerName: string, library: string): string[] {
  const importers = files.filter(
    (file) => layerOf(file.path)?.name === layerName && readImports(file).some((one) => one.library === library),
  );
  return importers.length > 1
    ? [`${library} is imported by several files of ${layerName}: ${importers.map((file) => file.path).join(', ')}`]
    : [];
}
