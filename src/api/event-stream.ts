/** Events on the wire: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { FeedItem } from '../ingestion/event-feed.ts';
import type { Clock } from '../model/clock.ts';
import { presentEvent } from './event-schemas.ts';

/** The media type of a stream of events. */
export const EVENT_STREAM_MEDIA_TYPE = 'text/event-stream';

/** How long a client waits before it connects anew: the answer of a service that has just started again. */
const RECONNECT_MS = 1_000;
/** Who has taken nothing for so long has gone, or is too slow: the connection is free for others, and what was missed can be asked for. */
const LONGEST_STALL_MS = 30_000;

/** What a stream needs besides its items. */
export interface EventStreamOptions {
  readonly clock: Clock;
  /** Whether its reader may still be given anything: asked with each item. */
  readonly isAllowed: () => boolean;
  /** Nobody reads any longer: whatever the items wait for shall end. */
  readonly onEnd: () => void;
  /** The reader does not take what is there: it is to be left. */
  readonly onStalled: () => void;
  /** The items failed: the answer must not look complete. What it throws the stream fails with. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The stream of what a feed gives, of which one piece at a time is held: the next is asked for when the socket has taken the last.
 * @param first the item that was taken already
 */
export function eventStream(
  first: FeedItem,
  items: AsyncGenerator<FeedItem, void, undefined>,
  { clock, isAllowed, onEnd, onStalled, onFailure }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let offered = new AbortController();
  let isOver = false;
  const end = async (): Promise<void> => {
    isOver = true;
    offered.abort();
    onEnd();
    await items.return();
  };
  const offer = (controller: ReadableStreamDefaultController<Uint8Array>, item: FeedItem): void => {
    controller.enqueue(encoder.encode(toWire(item)));
    const { signal } = offered;
    void clock.sleep(LONGEST_STALL_MS, signal).then(() => {
      if (signal.aborted) return;
      onStalled();
      return end();
    });
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => offer(controller, first),
      async pull(controller) {
        offered.abort();
        offered = new AbortController();
        try {
          const { value, done } = await items.next();
          if (isOver) return;
          if (done !== true && isAllowed()) return offer(controller, value);
          controller.close();
          await end();
        } catch (error) {
          await end();
          onFailure(error);
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

function toWire(item: FeedItem): string {
  switch (item.kind) {
    case 'start':
      // An event without data is none, but its id counts: who is cut off before the first event goes on from here.
      return `retry: ${RECONNECT_MS}\nid: ${item.after}\n\n`;
    case 'gap':
      return block(item.oldestId - 1, 'gap', { oldest_id: item.oldestId });
    case 'events':
      return item.events.map((event) => block(event.id, event.content.kind, presentEvent(event))).join('');
    case 'heartbeat':
      // The number as at the start: what was looked at need not be looked at again.
      return `: alive\nid: ${item.after}\n\n`;
  }
}

/** JSON has no line breaks but escaped ones, so that the data is one line. */
function block(id: number, name: string, body: object): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(body)}\n\n`;
}
