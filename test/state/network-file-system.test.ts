import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { networkFileSystemAt } from '../../src/state/network-file-system.ts';

describe('the file system of a data directory', () => {
  it.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    // As a kernel with 32 bits, or a sign, has it.
    [0xff534d42 - 2 ** 32, 'CIFS'],
    [0xfe534d42, 'SMB2'],
    [0x65735546, 'FUSE'],
    [0x01021997, '9P'],
  ])('with the number %i is told to be of a network: %s', (type, name) => {
    expect(networkFileSystemAt('/data', () => ({ type }))).toBe(name);
  });

  it.each([
    ['ext4', 0xef53],
    ['xfs', 0x58465342],
    ['btrfs', 0x9123683e],
    ['zfs', 0x2fc12fc1],
    ['overlay', 0x794c7630],
    ['tmpfs', 0x01021994],
    ['what other systems say', 0],
  ])('%s is none', (_name, type) => {
    expect(networkFileSystemAt('/data', () => ({ type }))).toBeNull();
  });

  it('of this machine is asked for', () => {
    expect(networkFileSystemAt(tmpdir())).toBeNull();
  });
});
