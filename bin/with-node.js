#!/usr/bin/env node
// Runs a script of this project under the pinned Node, whatever Node and npm the machine has:
//   node bin/with-node.js <file.ts | file.js | name of an installed tool> [arguments...]
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findNode, projectRoot, tooOldMessage, windowsCommandLine } from './runtime.js';

const node = findNode();
if (node === undefined) {
  process.stderr.write(tooOldMessage());
  process.exit(2);
}

const [target, ...args] = process.argv.slice(2);
if (target === undefined) {
  process.stderr.write('usage: node bin/with-node.js <script or tool> [arguments...]\n');
  process.exit(2);
}

const toolFolder = join(projectRoot, 'node_modules', '.bin');
const env = {
  // Compiled code, types taken out, is kept from run to run: each thread starts in a quarter of the time and needs 30 MB less. Where the folder
  // cannot be written, Node goes without.
  NODE_COMPILE_CACHE: join(projectRoot, 'node_modules', '.cache', 'node-compile'),
  ...process.env,
  PATH: [dirname(node), toolFolder, process.env.PATH ?? ''].join(delimiter),
};
const isScript = /\.[cm]?[jt]s$/.test(target) || target.startsWith('-');
const options = { stdio: 'inherit', env };
const child = isScript
  ? spawn(node, [target, ...args], options)
  : process.platform === 'win32'
    ? spawn(windowsCommandLine([target, ...args]), { ...options, shell: true }) // Installed tools are .cmd files there.
    : spawn(target, args, options);

// A supervisor signals this process alone, a terminal's Ctrl-C reaches the child by itself. The child decides when to end.
const isOnTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
// However often a supervisor asks, the child is asked once: a signal that meets it while it ends, when nothing listens any more, would kill it.
const passedOn = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal === 'SIGINT' ? isOnTerminal : passedOn.has(signal)) return;
    passedOn.add(signal);
    child.kill(signal);
  });
}
child.on('error', (error) => {
  process.stderr.write(`cannot run ${target}: ${error.message}\n`);
  process.exitCode = 127;
});
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0);
});
