import assert from 'node:assert/strict';
import type { CrashPoint } from '../../src/crash-point.ts';
import type { ApiClient } from '../harness/api-client.ts';
import { type LaunchedService, launchService, type ServiceProcess, untilListening } from '../harness/launch-service.ts';
import { endsWithin } from '../harness/until.ts';
import { wait } from '../harness/wait.ts';

type Settings = Readonly<Record<string, string>>;

/** How long a process that no longer answers may take to be seen dead. */
const DEATH_MS = 1_500;

/** The service's process, which is killed and started again on the same folder. */
export class StruckService {
  readonly #folder: string;
  #launched: LaunchedService | null = null;
  #listening: ServiceProcess | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get api(): ApiClient {
    assert.ok(this.#listening !== null, 'the service is not up');
    return this.#listening.api;
  }

  /** Starts it, if it is not up. */
  async start(env: Settings = {}): Promise<void> {
    if (this.#launched !== null) return;
    this.#launched = launchService(this.#folder, { env });
    this.#listening = await untilListening(this.#launched);
  }

  /** Starts it anew so that it kills itself at a point, and does some work with it; gives back whether it did in time. */
  async untilDeadAt(
    { point, pass, env }: { readonly point: CrashPoint; readonly pass: number; readonly env: Settings },
    work: () => Promise<unknown>,
    deadlineMs: number,
  ): Promise<boolean> {
    await this.shutDown();
    const launched = launchService(this.#folder, { env: { ...env, ACKSTREAM_CRASH_AT: `${point}:${pass}` } });
    this.#launched = launched;
    try {
      this.#listening = await untilListening(launched);
      await work();
    } catch (error) {
      const isJudged = error instanceof assert.AssertionError;
      if (isJudged || !(await endsWithin(launched.ended, DEATH_MS))) throw error;
    }
    return endsWithin(launched.ended, deadlineMs);
  }

  /** Kills it while it starts. */
  async killStarting(env: Settings, afterMs: number): Promise<void> {
    this.#launched = launchService(this.#folder, { env });
    await wait(afterMs);
    await this.kill();
  }

  /** Kills it, if it has not killed itself. Nothing else may have ended it. */
  async kill(): Promise<void> {
    const launched = this.#release();
    if (launched === null) return;
    launched.process.kill('SIGKILL');
    assert.equal((await launched.ended).signal, 'SIGKILL', launched.standardError());
  }

  /** Asks it to end, which it must do well. */
  async shutDown(): Promise<void> {
    const launched = this.#release();
    if (launched === null) return;
    launched.process.kill('SIGTERM');
    assert.deepEqual(await launched.ended, { code: 0, signal: null }, launched.standardError());
  }

  #release(): LaunchedService | null {
    const launched = this.#launched;
    this.#launched = null;
    this.#listening = null;
    return launched;
  }
}
