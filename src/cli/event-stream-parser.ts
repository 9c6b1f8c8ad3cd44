/** A stream of server-sent events, read: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
import { ServiceError } from '../errors.ts';

/** An event of a stream. */
export interface StreamedEvent {
  readonly name: string;
  readonly data: string;
}

/** What came at once: no events where it was a sign of life. */
export interface StreamPiece {
  readonly events: readonly StreamedEvent[];
  /** The id to go on behind; null: there was none yet. */
  readonly lastId: string | null;
}

/** A block of a service has some hundred characters. */
const MAX_BLOCK_LENGTH = 1024 * 1024;

/** Reads one stream, piece by piece, wherever it was cut. */
export class EventStreamParser {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #lastId: string | null = null;

  /** Throws SERVICE_UNREACHABLE where there is no end to a block. */
  read(bytes: Uint8Array): StreamPiece {
    const blocks = `${this.#rest}${this.#decoder.decode(bytes, { stream: true })}`.split('\n\n');
    this.#rest = blocks.pop() ?? '';
    if (this.#rest.length > MAX_BLOCK_LENGTH) {
      throw new ServiceError('SERVICE_UNREACHABLE', { detail: 'What answers there sends no stream of events.' });
    }
    return { events: blocks.flatMap((block) => this.#eventOf(block)), lastId: this.#lastId };
  }

  #eventOf(block: string): StreamedEvent[] {
    let name = 'message';
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'id') this.#lastId = value;
      else if (field === 'event') name = value;
      else if (field === 'data') data.push(value);
    }
    // Without data it is none, and its id counts all the same.
    return data.length === 0 ? [] : [{ name, data: data.join('\n') }];
  }
}
