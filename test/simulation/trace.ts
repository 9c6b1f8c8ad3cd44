/** What happened in a world, in order: for a person who looks into a violation. The same scenario gives the same lines. */
export class Trace {
  readonly #lines: { readonly elapsedMs: number; readonly actor: string; readonly text: string }[] = [];
  readonly #elapsed: () => number;

  /** @param elapsed ms since the world began */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  note(actor: string, text: string): void {
    this.#lines.push({ elapsedMs: this.#elapsed(), actor, text });
  }

  /** One line for each event: when, who, what. */
  toString(): string {
    return this.#lines
      .map(({ elapsedMs, actor, text }) => `${formatTime(elapsedMs).padStart(14)}  ${actor.padEnd(12)}  ${text}`)
      .join('\n');
  }
}

function formatTime(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${clock.map((part) => String(part).padStart(2, '0')).join(':')}.${String(elapsedMs % 1000).padStart(3, '0')}`;
}
