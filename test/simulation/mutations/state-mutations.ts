import type { Mutation } from './mutation.ts';

const CHANGES = 'src/state/ingestion-changes.ts';
const RUN_WRITES = 'src/state/sqlite-run-writes.ts';

/** Bugs in what is on record. */
export const STATE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'no-epoch-check',
    file: RUN_WRITES,
    find: 'if (ingestion?.epoch === run.epoch && (',
    replacement: 'if (ingestion !== null && (',
    breaks: ['epoch-fenced'],
  },
  {
    name: 'claim-keeps-the-epoch',
    file: CHANGES,
    find: 'epoch: ingestion.epoch + 1,',
    replacement: 'epoch: ingestion.epoch,',
    breaks: ['epoch-fenced'],
  },
  {
    name: 'epoch-no-higher-than-the-receivers',
    file: RUN_WRITES,
    find: 'Math.max(before.epoch, highestEpoch) + 1;',
    replacement: 'Math.max(before.epoch, highestEpoch);',
    breaks: ['epoch-fenced'],
  },
  {
    name: 'ack-without-chain',
    file: CHANGES,
    find: 'checkpoint: checkpointAfter({ plan, chainChecksum }, ingestion.fingerprint),',
    replacement:
      'checkpoint: { ...checkpointAfter({ plan, chainChecksum }, ingestion.fingerprint), chainChecksum: ingestion.checkpoint.chainChecksum },',
    breaks: ['checkpoint-true'],
  },
  {
    name: 'rewind-forgets-plans',
    file: CHANGES,
    find: 'return { ...ingestion, checkpoint, retry, updatedAt: now };',
    replacement:
      'return { ...ingestion, checkpoint, retry, highestPlannedChunk: checkpoint.nextChunkNumber - 1, updatedAt: now };',
    breaks: ['plan-frozen', 'no-internal-error'],
  },
  {
    name: 'resume-from-the-start',
    file: CHANGES,
    find: "return { ...moved(ingestion, 'resume', now), queueSequence, retry: NO_FAILURES };",
    replacement:
      "return { ...moved(ingestion, 'resume', now), queueSequence, retry: NO_FAILURES, checkpoint: NOTHING_ACKED };",
    breaks: ['rewind-asked'],
  },
  {
    name: 'open-attempts-prove-not-stored',
    file: 'src/state/sqlite-attempt-table.ts',
    find: "outcome: 'unknown', reason: 'its run ended during the attempt' } as const;",
    replacement: "outcome: 'unknown', proves_not_stored: 1, reason: 'its run ended during the attempt' } as const;",
    breaks: ['halving-safe'],
  },
  {
    name: 'open-attempts-stay-open',
    file: 'src/state/sqlite-attempt-table.ts',
    find: "outcome: 'unknown', reason: 'its run ended during the attempt' } as const;",
    replacement: "reason: 'its run ended during the attempt' } as const;",
    breaks: ['no-internal-error', 'end-explained', 'made-whole'],
  },
  {
    name: 'attempt-begins-while-paused',
    file: RUN_WRITES,
    find: "const goesOn = after.status === 'RUNNING';",
    replacement: 'const goesOn = true;',
    breaks: ['stop-obeyed'],
  },
  {
    name: 'rejects-lost-with-the-plan',
    file: 'src/ingestion/run-journal.ts',
    find: 'nextChainChecksum(chainChecksum, plan.checksum) }, rejects };',
    replacement: 'nextChainChecksum(chainChecksum, plan.checksum) }, rejects: rejects.slice(1) };',
    breaks: ['rejects-exact', 'records-delivered'],
  },
  {
    name: 'wait-forgotten-with-the-slot',
    file: CHANGES,
    find: "return { ...moved(ingestion, 'release', now), nextAttemptAt };",
    replacement: "return moved(ingestion, 'release', now);",
    breaks: ['retry-in-bounds'],
  },
];
