import { ServiceError } from '../../src/errors.ts';
import type { Ingestion } from '../../src/model/ingestion.ts';
import type { StateStore, SubmissionDecision } from '../../src/state/state-store.ts';
import { type Commit, ingestionOf } from './oracle/state-oracle.ts';
import type { SenderProcess } from './sender-process.ts';
import type { World } from './world.ts';

/** A call of the store, of whatever method. */
type Call = Pick<Commit, 'method' | 'args'>;

/**
 * The one store as a process sees it: before and after each call the process may end, and the medium may refuse. What commits is told to the oracle in the
 * order of the commits.
 */
export function gatedStore(world: World, process: SenderProcess): StateStore {
  return new Proxy(world.store, {
    get(_, name) {
      return async (...args: unknown[]) => {
        await process.pass(`before ${String(name)}`);
        if (world.isStoreRefusing) throw new ServiceError('STATE_UNAVAILABLE', { detail: 'The disk is full.' });
        const result = await observed(world, process, { method: name, args } as Call);
        await process.pass(`after ${String(name)}`);
        return result;
      };
    },
  });
}

/**
 * The driver is synchronous: all of a call has happened when it returns its promise. So what it made of the ingestions is read with nothing in between,
 * and looked at when it is known that it did not fail.
 */
function observed(world: World, process: SenderProcess, call: Call): Promise<unknown> {
  const { store } = world;
  const { method, args, affected } = withAffected(world, call);
  const called = (Reflect.get(store, method) as (...args: unknown[]) => Promise<unknown>).apply(store, [...args]);
  if (method.startsWith('get') || method.startsWith('list')) return called;
  const found = affected().map((ingestionId) => store.getIngestion(ingestionId));
  return world.inOrder(async () => {
    const result = await called;
    const afterwards = await Promise.all(found);
    tell(world, process, { ...call, result } as Commit, afterwards);
    return result;
  });
}

function tell(
  { state, time }: World,
  { name: by }: SenderProcess,
  commit: Commit,
  afterwards: readonly (Ingestion | null)[],
): void {
  if (commit.method === 'recoverAtStart') {
    for (const ingestion of afterwards) if (ingestion !== null) state.recovered(ingestion);
    return;
  }
  const after = commit.method === 'claimNext' ? commit.result : (afterwards[0] ?? null);
  if (after !== null && ingestionOf(commit) !== null) {
    state.committed(commit, after, { now: time.now(), by });
  }
}

/** A call, with the ingestions that it concerns as far as that is known once it was made. */
function withAffected(world: World, { method, args }: Call): Call & { readonly affected: () => readonly string[] } {
  if (method === 'recoverAtStart') {
    return { method, args, affected: () => world.state.ingestions.map(({ ingestionId }) => ingestionId) };
  }
  if (method === 'submit') {
    const [key, decide] = args as Parameters<StateStore['submit']>;
    let decision: SubmissionDecision | null = null;
    const remember: typeof decide = (met) => {
      decision = decide(met);
      return decision;
    };
    return { method, args: [key, remember], affected: () => (decision === null ? [] : [decision.answer.ingestionId]) };
  }
  const ingestionId = idIn(args[0]);
  return { method, args, affected: () => (ingestionId === null ? [] : [ingestionId]) };
}

/** An ingestion's id, or that of a run. */
function idIn(argument: unknown): string | null {
  if (typeof argument === 'string') return argument;
  const isRun = typeof argument === 'object' && argument !== null && 'epoch' in argument && 'ingestionId' in argument;
  return isRun ? String(argument.ingestionId) : null;
}
