// An example of how to have Ackstream traced: copy it, put your exporter in, and start the service with it, as docs/metrics.md says. What it imports is to be
// installed beside it (`npm install @opentelemetry/sdk-trace-base @opentelemetry/core`); Ackstream itself brings only @opentelemetry/api along.
import { isMainThread } from 'node:worker_threads';
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, BatchSpanProcessor, ConsoleSpanExporter } from '@opentelemetry/sdk-trace-base';

// Node runs this in each thread that reads, too, where there is nothing to trace.
if (isMainThread) {
  const processor = new BatchSpanProcessor(new ConsoleSpanExporter());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  // What was not exported yet when the service ends.
  process.on('beforeExit', () => processor.forceFlush());
}
