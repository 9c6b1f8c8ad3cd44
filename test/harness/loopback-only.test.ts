import { connect, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';

/** Of the range for documentation, RFC 5737. */
const OUTSIDE = '192.0.2.1';
const REFUSED = /tests connect to this machine only/;

describe('a test', () => {
  it('connects to no address outside of the machine, whichever client it uses', async () => {
    await expect(request(`http://${OUTSIDE}/`)).rejects.toThrow(REFUSED);
    await expect(fetch(`http://${OUTSIDE}/`)).rejects.toMatchObject({
      cause: { message: expect.stringMatching(REFUSED) },
    });
    expect((await failureOf(connect(80, OUTSIDE))).message).toMatch(REFUSED);
  });

  it('connects to no name that has such an address', async () => {
    const lookup: NonNullable<TcpSocketConnectOpts['lookup']> = (_, { all }, callback) => {
      if (all === true)
        callback(null, [
          { address: '127.0.0.1', family: 4 },
          { address: OUTSIDE, family: 4 },
        ]);
      else callback(null, OUTSIDE, 4);
    };
    const socket = connect({ host: 'outside.example', port: 80, lookup });
    expect((await failureOf(socket)).message).toMatch(REFUSED);
  });
});

function failureOf(socket: Socket): Promise<Error> {
  return new Promise((resolve) => {
    socket.once('error', resolve);
  });
}
