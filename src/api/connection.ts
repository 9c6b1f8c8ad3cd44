import type { Context } from 'hono';

/** What the server knows of the connection that a request came over. */
export interface Connection {
  readonly remoteAddress: string;
  /** Our end: where the client meant to go, whatever name it had. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Ends it at once, so that an answer under way does not look complete. */
  readonly breakOff: () => void;
}

/** What the gate finds and leaves with a request. */
export interface GateEnv {
  Bindings: Connection;
  Variables: { remoteAddress?: string; tokenId?: string };
}

/** The connection of a request; null: it came from within this process. */
export function connectionOf(context: Context): Connection | null {
  const connection: Connection | undefined = context.env;
  return connection ?? null;
}
