import type { FeedSpec, RecordSpec } from './scenario.ts';

/** A record of a feed as it must arrive, and where it stands. */
export interface WrittenRecord {
  /** Canonical, by construction: no code of the product made it. */
  readonly line: string;
  readonly isBad: boolean;
  readonly fileIndex: number;
  readonly byteOffset: number;
}

/** The files of a feed. */
export interface FeedText {
  readonly files: readonly Uint8Array[];
  readonly records: readonly WrittenRecord[];
}

/** Writes a feed. All is ASCII, so that offsets are those of characters. @param version tells the records of one version from those of another */
export function writeFeed({ format, fileCount, records }: FeedSpec, version: number): FeedText {
  const perFile = Math.ceil(records.length / fileCount);
  const written: WrittenRecord[] = [];
  const files = Array.from({ length: fileCount }, (_, fileIndex) => {
    const first = fileIndex * perFile;
    const { before, between, after, write } = FORMS[format];
    let text = before;
    for (const [index, record] of records.slice(first, first + perFile).entries()) {
      if (index > 0) text += between;
      const { source, line } = write(first + index, version, record);
      written.push({ line, isBad: record.isBad, fileIndex, byteOffset: text.length });
      text += source;
    }
    return Buffer.from(text + after);
  });
  return { files, records: written };
}

interface Form {
  readonly before: string;
  readonly between: string;
  readonly after: string;
  readonly write: (index: number, version: number, record: RecordSpec) => { source: string; line: string };
}

const FORMS: Readonly<Record<FeedSpec['format'], Form>> = {
  json: { before: '[\n ', between: ',\n ', after: '\n]\n', write: writeJson },
  ndjson: { before: '', between: '\n', after: '\n', write: writeJson },
  csv: { before: 'n,pad,v\n', between: '\n', after: '\n', write: writeRow },
};

function writeJson(index: number, version: number, { padding, isBad }: RecordSpec) {
  const pad = 'x'.repeat(padding);
  const line = `{"n":${index},"pad":"${pad}","v":${version}}`;
  // A repeated key: nobody can say which value was meant.
  if (isBad) return { source: `{"n": ${index}, "n": 0, "v": ${version}}`, line };
  const source = index % 2 === 0 ? `{ "v": ${version},"pad":"${pad}", "n": ${index} }` : line;
  return { source, line };
}

function writeRow(index: number, version: number, { padding, isBad }: RecordSpec) {
  const pad = 'x'.repeat(padding);
  const line = `{"n":"${index}","pad":"${pad}","v":"${version}"}`;
  return { source: `${index},${pad},${version}${isBad ? ',one,too,many' : ''}`, line };
}
