/*
 * Names whose owner answers whatever serves him: another address each time, a good one with a bad one, a name for a name. Asked of a real name server, over UDP.
 */
import { describe, expect, it } from 'vitest';
import { createUrlGuard, type UrlGuard } from '../../src/egress/url-guard.ts';
import {
  type DnsAnswer,
  type DnsQuestion,
  type DnsRecord,
  type DnsServer,
  startDnsServer,
} from '../harness/dns-server.ts';
import { until } from '../harness/until.ts';
import { channelTo, postOnce, setTrap } from './trap.ts';

const PUBLIC = '93.184.216.34';
const REFUSED = expect.objectContaining({ kind: 'refused' });

/** Records of a type, with no time to live. */
function records(type: DnsRecord['type'], ...values: readonly string[]): DnsAnswer {
  return values.map((value) => ({ type, value }));
}

/** An answer to questions of this type, none to the others. */
function only(type: 'A' | 'AAAA', answer: (question: DnsQuestion) => DnsAnswer) {
  return (question: DnsQuestion) => (question.type === type ? answer(question) : []);
}

async function guardBy(
  ...server: Parameters<typeof startDnsServer>
): Promise<{ readonly guard: UrlGuard; readonly dns: DnsServer }> {
  const dns = await startDnsServer(...server);
  return { dns, guard: createUrlGuard({ allow: null, isLoopbackAllowed: false, resolve: dns.resolve }) };
}

describe('a name that is bound anew', () => {
  it('passes where it is asked for, and is refused where it is to be connected to', async () => {
    const trap = await setTrap();
    const { guard, dns } = await guardBy(only('A', ({ index }) => records('A', index === 0 ? PUBLIC : '127.0.0.1')));
    const url = `http://rebinding.example:${trap.port}/`;
    await guard.checkUrl(url);
    expect(await postOnce(channelTo(url, guard))).toEqual(REFUSED);
    expect(dns.questions.filter(({ type }) => type === 'A')).toHaveLength(2);
    expect(trap.connections).toEqual([]);
  });

  it('is refused in every attempt, whichever answer comes first', async () => {
    const trap = await setTrap();
    const { guard } = await guardBy(
      only('A', ({ index }) => records('A', ...(index % 2 === 0 ? [PUBLIC, '127.0.0.1'] : ['127.0.0.1', PUBLIC]))),
    );
    const channel = channelTo(`http://rebinding.example:${trap.port}/`, guard);
    for (let attempt = 0; attempt < 4; attempt += 1) expect(await postOnce(channel)).toEqual(REFUSED);
    expect(trap.connections).toEqual([]);
  });
});

describe('a name with several addresses', () => {
  it.each([
    ['a private one behind public ones', only('A', () => records('A', PUBLIC, '1.1.1.1', '10.0.0.1'))],
    ['loopback in the other family', ({ type }: DnsQuestion) => records(type, type === 'A' ? PUBLIC : '::1')],
    ['an IPv4 address in IPv6 clothes', only('AAAA', () => records('AAAA', '::ffff:127.0.0.1'))],
    ['one that a gateway would translate', only('AAAA', () => records('AAAA', '64:ff9b::7f00:1'))],
    ['the metadata service', only('A', () => records('A', '169.254.169.254'))],
    ['none but 0.0.0.0', only('A', () => records('A', '0.0.0.0'))],
    [
      'a name for a name that is loopback',
      only('A', ({ name }) => [
        { type: 'CNAME', value: 'inner.example' },
        { type: 'A', name: name === 'inner.example' ? name : 'inner.example', value: '127.0.0.1' },
      ]),
    ],
    ['one that may be kept for a day', only('A', () => [{ type: 'A', value: '127.0.0.1', ttl: 86_400 }])],
  ])('is refused for one that is not public, when it is asked for and when it is called: %s', async (_, script) => {
    const trap = await setTrap();
    const { guard } = await guardBy(script);
    const url = `http://several.example:${trap.port}/`;
    await expect(guard.checkUrl(url)).rejects.toMatchObject({ code: 'CALLBACK_NOT_ALLOWED' });
    expect(await postOnce(channelTo(url, guard))).toEqual(REFUSED);
    expect(trap.connections).toEqual([]);
  });
});

