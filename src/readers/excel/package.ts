import { posix } from 'node:path';
import querystring from 'node:querystring';
import { openZipArchive, type ZipArchive, type ZipEntry } from '../../archive/zip-archive.ts';
import { ServiceError } from '../../errors.ts';
import type { Source } from '../../sources/source.ts';
import { type XmlHandler, XmlParser } from './xml-parser.ts';
import { decode, readXmlBytes } from './xml-text.ts';

/** A workbook of all that Excel can hold expands to less. */
const LIMITS = { maxEntries: 10_000, maxExpandedBytes: 64 * 1024 ** 3 };
const TAG_END = '>';
/** Of a part that is held in memory as a whole. */
const MAX_SMALL_PART_BYTES = 64 * 1024 * 1024;

/** That one part of a package is another's, and as what. */
export interface Relationship {
  readonly id: string;
  /** The last segment of its type, which the strict and the transitional form have in common: `worksheet`. */
  readonly type: string;
  /** The entry it leads to; undefined: it leads out of the package or nowhere. */
  readonly entry: ZipEntry | undefined;
}

/** An Office document: parts in a zip archive, and relationships between them (ECMA-376 part 2). */
export class OfficePackage {
  readonly #source: Source;
  readonly #archive: ZipArchive;
  /** By their names in lower case, by which parts are the same. */
  readonly #entries: ReadonlyMap<string, ZipEntry>;

  private constructor(source: Source, archive: ZipArchive) {
    this.#source = source;
    this.#archive = archive;
    this.#entries = new Map(archive.entries.map((entry) => [entry.name.toLowerCase(), entry]));
  }

  /** Opens the archive; throws as {@link openZipArchive}. */
  static async open(source: Source): Promise<OfficePackage> {
    return new OfficePackage(source, await openZipArchive(source, LIMITS));
  }

  /** The part of a name. */
  find(name: string): ZipEntry | undefined {
    return this.#entries.get(name.toLowerCase());
  }

  /** The bytes of a part. */
  open(entry: ZipEntry): AsyncIterable<Uint8Array> {
    return this.#archive.open(entry);
  }

  /** Parses a part. Throws as {@link XmlParser}, SOURCE_EXPANDS. */
  async parse(entry: ZipEntry, handler: XmlHandler): Promise<void> {
    const place = { file: this.#source.name, part: entry.name };
    const parser = new XmlParser(handler, place);
    for await (const run of readXmlBytes(this.open(entry), place, { from: 0, boundary: TAG_END })) {
      parser.write(decode(run).text);
    }
    parser.end();
  }

  /** Parses a part of which much is held in memory. Throws as {@link parse}. */
  async parseSmall(entry: ZipEntry, handler: XmlHandler): Promise<void> {
    if (entry.expandedBytes > MAX_SMALL_PART_BYTES) {
      throw new ServiceError('SOURCE_EXPANDS', {
        detail: `${entry.name} expands to more than ${MAX_SMALL_PART_BYTES} bytes.`,
        place: { file: this.#source.name },
      });
    }
    await this.parse(entry, handler);
  }

  /** What belongs to a part; to the package itself where the name is empty. */
  async relationships(partName: string): Promise<readonly Relationship[]> {
    const folder = posix.dirname(partName);
    const entry = this.find(posix.join(folder, '_rels', `${posix.basename(partName)}.rels`));
    const relationships: Relationship[] = [];
    if (entry === undefined) return relationships;
    await this.parseSmall(entry, {
      open: (name, { Id: id = '', Type: type = '', Target: target = '', TargetMode: mode }) => {
        if (name !== 'Relationship') return;
        const isInside = mode !== 'External';
        relationships.push({
          id,
          type: type.slice(type.lastIndexOf('/') + 1),
          entry: isInside ? this.#resolve(folder, target) : undefined,
        });
      },
      text: () => undefined,
      close: () => undefined,
    });
    return relationships;
  }

  /** The part that the target of a relationship names. It is a URI, which some programs forget, and others in the names of their files. */
  #resolve(folder: string, target: string): ZipEntry | undefined {
    const path = target.replaceAll('\\', '/');
    const name = path.startsWith('/') ? posix.normalize(path.slice(1)) : posix.join(folder, path);
    return this.find(name) ?? this.find(querystring.unescape(name));
  }
}
