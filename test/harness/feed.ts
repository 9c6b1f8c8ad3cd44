import { utimesSync, writeFileSync } from 'node:fs';

/** A record as a supplier writes it and as it must arrive. The second is written down here, not computed by what is under test. */
export interface FeedRecord {
  readonly written: string;
  readonly canonical: string;
}

/** The `index`-th product: keys unordered, spaces, escapes, a price with a redundant zero, an id that no double can hold. */
function feedRecord(index: number, note = ''): FeedRecord {
  const id = 900_719_925_474_099_300n + BigInt(index);
  const cents = String(index % 100).padStart(2, '0');
  const price = `${index}.${cents}0`;
  const canonicalPrice = price.replace(/\.?0+$/, '') || '0';
  return {
    written: `{ "name" : "K\\u00e4se \\"${index}\\" \\/ caf\u00e9${note}",\n  "id": ${id}, "price": ${price},\t"stock": {"wien": 0, "berlin": ${index % 7}}, "tags": [ "a", true, null ] }`,
    canonical: `{"id":${id},"name":"Käse \\"${index}\\" / café${note}","price":${canonicalPrice},"stock":{"berlin":${index % 7},"wien":0},"tags":["a",true,null]}`,
  };
}

/** A JSON array of `count` products. */
export function feedText(count: number, note = ''): string {
  return `[\n${Array.from({ length: count }, (_, index) => feedRecord(index, note).written).join(' ,\n')}\n]\n`;
}

/** What must arrive of it, in order. */
export function feedRecords(count: number, note = ''): string[] {
  return Array.from({ length: count }, (_, index) => feedRecord(index, note).canonical);
}

/** Writes a feed of `count` products and gives back what must arrive. Its mtime has whole seconds, so that a test can put it back. */
export function writeFeed(path: string, count: number, note = ''): string[] {
  writeFileSync(path, feedText(count, note));
  const writtenAt = Math.floor(Date.now() / 1000);
  utimesSync(path, writtenAt, writtenAt);
  return feedRecords(count, note);
}
