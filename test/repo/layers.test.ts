import { describe, expect, it } from 'vitest';
import { findImportBreaches, findUnusedPermissions, layerOf } from './check-imports.ts';
import { LAYERS, renderLayer } from './import-table.ts';
import { readProjectFile, readProjectFiles } from './project-files.ts';
import { readImports } from './read-imports.ts';

/** Fewer files or imports than this means that the check looks past the code, not that there is little of it. */
const FEWEST_FILES = 130;
const FEWEST_IMPORTS = 500;

const files = [...readProjectFiles('src', /\.ts$/), ...readProjectFiles('mock-receiver', /\.ts$/)];
const imports = files.flatMap(readImports);

describe('the import table', () => {
  it('is kept by every import of src/ and mock-receiver/', () => {
    console.log(`layers: ${imports.length} imports of ${files.length} files held against ${LAYERS.length} layers`);
    expect(files.length).toBeGreaterThanOrEqual(FEWEST_FILES);
    expect(imports.length).toBeGreaterThanOrEqual(FEWEST_IMPORTS);
    expect(findImportBreaches(files)).toEqual([]);
  });

  it('permits nothing that is not used', () => {
    expect(findUnusedPermissions(files)).toEqual([]);
  });

  it('resolves every import of a file to a file that exists', () => {
    const known = new Set(files.map((file) => file.path));
    const missing = imports.filter((one) => one.library === null && !known.has(one.target));
    expect(missing.map((one) => `${one.from} imports ${one.target}`)).toEqual([]);
  });

  it('names only layers and files of layers', () => {
    const names = new Set(LAYERS.map((layer) => layer.name));
    const named = LAYERS.flatMap((layer) => [
      ...(layer.mayImport === '*' ? [] : layer.mayImport),
      ...Object.values(layer.exceptions ?? {}).flat(),
    ]);
    expect(named.filter((name) => !names.has(name) && layerOf(name) === undefined)).toEqual([]);
  });

  it('is what ARCHITECTURE.md shows', () => {
    const lines = new Set(readProjectFile('ARCHITECTURE.md').split('\n'));
    const missing = LAYERS.map(renderLayer).filter((row) => !lines.has(row));
    expect(missing, 'rows that the import table of ARCHITECTURE.md must have').toEqual([]);
  });
});

describe('the check of the import table', () => {
  const breachesOf = (path: string, text: string) => findImportBreaches([{ path, text }]);

  it.each([
    ['a value', "import { decide } from '../ingestion/decide.ts';"],
    ['a type', "import type { StateStore } from '../state/state-store.ts';"],
    ['several lines', "import {\n  type Reader,\n  other,\n} from '../readers/reader.ts';"],
    ['a side effect', "import '../log.ts';"],
    ['a re-export', "export { Destination } from '../delivery/destination.ts';"],
    ['a star re-export', "export * from '../delivery/destination.ts';"],
    ['a dynamic import', "const it = await import('../config.ts');"],
    ['an import type', "type It = import('../config.ts').Config;"],
    ['a module URL', "new Worker(new URL('../ingestion/chunk-worker.ts', import.meta.url));"],
    ['a module URL with the extension of the build', "new URL(built ? '../config.js' : 'x', import.meta.url)"],
    ['a library of another layer', "import { request } from 'undici';"],
    ['a subpath of a library', "import { parser } from 'stream-json/parser.js';"],
    ['a scoped library', "import { serve } from '@hono/node-server';"],
    ['a Node module that reaches outside', "import { readFile } from 'node:fs/promises';"],
    ['an import by a variable', 'await import(name);'],
    ['a require', "const fs = require('fs');"],
    ['the entry of a process', "import '../main.ts';"],
  ])('sees %s', (_kind, text) => {
    expect(breachesOf('src/model/planted.ts', text)).toHaveLength(1);
  });

  it.each([
    ['what the table allows', "import { ServiceError } from '../errors.ts';\nimport { hash } from 'node:crypto';"],
    ['an import in a comment', "/**\n import x from 'undici';\n */\n// import y from 'hono';"],
    ['the word in a text', "const text = 'import it from the file';"],
  ])('lets %s pass', (_kind, text) => {
    expect(breachesOf('src/model/planted.ts', text)).toEqual([]);
  });

  it('gives an exception to its file alone', () => {
    const text = "import { openFile } from '../sources/file-source.ts';";
    expect(breachesOf('src/ingestion/open-feed.ts', text)).toEqual([]);
    expect(breachesOf('src/ingestion/run-ingestion.ts', text)).toHaveLength(1);
  });

  it('allows one parser library per reader', () => {
    const text = "import a from 'stream-json';\nimport b from 'csv-parse';";
    expect(breachesOf('src/readers/two-reader.ts', text)).toContain(
      'src/readers/two-reader.ts imports several libraries: stream-json, csv-parse',
    );
  });

  it('allows the database in one file of the state', () => {
    const text = "import Database from 'better-sqlite3';";
    const planted = ['one', 'two'].map((name) => ({ path: `src/state/${name}.ts`, text }));
    expect(findImportBreaches(planted)).toHaveLength(1);
    expect(findImportBreaches(planted.slice(1))).toEqual([]);
  });

  it('knows no file outside of the layers', () => {
    expect(breachesOf('src/stray.ts', '')).toEqual(['src/stray.ts belongs to no layer of the import table']);
  });
});
