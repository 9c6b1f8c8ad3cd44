import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { ingestBody, onStage, submit } from './stage.ts';

const DELIVERY_COUNT = 4;
/** Fifty requests per second, each at its time, whatever became of those before. */
const REQUEST_INTERVAL_MS = 20;
const POLL_INTERVAL_MS = 50;

const OPERATIONS = ['list', 'detail', 'chunks', 'metrics', 'health', 'ingest'] as const;
type Operation = (typeof OPERATIONS)[number];

/** What is asked, in turn; of each ten, one is a scrape and one a small file. */
const TURNS: readonly Operation[] = [
  'list',
  'detail',
  'chunks',
  'health',
  'detail',
  'metrics',
  'list',
  'chunks',
  'detail',
  'ingest',
];

/** How long the answers to one operation took, or to all of them. */
export interface LatencyFigures {
  readonly operation: Operation | 'all';
  readonly requestCount: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** An answer, and how long after the time at which its request was due it was there. */
interface Answered {
  readonly operation: Operation;
  readonly latencyMs: number;
}

/** Asks a service for this and that for as long as it delivers a file four times at once: how long all answers took, then those to each operation. */
export async function measureApiLatency(path: string): Promise<readonly LatencyFigures[]> {
  const answered = await askDuringDeliveries(path);
  const byOperation = Map.groupBy(answered, ({ operation }) => operation);
  return [
    latencyOf('all', answered),
    ...OPERATIONS.map((operation) => latencyOf(operation, byOperation.get(operation) ?? [])),
  ];
}

function latencyOf(operation: LatencyFigures['operation'], answered: readonly Answered[]): LatencyFigures {
  const sorted = answered.map(({ latencyMs }) => latencyMs).toSorted((left, right) => left - right);
  const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return {
    operation,
    requestCount: sorted.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
  };
}

function askDuringDeliveries(path: string): Promise<readonly Answered[]> {
  return onStage(path, async (stage) => {
    // An ingestion is known by the name of its file; the links lie where links to the file can be.
    const folder = mkdtempSync(join(dirname(path), 'asked-'));
    try {
      const { url: callbackUrl } = await stage.startReceiver();
      const service = await stage.startService({ ACKSTREAM_MAX_RUNNING: String(DELIVERY_COUNT) });
      const links = Array.from({ length: DELIVERY_COUNT }, (_, number) => join(folder, `${number}.json`));
      // All before the first is asked for: a further link changes the times of the file under its delivery.
      for (const link of links) linkSync(path, link);
      const ids: string[] = [];
      for (const link of links) ids.push(await submit(service, link, callbackUrl));
      const asker = new Asker({ url: service.url, folder, callbackUrl, ids });
      try {
        await asker.untilAllRun();
        return await asker.askWhileAllRun();
      } finally {
        await asker.close();
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

interface AskerOptions {
  readonly url: string;
  /** For small files. */
  readonly folder: string;
  readonly callbackUrl: string;
  /** What is being delivered. */
  readonly ids: readonly string[];
}

/** A client that does not wait for one answer before it asks for the next: what is slow makes others late, and is seen to. */
class Asker {
  readonly #options: AskerOptions;
  readonly #dispatcher = new Agent();
  #doAllRun = false;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /** Throws where one has ended before: then there is nothing to ask about. */
  async untilAllRun(): Promise<void> {
    const { url, ids } = this.#options;
    while (!this.#doAllRun) {
      await delay(POLL_INTERVAL_MS);
      const { body } = await request(`${url}/api/ingestions`, { dispatcher: this.#dispatcher });
      const { items } = (await body.json()) as { items: { status: string }[] };
      const ended = items.find(({ status }) => status !== 'QUEUED' && status !== 'RUNNING');
      if (ended !== undefined) throw new Error(`one is ${ended.status} before all run`);
      this.#doAllRun = items.filter(({ status }) => status === 'RUNNING').length === ids.length;
    }
  }

  async askWhileAllRun(): Promise<readonly Answered[]> {
    const answers: Promise<Answered>[] = [];
    const begunAt = performance.now();
    for (let number = 0; this.#doAllRun; number += 1) {
      const dueAt = begunAt + number * REQUEST_INTERVAL_MS;
      await delay(Math.max(0, dueAt - performance.now()));
      const answer = this.#ask(number, dueAt);
      // A failure is told when all were asked.
      answer.catch(() => {
        this.#doAllRun = false;
      });
      answers.push(answer);
    }
    return Promise.all(answers);
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  async #ask(number: number, dueAt: number): Promise<Answered> {
    const operation = TURNS[number % TURNS.length] ?? 'list';
    const { path, posted } = this.#requestFor(operation, number);
    const { statusCode, body } = await request(this.#options.url + path, {
      dispatcher: this.#dispatcher,
      ...(posted === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: posted }),
    });
    const text = await body.text();
    const latencyMs = performance.now() - dueAt;
    if (statusCode >= 400) throw new Error(`${path} was answered ${statusCode}: ${text}`);
    if (operation === 'detail') this.#doAllRun &&= (JSON.parse(text) as { status: string }).status === 'RUNNING';
    return { operation, latencyMs };
  }

  #requestFor(operation: Operation, number: number): { readonly path: string; readonly posted?: string } {
    const { ids, folder, callbackUrl } = this.#options;
    const ofOne = `/api/ingestions/${ids[number % ids.length]}`;
    switch (operation) {
      case 'list':
        return { path: '/api/ingestions' };
      case 'detail':
        return { path: ofOne };
      case 'chunks':
        return { path: `${ofOne}/chunks` };
      case 'metrics':
        return { path: '/metrics' };
      case 'health':
        return { path: '/health/ready' };
      case 'ingest': {
        const file = join(folder, `small-${number}.json`);
        writeFileSync(file, '[{"id":1}]');
        return { path: '/api/ingest', posted: ingestBody(file, callbackUrl) };
      }
    }
  }
}
