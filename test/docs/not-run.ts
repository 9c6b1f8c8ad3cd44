import { spawnSync } from 'node:child_process';
import { EXAMPLE_LANGUAGES } from '../package/example-receiver.ts';

/** Commands of the documentation that the tests do not run. */
export interface NotRun {
  readonly pattern: RegExp;
  /** Why, and what is tested instead. */
  readonly reason: string;
  /** What the walk of the page runs in the place of the command; groups of the pattern as in `String.replace`. */
  readonly instead?: string;
}

const isHere = (program: string) => spawnSync(program, ['--version']).error === undefined;

/** Of a service that a page has others start, in a container. */
export const TOKEN_OF_THE_WALK = 'a-token-of-the-walk';

/** Every command that matches none of these is run. What these name (scripts, files, commands, options) must exist all the same. */
export const NOT_RUN: readonly NotRun[] = [
  { pattern: /^npm ci$/, reason: 'asks the registry; the packages of this checkout are linked' },
  {
    pattern: /^npm install --ignore-scripts \.\/ackstream-\S+\.tgz$/,
    reason: 'asks the registry; test/package installs it',
    instead: 'npm run build',
  },
  {
    pattern: /^npm install --prefix (\S+\/tracing) .*$/,
    reason: 'asks the registry; the packages of this checkout are linked',
    instead: 'ln -s "$PWD/node_modules" $1',
  },
  { pattern: /^npm install (?:-g|--prefix \S+ --omit=dev) /, reason: 'asks the registry; test/package installs it' },
  { pattern: /^(?:\w+=\S+ )*npm test\b/, reason: 'is what runs this' },
  { pattern: /^npm run (?:check|bench|test:package)\b/, reason: 'takes minutes, and is no part of using Ackstream' },
  {
    pattern: /^npm run (?:simulate|crash)\b/,
    reason: 'takes minutes; test/simulation and test/crash do it with fewer seeds',
  },
  {
    pattern: /^export ACKSTREAM_API_TOKEN=\$\(openssl .*\)$/,
    reason: 'the service of the walk has its token already',
    instead: `export ACKSTREAM_API_TOKEN=${TOKEN_OF_THE_WALK}`,
  },
  {
    pattern: /^id=….*$/,
    reason: 'is for the reader to choose',
    instead: 'id=$(ackstream list --ids | head -n 1)',
  },
  {
    pattern: /^curl -s -i (\S+)\/callback -d '\{\}'$/,
    reason: 'what comes next is seen only where the receiver is repaired',
    instead: "$& && curl -s -X PUT $1/faults -d '[]'",
  },
  {
    pattern: /\bdocker\b/,
    reason: 'needs a container engine; test/deploy holds image and compose file against the program',
  },
  { pattern: /^kubectl /, reason: 'needs a cluster; test/deploy holds the manifests against the program' },
  {
    pattern: /^(?:useradd|sudo|systemctl|install .*-[go] ackstream|cp \S+ \/etc\/systemd)\b/,
    reason: 'changes the machine; test/deploy has systemd verify the unit',
  },
  ...['curl', 'sqlite3']
    .filter((program) => !isHere(program))
    .map((program) => ({ pattern: new RegExp(`^${program} `), reason: `there is no ${program} here` })),
  ...EXAMPLE_LANGUAGES.filter(({ isThere }) => !isThere).map(({ name, file }) => ({
    pattern: new RegExp(` ${file.replace('.', '\\.')}\\b`),
    reason: `there is no ${name} here`,
  })),
];
