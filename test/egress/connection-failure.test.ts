import { describe, expect, it } from 'vitest';
import { connectionFailureText } from '../../src/egress/connection-failure.ts';

const failure = (code: string, message: string) => Object.assign(new Error(message), { code });
const openSsl = (reason: string, rest = '') =>
  `40C3A5F2B47F0000:error:0A00010B:SSL routines:a_function:${reason}:../deps/openssl/openssl/ssl/a_file.c:78:${rest}\n`;

describe('a connection that failed', () => {
  it('to what speaks another protocol is told so, however the failure came up', () => {
    const text = 'the receiver does not speak TLS at this port; is it http://?';
    expect(connectionFailureText(failure('ERR_SSL_WRONG_VERSION_NUMBER', openSsl('wrong version number')))).toBe(
      `${text} (ERR_SSL_WRONG_VERSION_NUMBER)`,
    );
    expect(connectionFailureText(failure('EPROTO', `write EPROTO ${openSsl('wrong version number')}`))).toBe(
      `${text} (EPROTO)`,
    );
  });

  it('by TLS is told in one line with its code', () => {
    const code = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
    const message = openSsl('tlsv13 alert certificate required', 'SSL alert number 116');
    expect(connectionFailureText(failure(code, message))).toBe(
      `TLS failed: tlsv13 alert certificate required (${code})`,
    );
  });

  it('by an authority that is not known names the setting for it', () => {
    const message =
      'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca';
    expect(connectionFailureText(failure('DEPTH_ZERO_SELF_SIGNED_CERT', message))).toBe(
      'self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT); to trust it, have ACKSTREAM_CALLBACK_CA name its authority',
    );
  });

  it('by anything else is told as it came, of several addresses the first', () => {
    const refused = failure('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:9');
    expect(connectionFailureText(refused)).toBe('connect ECONNREFUSED 127.0.0.1:9');
    expect(connectionFailureText(new AggregateError([refused, new Error('another')]))).toBe(refused.message);
    expect(connectionFailureText(new Error(''))).toBe('Error');
    expect(connectionFailureText('no error at all')).toBe('no error at all');
  });
});
