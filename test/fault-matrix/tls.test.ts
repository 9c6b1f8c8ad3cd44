/*
 * Receivers behind TLS. The certificates are real ones; what is proven is that nothing of a request ever leaves for a server that cannot show who it
 * is, that no setting of the process can change that, and that a service told of an authority delivers to its servers.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createPostChannel, DEFAULT_TIMEOUTS, type Exchange } from '../../src/delivery/post-channel.ts';
import { type TlsTrust, trustAuthoritiesOf } from '../../src/egress/tls-trust.ts';
import { createUrlGuard } from '../../src/egress/url-guard.ts';
import { httpOk, listenTcp, onEachRequest } from '../delivery/receivers.ts';
import { feedRecords, writeFeed } from '../harness/feed.ts';
import { startService } from '../harness/service.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { AUTHORITY_PEM, CONTEXTS, LOCAL_HOST, OUTDATED_CIPHERS, RECEIVER_HOST } from './certificates.ts';

const guard = createUrlGuard({
  allow: null,
  isLoopbackAllowed: true,
  resolve: async () => [{ address: '127.0.0.1', family: 4 }],
});

const { NODE_TLS_REJECT_UNAUTHORIZED } = process.env;
const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
const AUTHORITIES_OF_NODE = tls.getCACertificates('default');

afterEach(() => {
  if (NODE_TLS_REJECT_UNAUTHORIZED === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  else process.env.NODE_TLS_REJECT_UNAUTHORIZED = NODE_TLS_REJECT_UNAUTHORIZED;
  Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS });
  tls.setDefaultCACertificates(AUTHORITIES_OF_NODE);
});

/** A receiver that acknowledges everything, or answers otherwise; `received` is what came through the encryption. */
async function listenTls(
  secureContext: tls.SecureContext,
  answer = (socket: tls.TLSSocket): unknown => socket.write(httpOk()),
) {
  const received: string[] = [];
  const { url } = await listenTcp((socket) => {
    const secure = new tls.TLSSocket(socket, { isServer: true, secureContext });
    secure.on('error', () => socket.destroy());
    secure.on('data', (part) => received.push(part.toString('latin1')));
    onEachRequest(secure, () => answer(secure));
  });
  return { port: new URL(url).port, received };
}

async function post(port: string, trust?: TlsTrust): Promise<Exchange> {
  const url = new URL(`https://${RECEIVER_HOST}:${port}/callback`);
  const channel = createPostChannel({ url, guard, timeouts: DEFAULT_TIMEOUTS, trust });
  onTestFinished(() => channel.close());
  return channel.post({ headers: {}, body: Buffer.from('{}'), signal: new AbortController().signal });
}

function authorityFile(): string {
  const file = join(tempFolder(), 'authority.pem');
  writeFileSync(file, AUTHORITY_PEM);
  return file;
}

describe('a server with a sound certificate', () => {
  it('of a trusted authority is sent to', async () => {
    const { port, received } = await listenTls(CONTEXTS.sound);
    expect(await post(port, trustAuthoritiesOf(authorityFile()))).toMatchObject({ kind: 'answered', status: 200 });
    expect(received.join('')).toContain('POST /callback');
  });

  it('of an authority that Node trusts is sent to, also where others were named', async () => {
    const others = join(tempFolder(), 'others.pem');
    writeFileSync(others, AUTHORITIES_OF_NODE[0] ?? '');
    tls.setDefaultCACertificates([AUTHORITY_PEM]);
    const { port } = await listenTls(CONTEXTS.sound);
    expect((await post(port)).kind).toBe('answered');
    expect((await post(port, trustAuthoritiesOf(others))).kind).toBe('answered');
  });

  it('is cut where its answer does not end, as without TLS', async () => {
    const cut = Promise.withResolvers<void>();
    const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1_000);
    const { port } = await listenTls(CONTEXTS.sound, (socket) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(hint));
      };
      socket.on('drain', pour).on('close', () => cut.resolve());
      pour();
    });
    expect(await post(port, trustAuthoritiesOf(authorityFile()))).toMatchObject({
      kind: 'unanswered',
      reason: expect.stringContaining('longer than'),
    });
    await cut.promise;
  });

  it('of an authority that nobody named is not sent to', async () => {
    const { port, received } = await listenTls(CONTEXTS.sound);
    expect(await post(port)).toMatchObject({ kind: 'not-connected' });
    expect(received).toEqual([]);
  });
});

describe('a server that cannot show who it is', () => {
  it.each<[keyof typeof CONTEXTS, RegExp]>([
    ['expired', /expired/],
    ['wrongHost', /does not match certificate's altnames/],
    ['selfSigned', /^self-signed certificate \(DEPTH_ZERO_SELF_SIGNED_CERT\); .* ACKSTREAM_CALLBACK_CA /],
    ['unknownAuthority', /signature failure|unable to verify/],
    ['outdated', /^TLS failed: .*(protocol version|unsupported protocol) \(ERR_SSL_\w+\)$/i],
  ])('is not sent a byte, whatever the process was told: %s', async (name, reason) => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: OUTDATED_CIPHERS });
    const { port, received } = await listenTls(CONTEXTS[name]);
    tls.setDefaultCACertificates([AUTHORITY_PEM]);
    for (const trust of [undefined, trustAuthoritiesOf(authorityFile())]) {
      expect(await post(port, trust)).toMatchObject({ kind: 'not-connected', reason: expect.stringMatching(reason) });
    }
    expect(received).toEqual([]);
  });

  it('is one that others would talk to, where it speaks TLS 1.1', async () => {
    const { port } = await listenTls(CONTEXTS.outdated);
    const socket = tls.connect({
      port: Number(port),
      host: '127.0.0.1',
      servername: RECEIVER_HOST,
      ca: AUTHORITY_PEM,
      minVersion: 'TLSv1',
      ciphers: OUTDATED_CIPHERS,
    });
    await once(socket, 'secureConnect');
    expect(socket.getProtocol()).toBe('TLSv1.1');
    socket.destroy();
  });
});

describe('a service', () => {
  it('delivers to servers of the authorities that it was told of, and to no others', async () => {
    const folder = tempFolder();
    const filePath = join(folder, 'feed.json');
    writeFeed(filePath, 5);
    const { port, received } = await listenTls(CONTEXTS.sound);
    const request = { file_path: filePath, callback_url: `https://${LOCAL_HOST}:${port}/callback` };

    const untold = await startService(folder);
    const { ingestion_id: id } = (await untold.api.ingest({ ...request, retry: { window: '0s' } })).body;
    expect(await untold.api.untilStatus(id, 'PAUSED', 'COMPLETED')).toMatchObject({
      status: 'PAUSED',
      last_error: { code: 'DELIVERY_WINDOW_OVER', message: expect.stringContaining('certificate') },
    });
    await untold.stop();
    expect(received).toEqual([]);

    const told = await startService(folder, { env: { ACKSTREAM_CALLBACK_CA: authorityFile() } });
    await told.api.ingest(request);
    expect((await told.api.untilStatus(id, 'PAUSED', 'COMPLETED')).status).toBe('COMPLETED');
    const arrived = Buffer.from(received.join(''), 'latin1').toString();
    expect(arrived).toContain(`"records":[${feedRecords(5).join(',')}]`);
  });

  it('does not start with a file that holds no authorities', async () => {
    const env = { ACKSTREAM_CALLBACK_CA: '/dev/null' };
    await expect(startService(tempFolder(), { env })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
