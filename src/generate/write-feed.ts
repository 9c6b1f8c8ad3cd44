import type { Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { FeedWriter } from './feed-writer.ts';
import { type Product, type Products, productsOf } from './product.ts';
import { writeCsvFeed, writeTsvFeed } from './write-csv-feed.ts';
import { writeExcelFeed } from './write-excel-feed.ts';
import { writeJsonFeed } from './write-json-feed.ts';
import { writeNdjsonFeed } from './write-ndjson-feed.ts';
import { writeXmlFeed } from './write-xml-feed.ts';

/** The formats in which a feed can be generated. */
export const FEED_FORMATS = ['json', 'ndjson', 'csv', 'tsv', 'excel', 'xml'] as const;
/** One of {@link FEED_FORMATS}. */
export type FeedFormat = (typeof FEED_FORMATS)[number];

/** How a feed can be compressed. */
export const FEED_COMPRESSIONS = ['gz', 'zst'] as const;
/** One of {@link FEED_COMPRESSIONS}. */
export type FeedCompression = (typeof FEED_COMPRESSIONS)[number];

/** A feed to be generated. The same seed makes the same products in every format, a longer feed beginning as a shorter one. */
export interface GeneratedFeed {
  readonly format: FeedFormat;
  readonly recordCount: number;
  readonly seed: number;
  /** Null: not compressed. */
  readonly compression: FeedCompression | null;
}

const WRITERS: Readonly<Record<FeedFormat, FeedWriter>> = {
  json: writeJsonFeed,
  ndjson: writeNdjsonFeed,
  csv: writeCsvFeed,
  tsv: writeTsvFeed,
  excel: (products) => writeExcelFeed(products),
  xml: writeXmlFeed,
};

const COMPRESSORS: Readonly<Record<FeedCompression, () => Duplex>> = {
  gz: () => createGzip(),
  zst: () => createZstdCompress(),
};

/** What whoever has a feed written may want to hear of it. */
export interface FeedListener {
  /** Aborted: the writing ends with an AbortError. */
  readonly signal?: AbortSignal;
  /** Called before each product is written, with how many were. */
  readonly onProduct?: (writtenCount: number) => void;
}

/**
 * Writes a feed, as fast as `sink` takes it and in memory that does not depend on its length, and ends `sink`. Gives back how many bytes it has. Throws what
 * `sink` fails with.
 */
export async function writeFeed(feed: GeneratedFeed, sink: Writable, listener: FeedListener = {}): Promise<number> {
  const { signal, onProduct } = listener;
  const all = productsOf(feed.seed, feed.recordCount);
  const pieces = WRITERS[feed.format](onProduct === undefined ? all : watched(all, onProduct));
  let byteCount = 0;
  async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      byteCount += piece.length;
      yield piece;
    }
  }
  const options = signal === undefined ? {} : { signal };
  if (feed.compression === null) await pipeline(pieces, counted, sink, options);
  else await pipeline(pieces, COMPRESSORS[feed.compression](), counted, sink, options);
  return byteCount;
}

function watched(products: Products, onProduct: (writtenCount: number) => void): Products {
  return {
    count: products.count,
    *[Symbol.iterator](): Generator<Product> {
      let writtenCount = 0;
      for (const product of products) {
        onProduct(writtenCount);
        yield product;
        writtenCount += 1;
      }
    },
  };
}
