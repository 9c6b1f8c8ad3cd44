/** Makes a disk fail under one running process, and mends it again. Nothing of it outlives the process. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Under whom a fault is made. */
export interface FaultyPlace {
  readonly pid: number;
  /** The folder that the fault hits, as everybody sees it. */
  readonly folder: string;
}

/** One way in which a disk fails. */
export interface DiskFault {
  readonly name: string;
  /** Why it cannot be made here; null: it can. */
  readonly obstacle: () => string | null;
  /** What the process is started under, so that it can be made. */
  readonly under: (folder: string) => readonly string[];
  /** Makes it; gives back what mends it. */
  readonly make: (place: FaultyPlace) => Promise<() => Promise<void>>;
}

/** What the process can write beside its small files before the disk is full. */
const DISK_SIZE = '4m';

const obstacleUnlessRuns =
  (why: string, command: string, ...args: readonly string[]) =>
  (): string | null =>
    process.platform === 'linux' && spawnSync(command, args).status === 0 ? null : why;

const NOTHING = () => [];

/** No file may be written, as where a quota is used up. */
export const fileSizeLimit: DiskFault = {
  name: 'no file may grow',
  obstacle: obstacleUnlessRuns('there is no prlimit', 'prlimit', '--version'),
  under: NOTHING,
  async make({ pid }) {
    const limit = (size: string) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:`]);
    limit('0');
    return async () => void limit('unlimited');
  },
};

/** A disk of the process's own, which somebody else fills to the last byte. */
export const fullDisk: DiskFault = {
  name: 'the disk is full',
  obstacle: obstacleUnlessRuns('this user may not mount', 'unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'),
  under: (folder) => mountedBefore(`mount -t tmpfs -o size=${DISK_SIZE} none "$1"`, folder),
  async make({ pid, folder }) {
    const filler = join(`/proc/${pid}/root`, folder, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(64 << 20));
    } catch {
      // The disk is full.
    }
    return async () => rmSync(filler);
  },
};

/** The command that mounts something for this one process, and then becomes it. */
export function mountedBefore(mount: string, folder: string): readonly string[] {
  return ['unshare', '--mount', 'sh', '-c', `${mount} && shift && exec "$@"`, 'sh', folder];
}

const canTrace = obstacleUnlessRuns('there is no strace that may trace', 'strace', '-o', '/dev/null', 'true');

/** All that a disk which turned read-only by itself refuses to files that are open already. */
export const readOnlyDisk: DiskFault = {
  name: 'the disk turns read-only',
  obstacle: canTrace,
  under: NOTHING,
  make: ({ pid }) => refuse(pid, 'pwrite64,ftruncate,unlink,unlinkat,rename', 'EROFS'),
};

/** Writes are taken, and do not get to the disk. */
export const failingSync: DiskFault = {
  name: 'nothing gets to the disk',
  obstacle: canTrace,
  under: NOTHING,
  make: ({ pid }) => refuse(pid, 'fsync,fdatasync', 'EIO'),
};

/** The folder has gone, its open files have not. */
export const movedFolder: DiskFault = {
  name: 'the folder was moved away',
  obstacle: () => null,
  under: NOTHING,
  async make({ folder }) {
    renameSync(folder, `${folder}.aside`);
    return async () => renameSync(`${folder}.aside`, folder);
  },
};

/** Has the kernel refuse some calls of a process. */
async function refuse(pid: number, calls: string, error: string): Promise<() => Promise<void>> {
  const injection = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}`];
  const strace = spawn('strace', ['-f', '-p', String(pid), '-o', '/dev/null', ...injection], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(strace.stderr, 'data');
  return async () => {
    strace.kill('SIGINT');
    await once(strace, 'exit');
  };
}
