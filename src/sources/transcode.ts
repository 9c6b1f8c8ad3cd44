import type { SeekPoint } from '../model/record.ts';
import { BoundaryTable } from './boundary-table.ts';
import type { ByteSource } from './source.ts';
import type { TextConversion } from './transcode-conversion.ts';
import type { FoundEncoding } from './transcode-encoding.ts';
import { MultiByteConversion } from './transcode-multi-byte.ts';
import { SingleByteConversion } from './transcode-single-byte.ts';
import { Utf16Conversion } from './transcode-utf16.ts';

/** Large enough for the decoders' calls not to count, small enough that text and output stay in the processor's cache. */
const PIECE_BYTES = 64 * 1024;

/**
 * A text in UTF-8: the source itself where it is, byte order mark included; else what it says in UTF-8, without its mark, 0xFF standing for what is not
 * decodable. It opens at an offset without reading what comes before. Closing it closes the source.
 * @param found what `detectEncoding` says of the source
 */
export function transcode(source: ByteSource, found: FoundEncoding): ByteSource {
  return found.encoding === 'utf-8' ? source : new TranscodedSource(source, found);
}

function createConversion(encoding: string): TextConversion {
  switch (encoding) {
    case 'utf-16le':
    case 'utf-16be':
      return new Utf16Conversion(encoding === 'utf-16be');
    case 'big5':
    case 'euc-jp':
    case 'euc-kr':
    case 'gb18030':
    case 'gbk':
    case 'shift_jis':
      return new MultiByteConversion(encoding);
    default:
      return new SingleByteConversion(encoding);
  }
}

interface ConvertedPiece {
  readonly text: Uint8Array;
  readonly fileEnd: number;
}

class TranscodedSource implements ByteSource {
  readonly name: string;
  readonly fileIndex: number;
  readonly #source: ByteSource;
  readonly #encoding: string;
  readonly #start: SeekPoint;
  #boundaries: BoundaryTable;

  constructor(source: ByteSource, { encoding, markBytes }: FoundEncoding) {
    this.name = source.name;
    this.fileIndex = source.fileIndex;
    this.#source = source;
    this.#encoding = encoding;
    this.#start = [0, markBytes];
    this.#boundaries = new BoundaryTable(this.#start);
  }

  async *open(offset: number, seek?: SeekPoint | null): AsyncGenerator<Uint8Array> {
    const start = seek ?? this.#start;
    const boundaries = new BoundaryTable(start);
    this.#boundaries = boundaries;
    let [end] = start;
    for await (const { text, fileEnd } of this.#convert(start)) {
      const skipped = Math.max(0, offset - end);
      end += text.length;
      boundaries.add([end, fileEnd]);
      if (text.length > skipped) yield text.subarray(skipped);
    }
  }

  seekPointAt(offset: number): SeekPoint | null {
    return this.#boundaries.find(offset) ?? null;
  }

  sourceBytesAt(offset: number): number {
    return this.#source.sourceBytesAt(this.#boundaries.originAt(offset));
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  /** The text from a seek point on, with the offset in the file at which a conversion can begin behind it. */
  async *#convert([, fileStart]: SeekPoint): AsyncGenerator<ConvertedPiece> {
    const conversion = createConversion(this.#encoding);
    let fileEnd = fileStart;
    for await (const block of this.#source.open(fileStart)) {
      for (let index = 0; index < block.length; index += PIECE_BYTES) {
        const piece = block.subarray(index, index + PIECE_BYTES);
        const text = conversion.convert(piece);
        fileEnd += piece.length;
        yield { text, fileEnd: fileEnd - conversion.waitingBytes };
      }
    }
    yield { text: conversion.end(), fileEnd };
  }
}
