/**
 * The files of the dashboard, read once at the start. All but the page lie at paths that hold a digest of all of them: each may be kept for good, and a page never meets scripts of another version.
 */
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What everything but the page lies below. */
export const ASSET_ROOT = '/dashboard';

const ASSET_FOLDER = join(import.meta.dirname, 'assets');
const PAGE_NAME = 'index.html';
/** What stands in the page for the path of the files beside it. */
const PATH_MARK = '{assets}';
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** One file as it is answered. */
export interface Asset {
  readonly body: string;
  readonly contentType: string;
  /** An entity tag, in its quotes. */
  readonly etag: string;
}

/** The page, and the files it loads by their paths. */
export interface DashboardAssets {
  readonly page: Asset;
  readonly files: ReadonlyMap<string, Asset>;
}

/** Reads all of them, the chart library included, from where the package is installed. */
export function loadAssets(): DashboardAssets {
  const texts = new Map([
    ...readdirSync(ASSET_FOLDER)
      .filter((name) => Object.hasOwn(CONTENT_TYPES, extname(name)))
      .map((name): [string, string] => [name, readFileSync(join(ASSET_FOLDER, name), 'utf8')]),
    ['uplot.js', textOfModule(import.meta.resolve('uplot/dist/uPlot.esm.js'))],
    ['uplot.css', textOfModule(import.meta.resolve('uplot/dist/uPlot.min.css'))],
  ]);
  const digest = digestOf([...texts.entries()].toSorted(([one], [other]) => (one < other ? -1 : 1)).join('\0'));
  const root = `${ASSET_ROOT}/${digest}`;
  const page = texts.get(PAGE_NAME) ?? '';
  texts.delete(PAGE_NAME);
  return {
    page: assetOf(PAGE_NAME, page.replaceAll(PATH_MARK, root)),
    files: new Map([...texts].map(([name, text]) => [`${root}/${name}`, assetOf(name, text)])),
  };
}

function textOfModule(url: string): string {
  return readFileSync(fileURLToPath(url), 'utf8');
}

function assetOf(name: string, body: string): Asset {
  return { body, contentType: CONTENT_TYPES[extname(name)] ?? '', etag: `"${digestOf(body)}"` };
}

/** Long enough that no two versions share one. */
function digestOf(text: string): string {
  return hash('sha256', text).slice(0, 16);
}