describe('a name that does not resolve', () => {
  it.each<['NXDOMAIN' | 'SERVFAIL' | 'silence' | 'no address', DnsAnswer]>([
    ['NXDOMAIN', 'NXDOMAIN'],
    ['SERVFAIL', 'SERVFAIL'],
    ['silence', 'silence'],
    ['no address', []],
  ])('passes where it is asked for, and is not connected to: %s', async (_, answer) => {
    const trap = await setTrap();
    const { guard } = await guardBy(() => answer, answer === 'silence' ? { timeoutMs: 300 } : {});
    const url = `http://not-up-yet.example:${trap.port}/`;
    await guard.checkUrl(url);
    expect(await postOnce(channelTo(url, guard))).toMatchObject({ kind: 'not-connected' });
    expect(trap.connections).toEqual([]);
  });

  it('holds no request for longer than its time', async () => {
    const guard = createUrlGuard({
      allow: null,
      isLoopbackAllowed: false,
      resolve: () => new Promise(() => undefined),
      resolveTimeoutMs: 20,
    });
    expect(await guard.checkUrl('http://tarpit.example/')).toBeUndefined();
  });

  it('is asked for once by however many requests, and never with so many others that deliveries would wait', async () => {
    const asked: string[] = [];
    const guard = createUrlGuard({
      allow: null,
      isLoopbackAllowed: false,
      resolve: (name) => {
        asked.push(name);
        return new Promise(() => undefined);
      },
      resolveTimeoutMs: 20,
    });
    const names = Array.from({ length: 100 }, (_, index) => `tarpit-${index}.example`);
    await Promise.all(names.flatMap((name) => [name, name]).map((name) => guard.checkUrl(`http://${name}/`)));
    await guard.checkUrl('http://tarpit.example/');
    expect(asked).toEqual(names.slice(0, 3));
    guard.routeTo(new URL('http://receiver.example/')).lookup('receiver.example', {}, () => undefined);
    expect(asked.at(-1)).toBe('receiver.example');
  });

  it('is asked for anew by a later request', async () => {
    const answers = [['203.0.113.1'], ['93.184.216.34'], []].map((addresses) =>
      addresses.map((address) => ({ address, family: 4 })),
    );
    const guard = createUrlGuard({
      allow: null,
      isLoopbackAllowed: false,
      resolve: () => Promise.resolve(answers.shift() ?? []),
    });
    await expect(guard.checkUrl('http://a.example/')).rejects.toMatchObject({ code: 'CALLBACK_NOT_ALLOWED' });
    await guard.checkUrl('http://a.example/');
    await guard.checkUrl('http://a.example/');
    expect(answers).toEqual([]);
  });
});

describe('a name that may be called', () => {
  it('is resolved once for each connection, and the address that was checked is the one that is dialled', async () => {
    const trap = await setTrap();
    const dns = await startDnsServer(only('A', ({ index }) => records('A', `127.0.0.${index + 2}`)));
    const guard = createUrlGuard({ allow: null, isLoopbackAllowed: true, resolve: dns.resolve });
    const channel = channelTo(`http://changing.example:${trap.port}/`, guard);
    expect((await postOnce(channel)).kind).toBe('answered');
    expect((await postOnce(channel)).kind).toBe('answered');
    expect(dns.questions.map(({ type, index }) => `${type}${index}`).toSorted()).toEqual(['A0', 'AAAA0']);
    expect(trap.connections).toHaveLength(1);
    trap.endAll();
    await trap.allEnded();
    // The client may not have seen the end yet, and then says so once.
    await until(
      () => postOnce(channel),
      ({ kind }) => kind === 'answered',
    );
    expect(dns.questions.filter(({ type }) => type === 'A')).toHaveLength(2);
    expect(trap.addresses).toEqual(['127.0.0.2', '127.0.0.3']);
  });
});
