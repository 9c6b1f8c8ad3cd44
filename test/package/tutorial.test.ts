import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../harness/temp-folder.ts';
import { projectRoot, readProjectFile } from '../repo/project-files.ts';
import { findFreePort } from './free-port.ts';
import { Terminal } from './terminal.ts';
import { findBrokenPromise, MAIN_TERMINAL, readTutorial, type TutorialStep } from './tutorial-steps.ts';

const FEWEST_STEPS = 20;
const TIMEOUT_MS = 120_000;
/** What a clone has and the tutorial needs. */
const CLONED = ['bin', 'src', 'mock-receiver', 'fixtures', 'package.json'];

function clone(): string {
  const folder = tempFolder();
  for (const name of CLONED) cpSync(join(projectRoot, name), join(folder, name), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

/** The terminals of a reader, opened when they are first needed. */
function openTerminals(folder: string, env: Readonly<Record<string, string>>): (name: string) => Terminal {
  const terminals = new Map<string, Terminal>();
  return (name) => {
    const terminal = terminals.get(name) ?? new Terminal(folder, { PATH: process.env.PATH ?? '', ...env });
    terminals.set(name, terminal);
    return terminal;
  };
}

async function take(step: TutorialStep, terminal: Terminal): Promise<void> {
  if (step.kind === 'stop') return terminal.interrupt();
  const isKept = (shown: string) => findBrokenPromise(step.promised, shown) === undefined;
  if (step.kind === 'look') return terminal.untilShown(isKept);
  if (step.terminal !== MAIN_TERMINAL) {
    terminal.start(step.code);
    return terminal.untilShown(isKept);
  }
  let exitCode = await terminal.run(step.code);
  const giveUpAt = performance.now() + TIMEOUT_MS / 4;
  while (step.mark === 'again' && !isKept(terminal.shown) && performance.now() < giveUpAt) {
    exitCode = await terminal.run(step.code);
  }
  const broken = findBrokenPromise(step.promised, terminal.shown);
  expect(broken, `\n${step.code}promises this line, and shows\n${terminal.shown}`).toBeUndefined();
  expect(exitCode !== 0, `${step.code}ended with ${exitCode} and shows\n${terminal.shown}`).toBe(step.mark === 'fails');
}

it('is what happens to who follows docs/tutorial.md', { timeout: TIMEOUT_MS }, async () => {
  // The reader's ports may be taken here. All else is as it stands there.
  const ports = { service: String(await findFreePort()), receiver: String(await findFreePort()) };
  const text = readProjectFile('docs/tutorial.md').replaceAll('8000', ports.service).replaceAll('9000', ports.receiver);
  const steps = readTutorial(text);
  expect(steps.length).toBeGreaterThanOrEqual(FEWEST_STEPS);
  const terminal = openTerminals(clone(), { ACKSTREAM_PORT: ports.service });
  for (const step of steps) await take(step, terminal(step.terminal));
});
