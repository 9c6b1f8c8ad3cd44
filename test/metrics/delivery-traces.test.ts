import { join } from 'node:path';
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it } from 'vitest';
import { setScene } from '../harness/scene.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { until } from '../harness/until.ts';
import { startWireTap, type WireMessage } from '../harness/wire-tap.ts';
import { projectRoot } from '../repo/project-files.ts';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/;

/** What an operator's SDK does when it is registered. */
function register(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  propagation.setGlobalPropagator({
    inject(context, carrier, { set }) {
      const span = trace.getSpanContext(context);
      if (span !== undefined) set(carrier, 'TraceParent', `00-${span.traceId}-${span.spanId}-0${span.traceFlags}`);
    },
    extract: (context) => context,
    fields: () => ['traceparent'],
  });
  return exporter;
}

afterEach(() => {
  trace.disable();
  propagation.disable();
});

/** Trace and span as the receiver was told them; undefined: it was not. */
function toldTo({ headers }: WireMessage): readonly string[] | undefined {
  return TRACEPARENT.exec(String(headers.traceparent))?.slice(1);
}

describe('Traces', () => {
  it('are neither made nor sent where nobody has registered an SDK', async () => {
    const { receiver, deliver } = await setScene({ recordCount: 20 });
    const tap = await startWireTap(receiver.callbackUrl);
    await deliver({ callback_url: tap.url });
    expect(tap.messages).toHaveLength(3);
    for (const { headers } of tap.messages) expect(headers).not.toHaveProperty('traceparent');
  });

  it('have a span for each attempt, known to the receiver and linked to the run of the ingestion', async () => {
    const exporter = register();
    const { receiver, deliver, expectDelivered } = await setScene({ recordCount: 20 });
    receiver.setFaults({ fault: 'status', status: 503, chunk: 1, times: 1 });
    const tap = await startWireTap(receiver.callbackUrl);
    const { ingestion_id } = await deliver({ callback_url: `${tap.url}?key=s3cret` });
    await expectDelivered(ingestion_id);

    // The run ends after its ingestion is seen to be completed.
    const spans = await until(
      () => exporter.getFinishedSpans(),
      (finished) => finished.some(({ name }) => name === 'ingestion run'),
    );
    const [run] = spans.filter(({ name }) => name === 'ingestion run');
    const attempts = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(attempts.map(({ name }) => name)).toEqual(['POST chunk', 'POST chunk', 'POST chunk', 'POST COMPLETED']);
    expect(tap.messages.map(toldTo)).toEqual(
      attempts.map((span) => [span.spanContext().traceId, span.spanContext().spanId]),
    );
    expect(new Set(attempts.map((span) => span.spanContext().traceId)).size).toBe(4);
    for (const { links, attributes } of attempts) {
      expect(links.map(({ context }) => context)).toEqual([run?.spanContext()]);
      expect(attributes).toMatchObject({ 'ackstream.ingestion.id': ingestion_id, 'server.address': '127.0.0.1' });
    }
    expect(run?.attributes).toEqual({
      'ackstream.ingestion.id': ingestion_id,
      'ackstream.epoch': 1,
      'ackstream.file.type': 'json',
    });
    expect(attempts[0]?.attributes).toEqual({
      'http.request.method': 'POST',
      'http.request.body.size': tap.messages[0]?.bytes.length,
      'http.response.status_code': 200,
      'url.full': `${tap.url}?…`,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(tap.url).port),
      'ackstream.ingestion.id': ingestion_id,
      'ackstream.epoch': 1,
      'ackstream.attempt': 1,
      'ackstream.chunk.number': 0,
      'ackstream.chunk.records': 10,
      'ackstream.outcome': 'acknowledged',
    });
    expect(attempts[0]?.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(attempts[1]?.attributes).toMatchObject({
      'http.response.status_code': 503,
      'error.type': 'unavailable',
      'ackstream.outcome': 'unavailable',
    });
    expect(attempts[1]?.status.code).toBe(SpanStatusCode.ERROR);
    expect(attempts[2]?.attributes).toMatchObject({ 'http.request.resend_count': 1, 'ackstream.attempt': 2 });
    expect(JSON.stringify(attempts.map(({ attributes }) => attributes))).not.toContain('s3cret');
  });

  it('give way to headers that the request for the ingestion has set', async () => {
    register();
    const { receiver, deliver } = await setScene({ recordCount: 10 });
    const tap = await startWireTap(receiver.callbackUrl);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await deliver({ callback_url: tap.url, callback_headers: { TraceParent: traceparent } });
    expect(tap.messages.map(({ headers }) => headers.traceparent)).toEqual([traceparent, traceparent]);
  });

  it('are made by an SDK that Node is told to import, as the example in deploy/ does', async () => {
    const { folder, receiver, filePath, service } = await setScene({ recordCount: 20 });
    await service.stop();
    const tap = await startWireTap(receiver.callbackUrl);
    const { api, process, ended } = await startServiceProcess(folder, {
      NODE_OPTIONS: `--import=${join(projectRoot, 'deploy', 'tracing.mjs')}`,
    });
    let printed = '';
    process.stdout?.on('data', (text) => {
      printed += String(text);
    });
    const { body } = await api.ingest({ file_path: filePath, callback_url: tap.url, chunk_size_by_records: 10 });
    await api.untilStatus(body.ingestion_id, 'COMPLETED');
    process.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
    const told = tap.messages.map(toldTo);
    expect(told).toHaveLength(3);
    for (const [traceId = 'none', spanId = 'none'] of told.map((ids) => ids ?? [])) {
      expect(printed).toContain(traceId);
      expect(printed).toContain(spanId);
    }
    expect(printed).toContain("name: 'ingestion run'");
  });
});
