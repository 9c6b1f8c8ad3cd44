import type { LookupAddress, LookupOptions } from 'node:dns';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResolveName } from '../../src/egress/resolve-name.ts';
import { createUrlGuard, type UrlGuard, type UrlGuardOptions } from '../../src/egress/url-guard.ts';

const PUBLIC = '93.184.216.34';

/** A resolver that knows these names. */
function resolving(names: Readonly<Record<string, readonly string[]>>): ResolveName {
  return async (hostname) => {
    const addresses = names[hostname];
    if (addresses === undefined) throw Object.assign(new Error(`ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
}

function guardWith(change: Partial<UrlGuardOptions> = {}): UrlGuard {
  return createUrlGuard({ allow: null, isLoopbackAllowed: false, resolve: resolving({}), ...change });
}

const NOT_ALLOWED = expect.objectContaining({ code: 'CALLBACK_NOT_ALLOWED' });

async function isAllowed(guard: UrlGuard, url: string): Promise<boolean> {
  return guard.checkUrl(url).then(
    () => true,
    (error: unknown) => {
      expect(error).toEqual(NOT_ALLOWED);
      return false;
    },
  );
}

/** What a connection would be given. */
function connectTo(guard: UrlGuard, url: string, options: LookupOptions): Promise<readonly LookupAddress[] | string> {
  return new Promise((resolve, reject) => {
    guard
      .routeTo(new URL(url))
      .lookup(new URL(url).hostname, options, (error, address) => (error === null ? resolve(address) : reject(error)));
  });
}

describe('the form of a URL', () => {
  it.each([
    'file:///etc/passwd',
    'ftp://a.example/',
    'gopher://a.example/',
    'data:,x',
    'not a url',
    '',
    '//a.example/',
  ])('must be http or https: %s', async (url) => {
    expect(await isAllowed(guardWith({ resolve: resolving({ 'a.example': [PUBLIC] }) }), url)).toBe(false);
  });

  it('must not carry a user name or password, and the refusal does not repeat them', async () => {
    const guard = guardWith({ resolve: resolving({ 'a.example': [PUBLIC] }) });
    expect(await isAllowed(guard, 'http://user@a.example/')).toBe(false);
    await expect(guard.checkUrl('http://:hunter2@a.example/')).rejects.not.toThrow(/hunter2/);
  });
});

describe('without a list', () => {
  const forbidden = {
    'this host': ['0.0.0.0', '0.1.2.3', '[::]'],
    loopback: ['127.0.0.1', '127.255.255.254', '[::1]'],
    private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '[fc00::1]', '[fd00:ec2::254]', '[fec0::1]'],
    'link-local and metadata': ['169.254.169.254', '[fe80::1]'],
    'carrier-grade NAT': ['100.64.0.1', '100.127.255.255', '100.100.100.200'],
    multicast: ['224.0.0.1', '239.255.255.255', '[ff02::1]'],
    broadcast: ['255.255.255.255'],
    'reserved and documentation': [
      '240.0.0.1',
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.1',
      '198.18.0.1',
      '192.0.0.1',
      '[2001:db8::1]',
      '[3fff::1]',
    ],
    'IPv4 in IPv6': [
      '[::ffff:127.0.0.1]',
      '[::ffff:10.0.0.1]',
      '[::ffff:169.254.169.254]',
      '[::127.0.0.1]',
      '[::a00:1]',
      '[::ffff:93.184.216.34]',
    ],
    'translated to IPv4': [
      '[64:ff9b::7f00:1]',
      '[64:ff9b:1::a00:1]',
      '[2002:7f00:1::]',
      '[2001:0:7f00:1::]',
      '[::ffff:0:127.0.0.1]',
    ],
    'discarded or never given out': ['[100::1]', '[5f00::1]', '[4000::1]', '[2001:20::1]'],
  };

  it.each(Object.entries(forbidden))('no address is allowed that is not public: %s', async (_class, hosts) => {
    const guard = guardWith();
    for (const host of hosts) expect(await isAllowed(guard, `http://${host}/callback`), host).toBe(false);
  });

  it.each(['2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '127.1', '127.0.0.1.', '１２７.0.0.1', '127%2e0.0.1'])(
    'another spelling of loopback is loopback: %s',
    async (host) => {
      expect(await isAllowed(guardWith(), `http://${host}/`)).toBe(false);
      expect(await isAllowed(guardWith({ isLoopbackAllowed: true }), `http://${host}/`)).toBe(true);
    },
  );

  it.each([PUBLIC, '1.1.1.1', '[2606:4700::1111]', '[2a00::1]', '1572395042', '9.255.255.255', '172.32.0.0'])(
    'a public address is allowed: %s',
    async (host) => {
      expect(await isAllowed(guardWith(), `https://${host}/`)).toBe(true);
    },
  );

  it('loopback is allowed only on demand, and nothing else with it', async () => {
    const guard = guardWith({ isLoopbackAllowed: true, resolve: resolving({ localhost: ['::1', '127.0.0.1'] }) });
    expect(await isAllowed(guard, 'http://localhost:9000/callback')).toBe(true);
    expect(await isAllowed(guard, 'http://[::1]:9000/')).toBe(true);
    expect(await isAllowed(guard, 'http://192.168.0.1/')).toBe(false);
    expect(await isAllowed(guard, 'http://0.0.0.0/')).toBe(false);
  });

  it('a name is allowed by its addresses, every one of them', async () => {
    const resolve = resolving({ good: [PUBLIC, '2a00::1'], mixed: [PUBLIC, '10.0.0.1'], bad: ['169.254.169.254'] });
    const guard = guardWith({ resolve });
    expect(await isAllowed(guard, 'http://good/')).toBe(true);
    expect(await isAllowed(guard, 'http://mixed/')).toBe(false);
    await expect(guard.checkUrl('http://bad/')).rejects.toThrow(
      /^bad may not be called: what it resolves to is not a public address \(link-local\)\.$/,
    );
  });

  it('a name that does not resolve passes at submission, and fails as a name at the connection', async () => {
    expect(await isAllowed(guardWith(), 'http://not-up-yet.example/')).toBe(true);
    await expect(connectTo(guardWith(), 'http://not-up-yet.example/', {})).rejects.toMatchObject({ code: 'ENOTFOUND' });
    const empty = guardWith({ resolve: resolving({ 'empty.example': [] }) });
    await expect(connectTo(empty, 'http://empty.example/', {})).rejects.toThrow('empty.example has no address');
  });
});

describe('the lookup of a connection', () => {
  it('gives what was checked, in either form', async () => {
    const guard = guardWith({ resolve: resolving({ 'a.example': [PUBLIC, '1.1.1.1'] }) });
    expect(await connectTo(guard, 'http://a.example/', {})).toBe(PUBLIC);
    expect(await connectTo(guard, 'http://a.example/', { all: true })).toEqual([
      { address: PUBLIC, family: 4 },
      { address: '1.1.1.1', family: 4 },
    ]);
  });

  it('decides anew, so that a name cannot change its mind after the check', async () => {
    const answers = [[PUBLIC], ['169.254.169.254']];
    const guard = guardWith({
      resolve: async () => (answers.shift() ?? []).map((address) => ({ address, family: 4 })),
    });
    expect(await isAllowed(guard, 'http://rebinding.example/')).toBe(true);
    await expect(connectTo(guard, 'http://rebinding.example/', { all: true })).rejects.toEqual(NOT_ALLOWED);
  });
});

describe('with a list', () => {
  const resolve = resolving({
    'pim.internal': ['10.0.0.7'],
    'a.shop.example': ['10.0.0.8'],
    'shop.example': ['10.0.0.9'],
    'evilshop.example': ['10.0.0.10'],
    'in-network': ['192.168.5.5', '192.168.5.6'],
    'half-in-network': ['192.168.5.5', '192.168.6.5'],
    'public.example': [PUBLIC],
    localhost: ['127.0.0.1'],
  });
  const guard = guardWith({
    allow: [
      '172.20.0.0/16:443',
      '[fdaa::/16]:443',
      'PIM.internal',
      '*.shop.example:8443',
      '192.168.5.0/24',
      '203.0.113.7:9000',
      'fd00::/9',
      '[fd99::1]:1',
      'dotted.example.',
    ],
    isLoopbackAllowed: true,
    resolve,
  });

  it.each([
    ['http://pim.internal:1234/', true],
    ['http://PIM.INTERNAL/', true],
    ['https://a.shop.example:8443/', true],
    ['https://a.shop.example/', false],
    ['https://shop.example:8443/', false],
    ['https://evilshop.example:8443/', false],
    ['http://in-network/', true],
    ['http://half-in-network/', false],
    ['http://192.168.5.200/', true],
    ['http://[::ffff:192.168.5.200]/', true],
    ['http://192.168.6.1/', false],
    ['http://203.0.113.7:9000/', true],
    ['http://203.0.113.7/', false],
    ['http://[fd12::1]/', true],
    ['https://[fdaa::1]/', true],
    ['http://[fdaa::1]/', false],
    ['http://public.example/', false],
    [`http://${PUBLIC}/`, false],
    ['http://127.0.0.1/', false],
    ['http://pim.internal./', true],
    ['http://dotted.example/', true],
    ['http://dotted.example./', true],
    ['http://localhost/', false],
    ['https://172.20.1.1/', true],
    ['http://172.20.1.1/', false],
  ])('only what it names is allowed: %s %s', async (url, expected) => {
    expect(await isAllowed(guard, url)).toBe(expected);
  });

  it('a refusal names the list', async () => {
    await expect(guard.checkUrl('http://127.0.0.1/')).rejects.toThrow(
      '127.0.0.1 may not be called: it is not in ACKSTREAM_CALLBACK_ALLOW.',
    );
  });

  it('an empty list allows nothing', async () => {
    expect(await isAllowed(guardWith({ allow: [], isLoopbackAllowed: true }), 'http://127.0.0.1/')).toBe(false);
  });

  it.each([
    '',
    '*',
    '*.',
    'http://a.example',
    'a b',
    '10.0.0.0/33',
    '300.1.1.1',
    '10.1',
    'a.example:x',
    'a.example:99999',
    '-a',
    '[::1',
    '10.1/8',
    '010.0.0.0/8',
    '0x7f.1',
    '::ffff:10.0.0.0/104',
  ])('an entry that cannot be read is refused, not ignored: %j', (entry) => {
    expect(() => guardWith({ allow: ['a.example', entry] })).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('whatever the URL', () => {
  it('is allowed or refused with the one code', async () => {
    const guard = guardWith();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.webUrl(),
          fc.string(),
          fc.ipV4Extended().map((ip) => `http://${ip}/`),
          fc.ipV6().map((ip) => `http://[${ip}]/`),
        ),
        async (url) => {
          await isAllowed(guard, url);
        },
      ),
    );
  });
});
