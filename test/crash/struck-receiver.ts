import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { FaultRuleInput } from '../../mock-receiver/fault-rules.ts';
import { killReceiver, launchReceiver, type ReceiverProcess } from '../harness/launch-receiver.ts';
import { until } from '../harness/until.ts';

/** What the receiver says of an ingestion, as far as it is judged by. */
export interface ReceiverReport {
  readonly records: number;
  readonly chunks: number;
  readonly duplicates: number;
  readonly out_of_order: number;
  readonly mismatches: number;
  readonly verdict_ok: boolean;
  readonly verdict: string;
  readonly chain_checksum: string;
  readonly claimed: {
    readonly total_records: number;
    readonly total_chunks: number | null;
    readonly rejected_records: number | null;
  } | null;
  readonly answers: Readonly<Record<string, number>>;
}

/** One request that the receiver has on record. */
export interface RecordedAttempt {
  readonly subject: string;
  readonly chunkNumber: number | null;
  readonly checksum: string | null;
  /** Null: a fault stood in the way of a decision. */
  readonly answer: string | null;
  readonly fault: string | null;
}

/** Below those that systems give away by themselves: nobody takes the port while the receiver is down. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 10_000;
const MAX_START_TRIES = 5;

/** The receiver's process, which is killed and started again on the same port and the same state. */
export class StruckReceiver {
  readonly #args: readonly string[];
  #process: ReceiverProcess | null = null;
  #port: number | null = null;

  constructor(folder: string, { seed, isLegacy }: { readonly seed: number; readonly isLegacy: boolean }) {
    const state = join(folder, 'receiver.db');
    this.#args = ['--quiet', '--state', state, '--seed', String(seed), ...(isLegacy ? ['--legacy'] : [])];
  }

  get isUp(): boolean {
    return this.#process !== null;
  }

  get callbackUrl(): string {
    assert.ok(this.#port !== null, 'the receiver was never started');
    return `http://127.0.0.1:${this.#port}/callback`;
  }

  async start(): Promise<void> {
    for (let tries = 1; this.#process === null; tries += 1) {
      const port = this.#port ?? FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
      try {
        this.#process = await launchReceiver(...this.#args, '--port', String(port));
        this.#port = port;
      } catch (error) {
        if (tries === MAX_START_TRIES) throw error;
      }
    }
  }

  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = null;
    if (killed !== null) await killReceiver(killed);
  }

  async setFaults(faults: readonly FaultRuleInput[]): Promise<void> {
    await this.#ask('/faults', { method: 'PUT', body: JSON.stringify(faults) });
  }

  /** Waits until the first fault has been inflicted once; false where that does not happen in time. */
  async untilFirstFaultInflicted(deadlineMs: number): Promise<boolean> {
    const ask = () => this.#ask<readonly { readonly applied: number }[]>('/faults');
    return until(ask, ([first]) => (first?.applied ?? 0) > 0, deadlineMs).then(
      () => true,
      () => false,
    );
  }

  report(ingestionId: string): Promise<ReceiverReport> {
    return this.#ask(`/report/${ingestionId}`);
  }

  async attempts(ingestionId: string): Promise<readonly RecordedAttempt[]> {
    const { attempts } = await this.#ask<{ attempts: readonly RecordedAttempt[] }>(`/attempts/${ingestionId}`);
    return attempts;
  }

  /** The accepted records, canonical, in order. */
  async records(ingestionId: string): Promise<readonly string[]> {
    const response = await fetch(new URL(`/records/${ingestionId}`, this.callbackUrl));
    const lines = (await response.text()).split('\n');
    assert.equal(lines.pop(), '', 'the last record ends its line');
    return lines;
  }

  async #ask<Body>(path: string, init?: RequestInit): Promise<Body> {
    const response = await fetch(new URL(path, this.callbackUrl), init);
    assert.equal(response.status, 200, path);
    return (await response.json()) as Body;
  }
}
