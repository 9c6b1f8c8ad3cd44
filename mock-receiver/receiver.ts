import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { z } from 'zod';
import { decodeWebhookSecret } from '../src/protocol/signature.ts';
import { type AttemptEvent, answerCallback } from './callback.ts';
import { referenceDialect } from './dialect.ts';
import { FaultPlan, type FaultRuleInput } from './fault-rules.ts';
import { legacyDialect } from './legacy-dialect.ts';
import { ReceiverStore } from './receiver-store.ts';
import { recordsBody } from './records-body.ts';
import { reportOn } from './report.ts';

/** The service's largest chunk is 64 MiB; the rest is room for one record's excess and the envelope. */
const MAX_BODY_BYTES = 72 * 1024 * 1024;

/** How a receiver is to behave; all of it has a default. */
export interface ReceiverOptions {
  /** The SQLite file that holds the state; without it, memory. */
  readonly statePath?: string;
  /** The `whsec_` secret that deliveries must be signed with; without it, signatures are not looked at. */
  readonly secret?: string;
  readonly faults?: readonly FaultRuleInput[];
  /** Decides the chance of faults with a probability. Default 1. */
  readonly seed?: number;
  /** Behave as the original Python receiver. */
  readonly isLegacy?: boolean;
  /** Bodies above it are answered with 413. Default 72 MiB. */
  readonly maxBodyBytes?: number;
  /** Wall clock, ms since 1970. Default the machine's. */
  readonly now?: () => number;
  /** Told of every request that was decided on, before its answer is sent. */
  readonly onAttempt?: (event: AttemptEvent) => void;
}

/** A receiver. One that was stopped cannot be started again; a second one on the same state file goes on where it was. */
export interface Receiver {
  readonly store: ReceiverStore;
  readonly faults: FaultPlan;
  /** Listens (port 0: any free one) and gives back the origin, such as `http://127.0.0.1:9000`. */
  start(port: number, host?: string): Promise<string>;
  /** Closes all connections, also those that wait for an answer, and the state. */
  stop(): Promise<void>;
}

/** Makes a receiver. Throws REQUEST_INVALID for a secret that is none, a ZodError for faults that are none. */
export function createReceiver(options: ReceiverOptions = {}): Receiver {
  const secret = options.secret ?? null;
  if (secret !== null) decodeWebhookSecret(secret);
  const store = new ReceiverStore(options.statePath ?? null);
  const faults = new FaultPlan(options.seed ?? 1);
  faults.replace(options.faults ?? []);
  const stopping = new AbortController();
  const app = createApp({ options, secret, store, faults, signal: stopping.signal });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  return {
    store,
    faults,
    async start(port, host = '127.0.0.1') {
      server.listen(port, host);
      await once(server, 'listening');
      const bound = server.address();
      assert(bound !== null && typeof bound === 'object');
      return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
    },
    async stop() {
      stopping.abort();
      if (server.listening) {
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      }
      store.close();
    },
  };
}

interface AppParts {
  readonly options: ReceiverOptions;
  readonly secret: string | null;
  readonly store: ReceiverStore;
  readonly faults: FaultPlan;
  readonly signal: AbortSignal;
}

function createApp({ options, secret, store, faults, signal }: AppParts): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const callbackContext = {
    store,
    faults,
    signal,
    dialect: options.isLegacy
      ? legacyDialect(store)
      : referenceDialect(store, { secret, now: options.now ?? Date.now }),
    maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
    onAttempt: options.onAttempt ?? (() => {}),
  };
  app.post('/callback', (c) => answerCallback(c.env, callbackContext));
  app.get('/report', (c) => c.json({ ingestions: store.ingestionIds().map((id) => reportOn(store, id)) }));
  app.get('/report/:ingestionId', (c) => c.json(reportOn(store, c.req.param('ingestionId'))));
  app.get('/attempts/:ingestionId', (c) => c.json({ attempts: store.attempts(c.req.param('ingestionId')) }));
  app.get('/records/:ingestionId', (c) => {
    const headers = { 'content-type': 'application/x-ndjson' };
    return new Response(recordsBody(store, c.req.param('ingestionId')), { headers });
  });
  app.get('/health', (c) => c.json({ status: 'ok' }));
  app.delete('/state', (c) => {
    store.clear();
    return c.body(null, 204);
  });
  app.get('/faults', (c) => c.json(faults.list()));
  app.put('/faults', async (c) => {
    faults.replace(await c.req.json());
    return c.json(faults.list());
  });
  app.onError((error, c) => {
    if (error instanceof z.ZodError) return c.json({ error: 'FAULTS_INVALID', issues: error.issues }, 422);
    if (error instanceof SyntaxError) return c.json({ error: 'FAULTS_NOT_JSON' }, 400);
    throw error;
  });
  return app;
}
