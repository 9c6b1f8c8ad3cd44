import type { ChunkSession, ThreadUsage } from './chunk-session.ts';
import { ReadMeter } from './read-meter.ts';
import type { RunDependencies } from './run-context.ts';

/** What kinds of things a run waits for: a time that it chose itself, an attempt, or anything else. */
type Kind = 'wait' | 'attempt' | 'work';

/** What a run is busy with, as its dependencies are called by it. Everything that begins or ends there is progress, and every block that is read. */
export class RunActivity {
  readonly meter = new ReadMeter();
  readonly #open = new Map<symbol, { readonly kind: Kind; readonly name: string }>();
  #session: ChunkSession | null = null;
  #changes = 0n;
  #lastEnded = 'nothing';

  /** Another value whenever something went on. */
  get progress(): bigint {
    return this.#changes + this.meter.steps;
  }

  has(kind: Kind): boolean {
    return this.#open.values().some((operation) => operation.kind === kind);
  }

  /** What has begun and not ended, such as `session.next ×3, destination.attempt`. */
  get waitingFor(): string {
    const byName = Object.groupBy(this.#open.values(), ({ name }) => name);
    const texts = Object.entries(byName).map(([name, all = []]) =>
      all.length === 1 ? name : `${name} ×${all.length}`,
    );
    return texts.join(', ') || 'nothing';
  }

  /** What ended last. */
  get lastEnded(): string {
    return this.#lastEnded;
  }

  /** What the thread of the reading begun last uses; null: nobody knows. */
  async threadUsage(): Promise<ThreadUsage | null> {
    return (await this.#session?.usage?.()) ?? null;
  }

  /** The dependencies of a run, as this run is to call them. */
  observe(dependencies: RunDependencies): RunDependencies {
    const { clock, store, openSources, isUntouched, openSession, createDestination } = dependencies;
    return {
      ...dependencies,
      ...this.#observed({ openSources, isUntouched }, 'sources', 'work'),
      clock: this.#observed(clock, 'clock', 'wait'),
      store: this.#observed(store, 'store', 'work'),
      openSession: (start) => {
        const session = openSession({ ...start, meter: this.meter.memory });
        this.#session = session;
        return this.#observed(session, 'session', 'work');
      },
      createDestination: (ingestion) => this.#observed(createDestination(ingestion), 'destination', 'attempt'),
    };
  }

  /** An object of which every call that gives a promise is noted until that settles. */
  #observed<Target extends object>(target: Target, name: string, kind: Kind): Target {
    return new Proxy(target, {
      get: (_, member) => {
        const value: unknown = Reflect.get(target, member);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const result: unknown = Reflect.apply(value, target, args);
          if (result instanceof Promise) this.#note(result, { kind, name: `${name}.${String(member)}` });
          return result;
        };
      },
    });
  }

  #note(result: Promise<unknown>, operation: { readonly kind: Kind; readonly name: string }): void {
    const id = Symbol(operation.name);
    this.#open.set(id, operation);
    this.#changes += 1n;
    const end = () => {
      this.#open.delete(id);
      this.#changes += 1n;
      this.#lastEnded = operation.name;
    };
    result.then(end, end);
  }
}
