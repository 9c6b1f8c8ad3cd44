/** One layer: which files it is made of, and what they may import. */
export interface Layer {
  readonly name: string;
  /** A folder with its trailing `/`, or single files, from the project root. */
  readonly paths: readonly string[];
  /** Whole layers, and single files where of another layer only a contract or a pure rule may be named; `'*'`: every layer. */
  readonly mayImport: readonly string[] | '*';
  /** npm packages, and those Node modules that reach outside of the process ({@link REACHING_NODE_MODULES}). */
  readonly libraries: readonly string[];
  /** Files of the layer that may import more than the rest of it. */
  readonly exceptions?: Readonly<Record<string, readonly string[]>>;
}

/** The Node modules that a layer must be given; all others (`node:crypto`, `node:path`…) only compute. */
export const REACHING_NODE_MODULES = [
  'node:child_process',
  'node:dns',
  'node:fs',
  'node:http',
  'node:http2',
  'node:https',
  'node:net',
  'node:readline',
  'node:sqlite',
  'node:tls',
  'node:worker_threads',
  'node:zlib',
] as const;

const SOURCE_CONTRACT = 'src/sources/source.ts';
const STORE_CONTRACT = 'src/state/state-store.ts';
const RUN_CONTRACT = 'src/state/run-writes.ts';

/** The layers and the one import table; ARCHITECTURE.md shows it, `layers.test.ts` holds every import against it. */
export const LAYERS: readonly Layer[] = [
  {
    name: 'errors',
    paths: ['src/errors.ts', 'src/error-entry.ts', 'src/error-table.ts'],
    mayImport: [],
    libraries: [],
  },
  { name: 'crash-point', paths: ['src/crash-point.ts'], mayImport: [], libraries: [] },
  { name: 'model', paths: ['src/model/'], mayImport: ['errors'], libraries: [] },
  {
    name: 'protocol',
    paths: ['src/protocol/'],
    mayImport: ['model', 'errors'],
    libraries: ['zod', 'safe-stable-stringify'],
  },
  {
    name: 'sources',
    paths: ['src/sources/'],
    mayImport: ['model', 'errors', 'archive'],
    libraries: ['node:fs', 'node:zlib', 'unbzip2-stream'],
  },
  {
    name: 'archive',
    paths: ['src/archive/'],
    mayImport: ['errors', SOURCE_CONTRACT],
    libraries: ['yauzl', 'node:zlib'],
  },
  {
    name: 'readers',
    paths: ['src/readers/'],
    mayImport: ['model', 'protocol', 'errors', 'archive', SOURCE_CONTRACT],
    libraries: ['stream-json', 'saxes', 'node:fs'],
  },
  { name: 'chunking', paths: ['src/chunking/'], mayImport: ['model', 'protocol', 'errors'], libraries: [] },
  {
    name: 'egress',
    paths: ['src/egress/'],
    mayImport: ['errors'],
    libraries: ['undici', 'ipaddr.js', 'node:dns', 'node:net', 'node:tls', 'node:fs'],
  },
  {
    name: 'delivery',
    paths: ['src/delivery/'],
    mayImport: ['model', 'protocol', 'errors', 'crash-point', 'egress'],
    libraries: ['undici', 'node:net'],
  },
  {
    name: 'state',
    paths: ['src/state/'],
    mayImport: ['model', 'errors'],
    libraries: ['better-sqlite3', 'node:fs', 'node:zlib'],
  },
  {
    name: 'ingestion',
    paths: ['src/ingestion/'],
    mayImport: [
      'model',
      'protocol',
      'errors',
      'crash-point',
      'chunking',
      SOURCE_CONTRACT,
      'src/sources/compare-fingerprints.ts',
      'src/delivery/destination.ts',
      'src/delivery/journal.ts',
      'src/delivery/deliver-chunk.ts',
      STORE_CONTRACT,
      RUN_CONTRACT,
    ],
    libraries: ['node:worker_threads'],
    // Where a reading thread puts together what it reads with.
    exceptions: { 'src/ingestion/open-feed.ts': ['sources', 'readers'] },
  },
  {
    name: 'access',
    paths: ['src/access/'],
    mayImport: ['errors'],
    libraries: ['rate-limiter-flexible', 'ipaddr.js', 'zod', 'node:fs'],
  },
  {
    name: 'metrics',
    paths: ['src/metrics/'],
    mayImport: [
      'model',
      'src/delivery/destination.ts',
      'src/delivery/post-channel.ts',
      'src/ingestion/chunk-session.ts',
      'src/ingestion/read-meter.ts',
      'src/ingestion/within-ms.ts',
      STORE_CONTRACT,
    ],
    libraries: ['prom-client', '@opentelemetry/api'],
  },
  {
    name: 'api',
    paths: ['src/api/'],
    mayImport: ['model', 'protocol', 'errors', 'access', 'ingestion', STORE_CONTRACT],
    libraries: ['hono', '@hono/zod-openapi', '@hono/node-server', 'node:fs', 'node:http', 'node:net', 'uplot'],
  },
  {
    name: 'config',
    paths: ['src/config.ts'],
    mayImport: ['model', 'errors'],
    libraries: ['zod', 'node:fs'],
  },
  {
    name: 'log',
    paths: ['src/log.ts', 'src/pino-roll.d.ts'],
    mayImport: ['model', 'errors'],
    libraries: ['pino', 'pino-roll', 'pino-pretty', 'node:fs'],
  },
  {
    name: 'generate',
    paths: ['src/generate/'],
    mayImport: [],
    libraries: ['yazl', 'node:zlib'],
  },
  {
    name: 'compose',
    paths: ['src/compose.ts', 'src/compose-deliveries.ts', 'src/serve.ts', 'src/system-clock.ts', 'src/version.ts'],
    mayImport: '*',
    libraries: ['node:http', 'node:net'],
  },
  { name: 'main', paths: ['src/main.ts'], mayImport: '*', libraries: [] },
  {
    name: 'cli',
    paths: ['src/cli/'],
    mayImport: '*',
    libraries: ['commander', 'zod', 'node:fs', 'node:http', 'node:net', 'node:child_process', 'node:readline'],
  },
  {
    name: 'mock-receiver',
    paths: ['mock-receiver/'],
    mayImport: ['model', 'protocol', 'errors'],
    libraries: ['hono', '@hono/node-server', 'better-sqlite3', 'zod', 'node:http'],
  },
];

/** Libraries that exactly one file of a layer may import: what is behind a contract stays replaceable there. */
export const ONE_FILE_LIBRARIES: readonly { readonly layer: string; readonly library: string }[] = [
  { layer: 'state', library: 'better-sqlite3' },
];

/** In these layers one file imports one library at most: a parser is behind one reader. */
export const ONE_LIBRARY_PER_FILE = ['readers'] as const;

/** Entries of a process: nobody imports them, they are started. */
export const ENTRIES = ['src/main.ts', 'src/cli/main.ts', 'mock-receiver/main.ts'] as const;

/** A layer as its row of the table in ARCHITECTURE.md. */
export function renderLayer(layer: Layer): string {
  const code = (names: readonly string[]) => (names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', '));
  const exceptions = Object.entries(layer.exceptions ?? {}).map(
    ([file, names]) => `; \`${file.slice(file.lastIndexOf('/') + 1)}\` also ${code(names)}`,
  );
  const imports = layer.mayImport === '*' ? 'everything' : code(layer.mayImport);
  return `| ${layer.name} | ${imports}${exceptions.join('')} | ${code(layer.libraries)} |`;
}
