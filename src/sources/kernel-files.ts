import { type FileHandle, statfs } from 'node:fs/promises';
import { ServiceError } from '../errors.ts';
import { descriptorPath } from './opened-path.ts';
import { isInside } from './source-roots.ts';

/** Where the kernel shows itself, memory, keys and other processes as files. */
const KERNEL_FOLDERS = ['/proc', '/sys', '/dev'];

/** The same elsewhere, by the types of file systems in linux/magic.h. */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0x62656570, // configfs
  0xcafe4a11, // bpf
  0x6165676c, // pstore
  0xde5e81e4, // efivarfs
  0xf97cff8c, // selinuxfs
  0x42494e4d, // binfmt_misc
]);

/** Whether a path lies in a folder of the kernel. */
export function isKernelPath(path: string): boolean {
  return KERNEL_FOLDERS.some((folder) => isInside(path, folder));
}

/** Throws SOURCE_NOT_ALLOWED for a file that the kernel makes up, wherever it is mounted. Linux only; elsewhere nothing is known. */
export async function refuseKernelFile(file: FileHandle, path: string): Promise<void> {
  const type = await statfs(descriptorPath(file)).then(
    (stats) => stats.type,
    () => undefined,
  );
  if (type === undefined || !KERNEL_FILE_SYSTEMS.has(type)) return;
  throw new ServiceError('SOURCE_NOT_ALLOWED', {
    detail: 'What the kernel shows as files is not read.',
    place: { file: path },
  });
}
