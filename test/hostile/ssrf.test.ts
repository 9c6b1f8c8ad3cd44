/*
 * Every spelling of an address that a request could bring to have the service call what it must not. Two proofs for each: it is refused when it is asked for, by whichever
 * rule, and a client that were to call it nevertheless makes no connection: a trap listens at one port of all addresses of this machine, and
 * Node tells of every connection that the operating system is asked for. Every name resolves to loopback, so that a name is no way out.
 */
import { createHook } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { createUrlGuard, type UrlGuardOptions } from '../../src/egress/url-guard.ts';
import { ELSEWHERE, FORMS, LOOPBACK } from './hostile-urls.ts';
import { channelTo, postOnce, setTrap } from './trap.ts';

function guardWhere(change: Partial<UrlGuardOptions> = {}) {
  const resolve = async () => [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  return createUrlGuard({ allow: null, isLoopbackAllowed: false, resolve, ...change });
}

/** Each time that this process asks the operating system for a TCP connection. */
function countConnects() {
  const asked = { count: 0 };
  const hook = createHook({
    init(_id, type) {
      if (type === 'TCPCONNECTWRAP') asked.count += 1;
    },
  }).enable();
  return { asked, end: () => hook.disable() };
}

const hosts = [...Object.values(LOOPBACK), ...Object.values(ELSEWHERE)].flat();
const urlsAt = (port: number) => [
  ...hosts.flatMap((host) => [`http://${host}:${port}/callback`, `https://${host}:${port}/`]),
  ...FORMS.map((form) => form.replaceAll('%/', `${port}/`).replaceAll(/%(?![\da-f]{2})/gi, String(port))),
];

describe('a URL that leads into a network of the service', () => {
  it('is refused when it is asked for, however it is spelled, and nothing connects', async () => {
    const trap = await setTrap();
    const connects = countConnects();
    const guard = guardWhere();
    const urls = urlsAt(trap.port);
    expect(urls.length).toBeGreaterThan(250);
    for (const url of urls) {
      const answer = await guard.checkUrl(url).then(
        () => 'allowed',
        (error: unknown) => (error as { code: string }).code,
      );
      expect(answer, url).toBe('CALLBACK_NOT_ALLOWED');
    }
    connects.end();
    expect(connects.asked.count).toBe(0);
    expect(trap.connections).toEqual([]);
  });

  it('is refused by the client that would call it, as it were to come from elsewhere, and nothing connects', async () => {
    const trap = await setTrap();
    const connects = countConnects();
    const guard = guardWhere();
    const urls = urlsAt(trap.port).filter((url) => URL.canParse(url));
    expect(urls.length).toBeGreaterThan(200);
    for (const url of urls) expect((await postOnce(channelTo(url, guard))).kind, url).toBe('refused');
    connects.end();
    expect(connects.asked.count).toBe(0);
    expect(trap.connections).toEqual([]);
  });

  it('would be reached without the guard: nearly every spelling of loopback is one', async () => {
    const trap = await setTrap();
    const connects = countConnects();
    const guard = guardWhere({ isLoopbackAllowed: true });
    const spellings = Object.values(LOOPBACK).flat();
    for (const host of spellings) {
      if (!URL.canParse(`http://${host}/`)) continue;
      const exchange = await postOnce(channelTo(`http://${host}:${trap.port}/callback`, guard));
      expect(exchange.kind, host).toBe('answered');
    }
    connects.end();
    expect(trap.connections.length).toBeGreaterThan(40);
    expect(connects.asked.count).toBe(trap.connections.length);
  });

  it('is refused with the rule that it breaks, and not with what a name resolves to', async () => {
    const guard = guardWhere();
    const refusals = {
      'http://10.0.0.1:8080/x': '10.0.0.1:8080 may not be called: it is not a public address (private).',
      'http://0251.0376.0251.0376/': '169.254.169.254 may not be called: it is not a public address (link-local).',
      'http://[64:ff9b::7f00:1]/': '[64:ff9b::7f00:1] may not be called: it is not a public address (IPv4 in IPv6).',
      'http://intranet.example/':
        'intranet.example may not be called: what it resolves to is not a public address (loopback).',
      'ftp://a.example/': 'a.example may not be called: the scheme is ftp: not http or https.',
      'http://u:hunter2@a.example/': 'a.example may not be called: it holds a user name or password.',
      'http://a.example:0/': 'a.example:0 may not be called: nobody listens on port 0.',
    };
    for (const [url, message] of Object.entries(refusals)) await expect(guard.checkUrl(url)).rejects.toThrow(message);
    const listed = guardWhere({ allow: ['*.shop.example'] });
    await expect(listed.checkUrl('http://shop.example/')).rejects.toThrow(
      'shop.example may not be called: what it resolves to is not in ACKSTREAM_CALLBACK_ALLOW.',
    );
  });
});
