/*
 * Traces by the OpenTelemetry API alone: where nobody has registered an SDK in the process, every call here does nothing. An attempt is a trace of its own,
 * linked to the span of the run that it belongs to: an ingestion of days and a hundred thousand chunks would make a trace that no tool shows.
 */
import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { AttemptContext, Destination } from '../delivery/destination.ts';
import type { PostChannel } from '../delivery/post-channel.ts';
import type { Ingestion } from '../model/ingestion.ts';
import type { Outcome } from '../model/outcome.ts';
import { redactUrl } from '../model/redact-url.ts';

/** The traces of one service. */
export class DeliveryTraces {
  readonly #tracer: Tracer;
  /** The span of each run under way, by the id of its ingestion. */
  readonly #runs = new Map<string, SpanContext>();

  constructor(version: string) {
    this.#tracer = trace.getTracer('ackstream', version);
  }

  /** A span around one run. Throws what the run throws. */
  async traceRun({ ingestionId, epoch, fileType }: Ingestion, run: () => Promise<void>): Promise<void> {
    const attributes = {
      'ackstream.ingestion.id': ingestionId,
      'ackstream.epoch': epoch,
      'ackstream.file.type': fileType,
    };
    const span = this.#tracer.startSpan('ingestion run', { root: true, attributes });
    const spanContext = span.spanContext();
    this.#runs.set(ingestionId, spanContext);
    try {
      await run();
    } finally {
      span.end();
      // A run that was given up may end when the next one is under way.
      if (this.#runs.get(ingestionId) === spanContext) this.#runs.delete(ingestionId);
    }
  }

  /** Traces the attempts at one callback. */
  to(callbackUrl: string): AttemptTraces {
    return new AttemptTraces({
      callbackUrl,
      tracer: this.#tracer,
      runOf: (ingestionId) => this.#runs.get(ingestionId),
    });
  }
}

interface AttemptTracesOptions {
  readonly callbackUrl: string;
  readonly tracer: Tracer;
  readonly runOf: (ingestionId: string) => SpanContext | undefined;
}

/**
 * The attempts at one callback, one at a time: a span around each attempt of the destination, which the channel below it sends along. Handed over here and not by an active
 * context, which would need the operator's SDK to follow asynchronous calls.
 */
export class AttemptTraces {
  readonly #options: AttemptTracesOptions;
  #current: { readonly span: Span; readonly context: Context } | null = null;

  constructor(options: AttemptTracesOptions) {
    this.#options = options;
  }

  /** A channel that sends the trace context along, in headers that give way to all others. */
  channel(channel: PostChannel): PostChannel {
    return {
      post: async (post) => {
        const current = this.#current;
        if (current === null) return channel.post(post);
        const carrier: Record<string, string> = {};
        propagation.inject(current.context, carrier, {
          set: (headers, name, value) => {
            headers[name.toLowerCase()] = value;
          },
        });
        const exchange = await channel.post({ ...post, headers: { ...carrier, ...post.headers } });
        if ('status' in exchange && exchange.status !== null) {
          current.span.setAttribute('http.response.status_code', exchange.status);
        }
        return exchange;
      },
      close: () => channel.close(),
    };
  }

  /** A destination with a span around each attempt. */
  destination(destination: Destination): Destination {
    return {
      attempt: (chunk, context) => {
        const { chunkNumber, recordCount } = chunk.plan;
        const about = {
          'ackstream.chunk.number': chunkNumber,
          'ackstream.chunk.records': recordCount,
          'http.request.body.size': chunk.body.length,
        };
        return this.#trace('POST chunk', context, about, () => destination.attempt(chunk, context));
      },
      complete: (completion, context) =>
        this.#trace('POST COMPLETED', context, {}, () => destination.complete(completion, context)),
      close: () => destination.close(),
    };
  }

  async #trace(
    name: string,
    attempt: AttemptContext,
    about: Attributes,
    send: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const { tracer, runOf, callbackUrl } = this.#options;
    const run = runOf(attempt.ingestionId);
    const span = tracer.startSpan(name, {
      root: true,
      kind: SpanKind.CLIENT,
      attributes: { ...attributesOf(callbackUrl, attempt), ...about },
      links: run === undefined ? [] : [{ context: run }],
    });
    this.#current = { span, context: trace.setSpan(ROOT_CONTEXT, span) };
    try {
      const outcome = await send();
      settle(span, outcome);
      return outcome;
    } finally {
      this.#current = null;
      span.end();
    }
  }
}

/** By OpenTelemetry's semantic conventions for HTTP clients, and under `ackstream.` what those have no name for. */
function attributesOf(callbackUrl: string, { ingestionId, epoch, attempt }: AttemptContext): Attributes {
  const { hostname, port, protocol } = new URL(callbackUrl);
  return {
    'http.request.method': 'POST',
    'url.full': redactUrl(callbackUrl),
    'server.address': hostname,
    'server.port': port === '' ? DEFAULT_PORTS[protocol] : Number(port),
    ...(attempt > 1 ? { 'http.request.resend_count': attempt - 1 } : {}),
    'ackstream.ingestion.id': ingestionId,
    'ackstream.epoch': epoch,
    'ackstream.attempt': attempt,
  };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function settle(span: Span, outcome: Outcome): void {
  span.setAttribute('ackstream.outcome', outcome.kind);
  if (outcome.kind === 'acknowledged') return;
  span.setAttribute('error.type', outcome.kind);
  span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.reason });
}
