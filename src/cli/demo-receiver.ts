import type { DemoProcess } from './demo-process.ts';

/** What the mock receiver reports of an ingestion, as far as the demo looks at it. */
export interface DemoReport {
  readonly chunks: number;
  readonly records: number;
  readonly duplicates: number;
  readonly out_of_order: number;
  readonly mismatches: number;
  readonly chain_checksum: string;
  readonly verdict: string;
  readonly verdict_ok: boolean;
  readonly answers: Readonly<Record<string, number>>;
}

/** The mock receiver of the demo, over its HTTP interface (docs/mock-receiver.md). */
export class DemoReceiver {
  readonly process: DemoProcess;
  readonly callbackUrl: string;
  readonly #origin: string;

  constructor(process: DemoProcess) {
    this.process = process;
    this.callbackUrl = process.url;
    this.#origin = new URL(process.url).origin;
  }

  /** Puts fault rules in force instead of those before. */
  async setFaults(rules: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.#origin}/faults`, { method: 'PUT', headers, body: JSON.stringify(rules) });
    if (!response.ok) throw new Error(`the receiver refuses the faults: ${await response.text()}`);
  }

  async report(ingestionId: string): Promise<DemoReport> {
    return (await (await fetch(`${this.#origin}/report/${ingestionId}`)).json()) as DemoReport;
  }

  /** Attempts that reached it. */
  async attemptCount(ingestionId: string): Promise<number> {
    const response = await fetch(`${this.#origin}/attempts/${ingestionId}`);
    const { attempts } = (await response.json()) as { readonly attempts: readonly unknown[] };
    return attempts.length;
  }

  /** The accepted records as NDJSON, in order. */
  async records(ingestionId: string): Promise<string> {
    return (await fetch(`${this.#origin}/records/${ingestionId}`)).text();
  }
}
