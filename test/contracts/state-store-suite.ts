import { afterEach, beforeEach, describe } from 'vitest';
import { describeAttempts } from './state-store/attempts.ts';
import { describeDeletions } from './state-store/deletions.ts';
import { describeEvents } from './state-store/events.ts';
import { describeFailedAttempts } from './state-store/failed-attempts.ts';
import { describeInvariants } from './state-store/invariants.ts';
import { describeLedger } from './state-store/ledger.ts';
import { describeMoves } from './state-store/moves.ts';
import { describeOvertakenRuns } from './state-store/overtaken-runs.ts';
import { describePages } from './state-store/pages.ts';
import { describeQueue } from './state-store/queue.ts';
import { describeRecovery } from './state-store/recovery.ts';
import { describeRejects } from './state-store/rejects.ts';
import { describeReservations } from './state-store/reservations.ts';
import type { OpenedStateStore } from './state-store/subject.ts';
import { describeSubmissions } from './state-store/submissions.ts';

/** What every {@link StateStore} must do. `open` gives an empty one. */
export function describeStateStore(name: string, open: () => Promise<OpenedStateStore>): void {
  describe(`${name}: the contract of StateStore`, () => {
    let opened: OpenedStateStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const subject = () => opened;
    describeSubmissions(subject);
    describeMoves(subject);
    describeQueue(subject);
    describeLedger(subject);
    describeAttempts(subject);
    describeFailedAttempts(subject);
    describeOvertakenRuns(subject);
    describeRecovery(subject);
    describeRejects(subject);
    describeEvents(subject);
    describePages(subject);
    describeDeletions(subject);
    describeReservations(subject);
    describeInvariants(subject);
  });
}
