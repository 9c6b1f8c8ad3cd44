import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  type Stats,
  type StatsFs,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../config.ts';
import { networkFileSystemAt } from '../../state/network-file-system.ts';
import { formatCount } from '../format-count.ts';
import { isOpenToOthers, modeText } from './file-mode.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const MIB = 1024 ** 2;
/** A day of acknowledgements and logs. */
const LOW_SPACE_BYTES = 1024 * MIB;
/** SQLite's log alone may take so much. */
const NO_SPACE_BYTES = 64 * MIB;
/** What a running service makes: logs, which rotate by size (11 files in each of three folders), and some files beside the database. A good twice that. */
const FEW_INODES = 100;

/** What a file system says of itself. */
type StatFileSystem = (path: string) => Pick<StatsFs, 'bavail' | 'bsize' | 'files' | 'ffree' | 'type'>;

/** Whether the state can be kept there: the folder is there or can be made, and is this user's alone with all that is in it. */
export function checkDataDirectory({ dataDir }: Pick<Config, 'dataDir'>): readonly Finding[] {
  const check = 'data directory';
  const written = checkWritable(check, dataDir);
  if (written.verdict !== 'ok' || !existsSync(dataDir)) return [written];
  const folder = statSync(dataDir);
  return [written, ...ownershipFindings(check, dataDir, folder), ...strayFindings(check, dataDir, folder)];
}

/** Whether the disk that has the data directory, or is to have it, is a local one with space. */
export function checkDataDisk(
  { dataDir }: Pick<Config, 'dataDir'>,
  statfs: StatFileSystem = statfsSync,
): readonly Finding[] {
  const folder = nearestExisting(dataDir);
  const fileSystem = networkFileSystemAt(folder, statfs);
  const space = checkSpace('disk', folder, statfs);
  if (fileSystem === null) return [space];
  const seen = `${dataDir} is on ${fileSystem}, a file system of a network`;
  return [space, warning('disk', seen, 'Put ACKSTREAM_DATA_DIR on a local disk.')];
}

/** Whether logs can be written. */
export function checkLogFolder({ logDir }: Pick<Config, 'logDir'>): readonly Finding[] {
  const written = checkWritable('log folder', logDir);
  if (written.verdict !== 'ok' || !existsSync(logDir)) return [written];
  return [written, checkSpace('log folder', logDir, statfsSync)];
}

/** Whether feeds can be read. */
export function checkSourceRoots({ sourceRoots }: Pick<Config, 'sourceRoots'>): readonly Finding[] {
  const check = 'source root';
  return sourceRoots.map((root) => {
    if (!existsSync(root))
      return problem(check, `${root} does not exist`, 'Make the folder, or correct ACKSTREAM_SOURCE_ROOTS.');
    if (!statSync(root).isDirectory())
      return problem(check, `${root} is no folder`, 'Name its folder in ACKSTREAM_SOURCE_ROOTS.');
    if (root === dirname(root)) {
      return warning(
        check,
        `${root} is all of this machine`,
        'Name the folders of the feeds in ACKSTREAM_SOURCE_ROOTS.',
      );
    }
    if (!isAllowed(root, constants.R_OK | constants.X_OK)) {
      return problem(
        check,
        `${root} cannot be read by this user`,
        `Let the user of the service read it (\`chmod\`, \`setfacl\`).`,
      );
    }
    return ok(check, root);
  });
}

/** A folder that is not there yet is made at the first start, where its nearest ancestor can be written. */
function checkWritable(check: string, folder: string): Finding {
  if (isDeadLink(folder)) {
    return problem(
      check,
      `${folder} is a link to what does not exist`,
      'Make what it leads to, or name another folder.',
    );
  }
  const nearest = nearestExisting(folder);
  if (!statSync(nearest).isDirectory())
    return problem(check, `${nearest} is no folder`, 'Move it away, or name another folder.');
  if (!isAllowed(nearest, constants.R_OK | constants.W_OK | constants.X_OK)) {
    return problem(
      check,
      `${nearest} cannot be written by this user`,
      'Give it to the user of the service (`chown`), or name another folder.',
    );
  }
  return ok(check, nearest === folder ? folder : `${folder} is made at the first start`);
}

function ownershipFindings(
  check: string,
  folder: string,
  { uid, mode }: Pick<Stats, 'uid' | 'mode'>,
): readonly Finding[] {
  // Windows has neither.
  const user = process.getuid?.();
  if (user === undefined) return [];
  const findings: Finding[] = [];
  if (uid !== user) {
    findings.push(
      warning(
        check,
        `${folder} belongs to user ${uid}, and this is user ${user}`,
        'Run this as the user of the service.',
      ),
    );
  }
  if (isOpenToOthers(mode)) {
    const seen = `${folder} has mode ${modeText(mode)}: others may look into it`;
    findings.push(warning(check, seen, `Run \`chmod 700 ${folder}\`.`));
  }
  return findings;
}

/** A command that was once run as another user, such as with `sudo`, leaves files that the service cannot write. */
function strayFindings(check: string, folder: string, { uid }: Pick<Stats, 'uid'>): readonly Finding[] {
  const strays = readdirSync(folder).filter((name) => {
    const file = lstatSync(join(folder, name), { throwIfNoEntry: false });
    return file !== undefined && file.uid !== uid;
  });
  if (strays.length === 0) return [];
  const seen = `${strays.join(', ')} in ${folder} ${strays.length === 1 ? 'belongs' : 'belong'} to another user than the folder`;
  return [problem(check, seen, `Run \`chown -R --reference=${folder} ${folder}\` as root.`)];
}

function checkSpace(check: string, folder: string, statfs: StatFileSystem): Finding {
  const { bavail, bsize, files, ffree } = statfs(folder);
  // File systems that make inodes as they go have none to count.
  if (files > 0 && ffree < FEW_INODES) {
    return problem(
      check,
      `${formatCount(ffree)} files may be made on its disk`,
      'Remove files: the disk has no inodes left.',
    );
  }
  const bytes = bavail * bsize;
  const seen = `${formatCount(Math.floor(bytes / MIB))} MiB are free`;
  if (bytes < NO_SPACE_BYTES) return problem(check, seen, 'Make room on the disk: nothing can be acknowledged soon.');
  return bytes < LOW_SPACE_BYTES ? warning(check, seen, 'Make room on the disk.') : ok(check, seen);
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function isDeadLink(path: string): boolean {
  try {
    return !existsSync(path) && lstatSync(path).isSymbolicLink();
  } catch {
    // There is nothing, or nothing that may be looked at.
    return false;
  }
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    // Whatever the reason: it is not.
    return false;
  }
}
