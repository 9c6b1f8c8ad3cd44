import type { FeedCompression, FeedFormat } from '../src/generate/write-feed.ts';
import type { Comparison } from './compare-ways.ts';
import { feedFile } from './feed-file.ts';

/** A comparison whose file is still to be generated. */
interface ComparisonPlan extends Pick<Comparison, 'what' | 'ours' | 'args' | 'baseline' | 'minRatio'> {
  readonly format: FeedFormat;
  readonly compression: FeedCompression | null;
  /** About 100 MB; of Excel 100 MB of sheet. */
  readonly recordCount: number;
}

const reading = { ours: 'ackstream', compression: null } as const;

/** By the name under which a comparison can be asked for. */
const PLANS = {
  json: {
    ...reading,
    what: 'reading JSON',
    format: 'json',
    recordCount: 86_000,
    args: ['json'],
    baseline: 'stream-json',
    minRatio: 4,
  },
  ndjson: {
    ...reading,
    what: 'reading NDJSON',
    format: 'ndjson',
    recordCount: 86_000,
    args: ['ndjson'],
    baseline: 'JSON.parse, sort, stringify',
    minRatio: 1.3,
  },
  csv: {
    ...reading,
    what: 'reading CSV',
    format: 'csv',
    recordCount: 160_000,
    args: ['csv'],
    baseline: 'csv-parse',
    minRatio: 1.5,
  },
  xml: {
    ...reading,
    what: 'reading XML',
    format: 'xml',
    recordCount: 74_000,
    args: ['xml'],
    baseline: 'saxes',
    minRatio: 0.8,
  },
  excel: {
    ...reading,
    what: 'reading Excel',
    format: 'excel',
    recordCount: 55_000,
    args: ['excel'],
    baseline: 'exceljs',
    minRatio: 2,
  },
  gz: {
    what: 'expanding gzip',
    format: 'json',
    compression: 'gz',
    recordCount: 86_000,
    ours: 'decompress gzip',
    args: [],
    baseline: 'gunzip',
    minRatio: 0.8,
  },
} as const satisfies Readonly<Record<string, ComparisonPlan>>;

/** What can be compared. */
export const COMPARISON_NAMES = Object.keys(PLANS) as readonly (keyof typeof PLANS)[];

/**
 * A comparison by its name, its file generated.
 * @param scale by how much the file is longer than planned
 */
export async function prepareComparison(name: keyof typeof PLANS, scale: number): Promise<Comparison> {
  const { format, compression, recordCount, ...comparison } = PLANS[name];
  const path = await feedFile({ format, compression, recordCount: Math.round(recordCount * scale) });
  return { ...comparison, path };
}
