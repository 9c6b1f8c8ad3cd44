import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findFreePort } from '../harness/free-port.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { PHP_ENV } from '../package/example-receiver.ts';
import { projectRoot } from '../repo/project-files.ts';
import { Terminal } from './terminal.ts';

/** What a clone does not have, or no command of a page needs. */
const NOT_CLONED = /^(?:node_modules|dist|data|logs|bench|\.git|\.env|.*\.tgz)$/;
/** Where the pages have what lies outside of the reader's folder. */
const OUTSIDE = ['/etc/ackstream', '/srv', '/var/lib', '/backups'];

/** Where a page is walked: a folder, ports and terminals of its own. */
export interface PageWorld {
  readonly folder: string;
  readonly ports: { readonly service: number; readonly receiver: number };
  /** The text of a page, with what is this world's own in the place of the reader's ports, folders and hosts. */
  readonly localize: (markdown: string) => string;
  /** The terminal of a program, opened when it is first asked for. */
  readonly terminal: (program: string) => Terminal;
}

/** Makes a world whose folder is a fresh clone, installed, or an empty one. In both `ackstream` is a command. */
export async function createPageWorld(kind: 'clone' | 'empty'): Promise<PageWorld> {
  const root = tempFolder();
  const folder = join(root, 'work');
  const commands = join(root, 'bin');
  for (const made of [folder, commands, ...OUTSIDE.map((path) => join(root, path))])
    mkdirSync(made, { recursive: true });
  if (kind === 'clone') clone(folder);
  const ackstream = join(commands, 'ackstream');
  writeFileSync(ackstream, `#!/bin/sh\nexec node '${join(projectRoot, 'bin', 'ackstream.js')}' "$@"\n`);
  chmodSync(ackstream, 0o755);

  const [service, receiver, closed] = await Promise.all([findFreePort(), findFreePort(), findFreePort()]);
  const env = {
    PATH: [commands, dirname(process.execPath), process.env.PATH].join(':'),
    HOME: root,
    ...PHP_ENV,
    ACKSTREAM_PORT: String(service),
    ACKSTREAM_RATE_LIMIT: '0',
  };
  const terminals = new Map<string, Terminal>();
  return {
    folder,
    ports: { service, receiver },
    localize: (markdown) =>
      OUTSIDE.reduce(
        (text, path) => text.replaceAll(new RegExp(`(?<![\\w.])${path}\\b`, 'g'), join(root, path)),
        markdown,
      )
        .replaceAll(/\bhttps:\/\/receiver\.example\b|\bhttp:\/\/receiver:9000\b/g, `http://127.0.0.1:${receiver}`)
        .replaceAll(/\b8000\b/g, String(service))
        .replaceAll(/\b9000\b/g, String(receiver))
        .replaceAll(/\b9999\b/g, String(closed)),
    terminal: (program) => {
      const terminal = terminals.get(program) ?? new Terminal(folder, env);
      terminals.set(program, terminal);
      return terminal;
    },
  };
}

function clone(folder: string): void {
  cpSync(projectRoot, folder, {
    recursive: true,
    filter: (path) => path === projectRoot || !NOT_CLONED.test(basename(path)),
  });
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'), 'junction');
}
