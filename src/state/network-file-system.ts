import { statfsSync } from 'node:fs';

/**
 * Numbers that Linux gives file systems of a network (statfs(2)). They lock and sync by the word of another machine, and SQLite's log is shared memory, which
 * none of them shares. FUSE may be anything, sshfs among it.
 */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x00c36400, 'Ceph'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
  [0x19830326, 'BeeGFS'],
]);

/** The network file system that a folder is on, null where none is known of; other systems than Linux do not tell. */
export function networkFileSystemAt(
  folder: string,
  statfs: (path: string) => { readonly type: number } = statfsSync,
): string | null {
  // Where the kernel has 64 bits for it, a number of 32 bits may come with its sign.
  return NETWORK_FILE_SYSTEMS.get(statfs(folder).type >>> 0) ?? null;
}
