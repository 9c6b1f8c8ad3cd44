import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hideSecrets, secretsOf } from '../../src/model/hide-secrets.ts';

const SECRET = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;
/** With all that Base64 has beside letters and digits. */
const KEY = 'a+b/c+d/e+fg==';
const delivery = {
  callbackUrl: 'http://receiver.example/cb?token=a%2Bb-query-token&shop=42&lone-token',
  callbackHeaders: {
    authorization: 'Bearer header-token-0123456789',
    'proxy-authorization': `Basic ${Buffer.from('user:pass:w/rd').toString('base64')}`,
    'x-key': 'qu"oted\\key',
    'x-page': 'a<b>&"c"',
    'x-shop': '42',
    'x-signing-key': KEY,
  },
};
const secrets = secretsOf(delivery, SECRET);
const hide = (text: string) => hideSecrets(text, secrets);

describe('what a receiver quotes', () => {
  it.each([
    ['the secret', `you signed with ${SECRET}`, 'you signed with [hidden]'],
    ['its key', `key ${SECRET.slice(6)}!`, 'key [hidden]!'],
    ['a header', '{"authorization":"Bearer header-token-0123456789"}', '{"authorization":"[hidden]"}'],
    ['a credential in it', 'no user header-token-0123456789', 'no user [hidden]'],
    ['a header as JSON', '{"x-key":"qu\\"oted\\\\key"}', '{"x-key":"[hidden]"}'],
    ['a header as HTML', '<td>a&lt;b&gt;&amp;&quot;c&quot;</td>', '<td>[hidden]</td>'],
    ['a password as it is meant', "array('PHP_AUTH_PW' => 'pass:w/rd')", "array('PHP_AUTH_PW' => '[hidden]')"],
    ['a password as some encoders write it', '{"pw":"pass:w\\/rd"}', '{"pw":"[hidden]"}'],
    ['a header as .NET writes JSON', '"x-key":"qu\\u0022oted\\\\key"', '"x-key":"[hidden]"'],
    ['a key as ASP.NET writes HTML', KEY.replaceAll('+', '&#x2B;').replaceAll('/', '&#x2F;'), '[hidden]'],
    ['a key as Go writes HTML', KEY.replaceAll('+', '&#43;'), '[hidden]'],
    ['a key as .NET writes JSON', KEY.replaceAll('+', '\\u002B'), '[hidden]'],
    ['a page as Go writes JSON', '"a\\u003cb\\u003e\\u0026\\"c\\""', '"[hidden]"'],
    ['a value in a URL, in small digits', 'pw=pass%3aw%2frd', 'pw=[hidden]'],
    ['a value in a URL', 'next=%2F&pw=pass%3Aw%2Frd', 'next=%2F&pw=[hidden]'],
    ['a query value as it was sent', 'POST /cb?token=a%2Bb-query-token', 'POST /cb?token=[hidden]'],
    ['a query value as it is meant', 'token a+b-query-token', 'token [hidden]'],
    ['a query that is one value', 'lone-token', '[hidden]'],
    [
      'a secret that is cut',
      'HTTP 500: Bearer header-tok… (no acknowledgement)',
      'HTTP 500: [hidden]… (no acknowledgement)',
    ],
  ])('has no longer %s in it', (_what, text, shown) => {
    expect(hide(text)).toBe(shown);
  });

  it('keeps what no secret is in, and short values that stand in any text', () => {
    const text = 'HTTP 422: shop 42 has no token… Bearer of bad news';
    expect(hide(text)).toBe(text);
    expect(secretsOf({ callbackUrl: 'http://h/', callbackHeaders: null }, null)).toEqual([]);
  });

  it('has none of them, wherever they stand', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom(...secrets.map((secret) => secret.text)))),
        (pieces) => {
          const shown = hide(pieces.join(''));
          for (const { text } of secrets) expect(shown).not.toContain(text);
        },
      ),
    );
  });
});
