import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection on which a test writes what no client would. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;
  #received = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    // What the server does not want any more may be refused by a reset.
    socket.on('error', () => {});
    this.#closed = once(socket, 'close');
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text;
    });
  }

  /** Connects to the root of a service; the connection is closed when the test has finished. */
  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    onTestFinished(() => void socket.destroy());
    const connection = new RawConnection(socket);
    await once(socket, 'connect');
    return connection;
  }

  write(text: string): this {
    this.#socket.write(text, 'latin1');
    return this;
  }

  /** Whatever arrived until the server closed the connection. */
  async untilClosed(): Promise<string> {
    await this.#closed;
    return this.#received;
  }

  /** The answers that came until the server closed the connection. */
  async answers(): Promise<readonly RawAnswer[]> {
    return parseAnswers(await this.untilClosed());
  }
}

/** Answers one after the other, each with a length. */
function parseAnswers(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== ''; ) {
    const [head = '', ...more] = rest.split('\r\n\r\n');
    const [statusLine = '', ...lines] = head.split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const after = more.join('\r\n\r\n');
    const length = Number(headers['content-length'] ?? 0);
    answers.push({ status: Number(statusLine.split(' ')[1]), headers, body: after.slice(0, length) });
    rest = after.slice(length);
  }
  return answers;
}
