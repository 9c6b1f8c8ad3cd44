/*
 * What stands between a URL that may be called and the connection that is made: redirects, proxies of the environment, alternative services, connections that are kept, and
 * whatever makes a socket end elsewhere than where it was told to.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createUrlGuard, type UrlGuard } from '../../src/egress/url-guard.ts';
import { ServiceError } from '../../src/errors.ts';
import { listenAnswering, listenHttp } from '../delivery/receivers.ts';
import { writeFeed } from '../harness/feed.ts';
import { startReceiver } from '../harness/receiver.ts';
import { setScene } from '../harness/scene.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { channelTo, postOnce, setTrap } from './trap.ts';

const loopbackGuard = createUrlGuard({ allow: null, isLoopbackAllowed: true });

describe('an answer that sends elsewhere', () => {
  it.each([300, 301, 302, 303, 305, 307, 308])('is not followed: %i', async (status) => {
    const trap = await setTrap();
    const location = `Location: http://127.0.0.2:${trap.port}/`;
    const url = await listenAnswering(`HTTP/1.1 ${status} Elsewhere\r\n${location}\r\ncontent-length: 0\r\n\r\n`);
    expect(await postOnce(channelTo(url, loopbackGuard))).toMatchObject({ kind: 'answered', status });
    expect(trap.connections).toEqual([]);
  });

  it('is not followed by a header of another kind either', async () => {
    const trap = await setTrap();
    const elsewhere = `http://127.0.0.2:${trap.port}/`;
    const headers = {
      'Alt-Svc': `h2="127.0.0.2:${trap.port}"; ma=86400; persist=1, http/1.1="127.0.0.2:${trap.port}"`,
      'Alt-Used': `127.0.0.2:${trap.port}`,
      Refresh: `0; url=${elsewhere}`,
      'Content-Location': elsewhere,
      Link: `<${elsewhere}>; rel=preconnect`,
      'Strict-Transport-Security': 'max-age=9999',
    };
    const receiver = await listenHttp((response) => response.writeHead(200, headers).end('{"ack":true}'));
    const channel = channelTo(receiver.url, loopbackGuard);
    for (let attempt = 0; attempt < 3; attempt += 1) expect((await postOnce(channel)).kind).toBe('answered');
    expect(receiver.seen).toHaveLength(3);
    expect(trap.connections).toEqual([]);
  });
});

describe('a proxy of the environment', () => {
  it('sees nothing of what the service sends', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(502).end();
    });
    proxy.on('connection', () => asked.push('connection'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const names = [
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'ALL_PROXY',
      'http_proxy',
      'https_proxy',
      'all_proxy',
      'GLOBAL_AGENT_HTTP_PROXY',
    ];

    const folder = tempFolder();
    const filePath = join(folder, 'products.json');
    const expected = writeFeed(filePath, 30);
    const receiver = await startReceiver();
    const { api } = await startServiceProcess(folder, {
      ...Object.fromEntries(names.map((name) => [name, proxyUrl])),
      NO_PROXY: '',
      NODE_USE_ENV_PROXY: '1',
    });
    const { body } = await api.ingest({
      file_path: filePath,
      callback_url: receiver.callbackUrl,
      status_url: receiver.callbackUrl,
    });
    await api.untilStatus(body.ingestion_id, 'COMPLETED');
    expect(await receiver.records(body.ingestion_id)).toEqual(expected);
    expect(asked).toEqual([]);
  });
});

describe('a connection', () => {
  it('that ends elsewhere than at the address that was checked is cut before a byte is sent', async () => {
    const trap = await setTrap();
    const exchange = await postOnce(channelTo(`http://a.example:${trap.port}/`, misledGuard()));
    expect(exchange).toEqual({
      kind: 'refused',
      reason: `a.example:${trap.port} may not be called: the connection ends at another address than the one that was checked.`,
    });
    await trap.allEnded();
    expect(trap.connections).toEqual(['']);
  });

  it('is held against the address and port that were checked, whatever the spelling', () => {
    const route = loopbackGuard.routeTo(new URL('http://[::1]:9000/'));
    expect(() => route.checkPeer({ remoteAddress: '0:0:0:0:0:0:0:1', remotePort: 9000 })).not.toThrow();
    for (const peer of [
      { remoteAddress: '::1', remotePort: 9001 },
      { remoteAddress: '127.0.0.1', remotePort: 9000 },
      { remoteAddress: '::2', remotePort: 9000 },
      { remoteAddress: 'nonsense', remotePort: 9000 },
      {},
    ]) {
      expect(() => route.checkPeer(peer), JSON.stringify(peer)).toThrowError(
        expect.objectContaining({ code: 'CALLBACK_NOT_ALLOWED' }),
      );
    }
    const other = loopbackGuard.routeTo(new URL('https://a.example/'));
    expect(() => other.checkPeer({ remoteAddress: '127.0.0.1', remotePort: 443 }), 'never resolved').toThrow(
      'another address than the one that was checked',
    );
  });

  it('that is kept open is used no more when the guard has changed its mind', async () => {
    const trap = await setTrap();
    const mind = { isMadeUp: false };
    const guard: UrlGuard = {
      ...loopbackGuard,
      routeTo(url) {
        const route = loopbackGuard.routeTo(url);
        return {
          ...route,
          checkPeer(peer) {
            if (mind.isMadeUp) throw new ServiceError('CALLBACK_NOT_ALLOWED', { detail: 'No longer.' });
            route.checkPeer(peer);
          },
        };
      },
    };
    const channel = channelTo(`http://127.0.0.1:${trap.port}/`, guard);
    expect((await postOnce(channel)).kind).toBe('answered');
    const sent = trap.connections[0];
    mind.isMadeUp = true;
    expect(await postOnce(channel)).toEqual({ kind: 'refused', reason: 'No longer.' });
    await trap.allEnded();
    expect(trap.connections).toEqual([sent]);
  });
});

describe('a request for an ingestion', () => {
  it.each(['callback_url', 'status_url'])(
    'is answered 403, with the rule, for its %s; nothing is called',
    async (field) => {
      const trap = await setTrap();
      const scene = await setScene({ recordCount: 1 });
      const answer = await scene.ingest({ [field]: 'http://169.254.169.254/latest/meta-data' });
      expect(answer).toMatchObject({
        status: 403,
        body: {
          code: 'CALLBACK_NOT_ALLOWED',
          detail: '169.254.169.254 may not be called: it is not a public address (link-local).',
        },
      });
      expect(trap.connections).toEqual([]);
      expect(scene.receiver.attempts).toEqual([]);
    },
  );

  it('is refused for loopback, by whichever spelling, where only others are listed', async () => {
    const trap = await setTrap();
    const scene = await setScene({
      recordCount: 1,
      env: { ACKSTREAM_CALLBACK_ALLOW: '*.shop.example, 10.0.0.0/8:443' },
    });
    for (const host of ['127.0.0.1', '[::1]', '2130706433', 'localhost', 'a.localhost.', '10.0.0.1']) {
      const answer = await scene.ingest({ callback_url: `http://${host}:${trap.port}/` });
      expect(answer, host).toMatchObject({ status: 403, body: { code: 'CALLBACK_NOT_ALLOWED' } });
    }
    expect(trap.connections).toEqual([]);
  });
});

/** A guard between whose lookup and the socket something stands that leads elsewhere. */
function misledGuard(): UrlGuard {
  const guard = createUrlGuard({
    allow: null,
    isLoopbackAllowed: true,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  return {
    ...guard,
    routeTo(url) {
      const route = guard.routeTo(url);
      return {
        ...route,
        lookup: (hostname, options, callback) =>
          route.lookup(hostname, options, (error) => callback(error, [{ address: '127.0.0.2', family: 4 }])),
      };
    },
  };
}
