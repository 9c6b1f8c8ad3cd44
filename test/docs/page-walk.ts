import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { until } from '../harness/until.ts';
import { NOT_RUN } from './not-run.ts';
import type { PageWorld } from './page-world.ts';
import { type DocumentedCommand, findBrokenPromise, type PageStep, readPage } from './read-page.ts';

const DEADLINE_MS = 60_000;
/** From its end, or since it listens, until a command has shown what it is going to. */
const PROMISE_DEADLINE_MS = 5000;
/** The terminal in which one thing is done after the other; each program has its own. */
const MAIN_TERMINAL = 'main';

/** What runs until it is ended. Where it runs already it is started anew: pages show several ways to start one. */
const PROGRAMS = {
  service: /^(?:\w+=\S+ )*(?:npm start|ackstream serve|node dist\/src\/main\.js)\b/,
  receiver: /^(?:\w+=\S+ )*(?:npm run mock-receiver|ackstream receiver|(?:node|python3|php) .*\breceiver\.\w+\b)/,
} as const;
type Program = keyof typeof PROGRAMS;

/** What a command shows by now. */
type Screen = () => string;

/** How the API refuses; `curl` ends with 0 all the same. */
const PROBLEM = /"type": ?"\/docs#/;

/** A reader who does what pages say, in one world. */
export class PageWalk {
  readonly #world: PageWorld;

  constructor(world: PageWorld) {
    this.#world = world;
  }

  /** Does what a page says, from its first command to its last. Fails at the first that ends or shows otherwise than the page says. */
  async follow(markdown: string): Promise<void> {
    for (const step of readPage(this.#world.localize(markdown))) await this.#take(step);
  }

  async #take(step: PageStep): Promise<void> {
    if (step.kind === 'stop') return this.#world.terminal(step.program).interrupt();
    if (step.kind === 'look') return untilKept(step.promised, () => this.#world.terminal(step.program).shown);
    const giveUpAt = performance.now() + DEADLINE_MS;
    for (;;) {
      const screens: Screen[] = [];
      for (const command of step.commands) {
        const screen = await this.#type(command);
        if (screen !== null) screens.push(screen);
      }
      if (screens.length === 0) return;
      const shown = () => screens.map((screen) => screen()).join('\n');
      const isAgain = step.isRepeated && findBrokenPromise(step.promised, shown()) !== undefined;
      if (!isAgain || performance.now() > giveUpAt) return untilKept(step.promised, shown);
    }
  }

  /** Types one command, and waits for its end, or until it listens; null where it is not run. */
  async #type({ text, exitCode }: DocumentedCommand): Promise<Screen | null> {
    const notRun = NOT_RUN.find(({ pattern }) => pattern.test(text));
    if (notRun !== undefined) {
      const { pattern, instead } = notRun;
      return instead === undefined ? null : this.#type({ text: text.replace(pattern, instead), exitCode });
    }
    const program = (Object.keys(PROGRAMS) as Program[]).find((name) => PROGRAMS[name].test(text));
    if (program !== undefined) return this.#start(program, text);
    const terminal = this.#world.terminal(MAIN_TERMINAL);
    const endedWith = await terminal.run(text);
    assert.equal(endedWith, exitCode, `${text}\nended with ${endedWith}, and shows\n${terminal.shown}`);
    if (text.startsWith('curl ')) assert.doesNotMatch(terminal.shown, PROBLEM, `${text}\n${terminal.shown}`);
    const { shown } = terminal;
    return () => shown;
  }

  async #start(program: Program, text: string): Promise<Screen> {
    const terminal = this.#world.terminal(program);
    await terminal.interrupt();
    terminal.start(text);
    const port = this.#world.ports[program];
    const state = () => listens(port).then((isUp) => (isUp ? 'it listens' : terminal.shown));
    await until(state, (seen) => seen === 'it listens', DEADLINE_MS);
    return () => terminal.shown;
  }
}

/** Waits until all that is promised is shown. */
async function untilKept(promised: readonly string[], screen: Screen): Promise<void> {
  const look = () => ({ missing: findBrokenPromise(promised, screen()), shown: screen() });
  await until(look, ({ missing }) => missing === undefined, PROMISE_DEADLINE_MS);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
