import { accessSync, constants, existsSync, type Stats, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../config.ts';
import { networkFileSystemAt } from '../../state/network-file-system.ts';
import { formatCount } from '../render-progress.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const MIB = 1024 ** 2;
/** A day of acknowledgements and logs. */
const LOW_SPACE_BYTES = 1024 * MIB;
/** SQLite's log alone may take so much. */
const NO_SPACE_BYTES = 64 * MIB;
/** Any right of the group or of others. */
const FOREIGN_RIGHTS = 0o077;

/** Whether the state can be kept: the folder is there or can be made, is this user's alone, on a local disk, with space. */
export function checkDataDirectory({ dataDir }: Pick<Config, 'dataDir'>): readonly Finding[] {
  const check = 'data directory';
  const written = checkWritable(check, dataDir);
  if (written.verdict !== 'ok' || !existsSync(dataDir)) return [written];
  const fileSystem = networkFileSystemAt(dataDir);
  return [
    written,
    ...ownershipFindings(check, dataDir, statSync(dataDir)),
    ...(fileSystem === null
      ? []
      : [
          warning(
            check,
            `${dataDir} is on ${fileSystem}, a file system of a network`,
            'Put ACKSTREAM_DATA_DIR on a local disk.',
          ),
        ]),
    checkSpace(check, dataDir),
  ];
}

/** Whether logs can be written. */
export function checkLogFolder({ logDir }: Pick<Config, 'logDir'>): readonly Finding[] {
  const written = checkWritable('log folder', logDir);
  return written.verdict === 'ok' && existsSync(logDir) ? [written, checkSpace('log folder', logDir)] : [written];
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
  if ((mode & FOREIGN_RIGHTS) !== 0) {
    const seen = `${folder} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: others may look into it`;
    findings.push(warning(check, seen, `Run \`chmod 700 ${folder}\`.`));
  }
  return findings;
}

function checkSpace(check: string, folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const bytes = bavail * bsize;
  const seen = `${formatCount(Math.floor(bytes / MIB))} MiB are free`;
  if (bytes < NO_SPACE_BYTES) return problem(check, seen, 'Make room on the disk: nothing can be acknowledged soon.');
  return bytes < LOW_SPACE_BYTES ? warning(check, seen, 'Make room on the disk.') : ok(check, seen);
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
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
