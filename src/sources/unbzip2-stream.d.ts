/** The part of unbzip2-stream that is used: its decoder, block by block. It ships no types. */
declare module 'unbzip2-stream/lib/bzip2.js' {
  /** The next bits of the input as a signed number, at most 32; null: goes on at the next whole byte. */
  type ReadBits = (bitCount: number | null) => number;

  /** Its tables, which `header` makes anew. */
  interface Bzip2 {
    /** Reads the header of a stream: the length of its blocks before the last transformation, in units of 100,000 bytes. */
    header(readBits: ReadBits): number;
    /**
     * Expands a block, byte by byte, into `push`, checks it, and returns the checksum of the stream up to it; null: it was no block but the sound end of the stream.
     * @param working at least `length` long
     */
    decompress(
      readBits: ReadBits,
      push: (byte: number) => void,
      working: Int32Array,
      length: number,
      streamChecksum: number,
    ): number | null;
  }

  const bzip2: Bzip2;
  export default bzip2;
}
