import type { Mutation } from './mutation.ts';

const LEG = 'src/ingestion/run-leg.ts';

/** Bugs in how chunks are cut and runs go on. */
export const INGESTION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'plans-again-after-a-restart',
    file: LEG,
    find: 'highestPlannedChunk: ingestion.highestPlannedChunk,',
    replacement: 'highestPlannedChunk: ingestion.highestAckedChunk,',
    breaks: ['planned-before-sent', 'plan-frozen', 'no-internal-error', 'same-bytes'],
  },
  {
    name: 'halving-forgotten',
    file: LEG,
    find: 'chunkBounds(ingestion.delivery, ingestion.closeAtBytes)',
    replacement: 'chunkBounds(ingestion.delivery, null)',
    breaks: ['sizes-in-force'],
  },
  {
    name: 'new-sizes-not-looked-at',
    file: 'src/ingestion/ingestion-queue.ts',
    find: 'this.#runs.get(ingestionId)?.control.announceChange();',
    replacement: 'this.#runs.get(ingestionId);',
    breaks: ['sizes-in-force'],
  },
  {
    name: 'completed-before-the-last-ack',
    file: LEG,
    find: "if (result.kind !== 'acknowledged') return endOf(context, result);",
    replacement: "if (result.kind !== 'acknowledged' && !current.plan.isLast) return endOf(context, result);",
    breaks: ['completed-true', 'no-internal-error', 'end-explained'],
  },
  {
    name: 'wait-forgotten-while-the-store-refused',
    file: 'src/ingestion/run-ingestion.ts',
    find: 'return await stop(context);',
    replacement: 'return await context.dependencies.store.releaseRun(context.key, null, context.now());',
    breaks: ['retry-in-bounds'],
  },
  {
    name: 'rejects-kept-that-fit-now',
    file: LEG,
    find: 'if (context.ingestion.rejectedRecords > 0) {',
    replacement: 'if (context.ingestion.rejectedRecords < 0) {',
    breaks: ['rejects-exact', 'records-delivered'],
  },
  {
    name: 'source-not-looked-at-again',
    file: LEG,
    find: 'checkSource: ({ plan }) => refuseTouchedFiles(context, this.#sources, plan),',
    replacement: 'checkSource: async () => {},',
    breaks: ['records-delivered', 'made-whole'],
  },
  {
    name: 'last-chunk-not-known',
    file: 'src/chunking/chunker.ts',
    find: '      body.add(record);\n      this.#cursor.take();\n    }\n',
    replacement:
      '      body.add(record);\n      this.#cursor.take();\n      if (body.recordCount >= maxRecords) return this.#finish(body, bounds, record);\n    }\n',
    breaks: ['plan-frozen', 'records-delivered', 'made-whole', 'checkpoint-true'],
  },
  {
    name: 'record-repeated-behind-a-rebuilt-chunk',
    file: 'src/chunking/chunker.ts',
    find: '    this.#recordOffset += chunk.plan.recordCount;',
    replacement: '    this.#recordOffset += 1;',
    breaks: ['plan-frozen', 'no-internal-error'],
  },
  {
    name: 'halved-by-an-eighth',
    file: 'src/ingestion/split-plan.ts',
    find: 'maxRecords: Math.ceil(recordCount / 2), closeAtBytes: null }',
    replacement: 'maxRecords: Math.ceil(recordCount / 8), closeAtBytes: null }',
    breaks: ['halving-safe'],
  },
];
