/** A real service, asked over HTTP, with an ingestion in each state that the operations need. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createReceiver } from '../../mock-receiver/receiver.ts';
import { type RunningService, serve } from '../../src/serve.ts';
import { writeFeed } from '../harness/feed.ts';
import { testConfig } from '../harness/service.ts';
import { until } from '../harness/until.ts';
import { type Answer, type DocumentedOperation, type OpenApiDocument, operationsOf } from './openapi-document.ts';

/** A request to the service. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** A text goes as it is, all else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the tests of one file share. */
export interface DocumentedService {
  readonly folder: string;
  /** A feed of 35 records. */
  readonly filePath: string;
  readonly callbackUrl: string;
  /** Of a receiver that answers 503. */
  readonly busyUrl: string;
  readonly document: OpenApiDocument;
  readonly ids: {
    /** Delivered in 4 chunks, and verified. */
    readonly completed: string;
    /** Delivered, with 3 bad records set aside. */
    readonly withRejects: string;
    /** Delivered, to be deleted by whoever asks first. */
    readonly deletable: string;
    /** Paused by a person after an attempt that the receiver answered with 503. */
    readonly paused: string;
  };
  operation(id: string): DocumentedOperation;
  ask(call: Call): Promise<Answer>;
  /** Submits the feed, but for what the fields say otherwise; its id. */
  submit(fields: Readonly<Record<string, unknown>>): Promise<string>;
  /** Waits until an ingestion is shown with a text. */
  untilShown(id: string, text: string): Promise<string>;
}

/** Starts one for the tests of a file, and stops it behind them. What it gives back may be used by tests alone. */
export function useDocumentedService(): DocumentedService {
  const folder = mkdtempSync(join(tmpdir(), 'ackstream-documented-'));
  const filePath = join(folder, 'products.json');
  const ids = { completed: '', withRejects: '', deletable: '', paused: '' };
  const receiver = createReceiver();
  const busy = createServer((_incoming, outgoing) => outgoing.writeHead(503).end('busy'));
  const started = { callbackUrl: '', busyUrl: '', document: {} as OpenApiDocument };
  let running: RunningService;

  const ask = async ({ method, path, body, headers = {} }: Call): Promise<Answer> => {
    const answer = await fetch(running.url + path, {
      method,
      headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const isEndless = answer.headers.get('Content-Type') === 'text/event-stream';
    if (isEndless) await answer.body?.cancel();
    return { status: answer.status, headers: answer.headers, text: isEndless ? '' : await answer.text() };
  };
  const submit: DocumentedService['submit'] = async (fields) => {
    const sound = { file_path: filePath, callback_url: started.callbackUrl, chunk_size_by_records: 10 };
    const { text } = await ask({ method: 'POST', path: '/api/ingest', body: { ...sound, ...fields } });
    return (JSON.parse(text) as { ingestion_id: string }).ingestion_id;
  };
  const delivered = async (fields: Readonly<Record<string, unknown>>): Promise<string> => {
    const id = await submit(fields);
    await untilShown(id, '"status":"COMPLETED"');
    return id;
  };
  const untilShown = (id: string, shown: string) =>
    until(
      async () => (await ask({ method: 'GET', path: `/api/ingestions/${id}` })).text,
      (text) => text.includes(shown),
    );

  beforeAll(async () => {
    writeFeed(filePath, 35);
    const tablePath = join(folder, 'table.csv');
    writeFileSync(tablePath, 'a,b\n1,2\n3\n4,5\n6\n7,8,9\n');
    started.callbackUrl = `${await receiver.start(0)}/callback`;
    busy.listen(0, '127.0.0.1');
    await once(busy, 'listening');
    started.busyUrl = `http://127.0.0.1:${(busy.address() as AddressInfo).port}/`;
    running = await serve(testConfig(folder), { logger: { debug() {}, info() {}, warn() {}, error() {} } });
    started.document = JSON.parse((await ask({ method: 'GET', path: '/openapi.json' })).text) as OpenApiDocument;
    ids.completed = await delivered({});
    await ask({ method: 'POST', path: `/api/ingestions/${ids.completed}/verify` });
    ids.withRejects = await delivered({ file_path: tablePath, on_bad_record: 'quarantine' });
    ids.deletable = await delivered({ re_ingestion: true });
    ids.paused = await submit({ re_ingestion: true, callback_url: started.busyUrl, retry: { max_delay: '1h' } });
    await untilShown(ids.paused, 'ATTEMPT_FAILED');
    await ask({ method: 'POST', path: `/api/ingestions/${ids.paused}/pause` });
  });
  afterAll(async () => {
    await running.stop();
    await receiver.stop();
    busy.close();
    rmSync(folder, { recursive: true });
  });

  return {
    folder,
    filePath,
    ids,
    get callbackUrl() {
      return started.callbackUrl;
    },
    get busyUrl() {
      return started.busyUrl;
    },
    get document() {
      return started.document;
    },
    operation(id) {
      const found = operationsOf(started.document.paths).find((one) => one.id === id);
      if (found === undefined) throw new Error(`no operation ${id}`);
      return found;
    },
    ask,
    submit,
    untilShown,
  };
}
