import { crc32, deflateRawSync } from 'node:zlib';

/** A file of an archive that is written, and what the archive says of it where that is not the truth. */
export interface WrittenEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isStored?: boolean;
  /** What stands in the directory. */
  readonly declared?: Partial<{
    readonly expandedBytes: number;
    readonly compressedBytes: number;
    readonly crc32: number;
    readonly flags: number;
    readonly method: number;
    readonly offset: number;
  }>;
}

/** An archive of these entries. @param entryCount what its end says of how many there are */
export function writeZip(entries: readonly WrittenEntry[], entryCount = entries.length): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, isStored = false, declared = {} } of entries) {
    const data = isStored ? bytes : deflateRawSync(bytes);
    const rawName = Buffer.from(name);
    const header = {
      flags: 0x800,
      method: isStored ? 0 : 8,
      crc32: crc32(bytes),
      compressedBytes: data.length,
      expandedBytes: bytes.length,
      offset,
      ...declared,
    };
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(header.flags, 2);
    common.writeUInt16LE(header.method, 4);
    common.writeUInt32LE(header.crc32, 10);
    common.writeUInt32LE(header.compressedBytes, 14);
    common.writeUInt32LE(header.expandedBytes, 18);
    common.writeUInt16LE(rawName.length, 22);
    const file = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, rawName, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(header.offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, rawName]));
    files.push(file);
    offset += file.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entryCount, 8);
  end.writeUInt16LE(entryCount, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, directoryBytes, end]);
}
