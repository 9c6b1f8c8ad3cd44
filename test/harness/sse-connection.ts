import { request } from 'undici';
import { onTestFinished } from 'vitest';

/** An event as it came over the wire. */
export interface ReceivedSse {
  readonly id: number;
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A client of a stream of events, which does not connect anew by itself. */
export class SseConnection {
  readonly events: ReceivedSse[] = [];
  /** The last id that came, with an event or without. */
  lastId: number | null = null;
  /** Whether the answer came to its end, rather than being broken off. */
  isComplete = false;
  readonly ended: Promise<void>;
  readonly #abort: AbortController;

  private constructor(body: AsyncIterable<Uint8Array>, abort: AbortController) {
    this.#abort = abort;
    this.ended = this.#read(body).catch(() => {});
  }

  /** Connects; it is closed when the test has finished. Throws where the answer is not 200. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SseConnection> {
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const { statusCode, body } = await request(url, { headers: { ...headers }, signal: abort.signal });
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    return new SseConnection(body, abort);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async #read(body: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const bytes of body) {
      const blocks = (text + decoder.decode(bytes, { stream: true })).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
    this.isComplete = true;
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
    );
    const id = fields.get('id');
    if (id !== undefined) this.lastId = Number(id);
    const data = fields.get('data');
    if (data === undefined) return;
    this.events.push({ id: Number(id), name: fields.get('event') ?? '', data: JSON.parse(data) });
  }
}
