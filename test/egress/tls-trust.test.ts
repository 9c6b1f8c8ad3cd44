import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { trustAuthoritiesOf } from '../../src/egress/tls-trust.ts';
import { ServiceError } from '../../src/errors.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const [FIRST = '', SECOND = ''] = rootCertificates;

function fileWith(text: string): string {
  const path = join(tempFolder(), 'authorities.pem');
  writeFileSync(path, text);
  return path;
}

function refusalOf(path: string): ServiceError {
  try {
    trustAuthoritiesOf(path);
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('a file of authorities', () => {
  it.each([
    ['one', FIRST],
    ['several, with text in between', `First\n${FIRST}\n# Second\n${SECOND}\n`],
    ['lines that end as on Windows', FIRST.replaceAll('\n', '\r\n')],
  ])('is read: %s', (_name, text) => {
    expect(() => trustAuthoritiesOf(fileWith(text))).not.toThrow();
  });

  it.each([
    ['nothing', ''],
    ['no certificate', 'none\n'],
    ['a key', FIRST.replaceAll('CERTIFICATE', 'PRIVATE KEY')],
    ['a certificate that is cut off', FIRST.slice(0, FIRST.length / 2)],
    ['a certificate that is damaged', FIRST.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')],
    ['a damaged one behind a sound one', `${FIRST}\n${SECOND.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')}`],
  ])('is refused at the start: %s', (_name, text) => {
    expect(refusalOf(fileWith(text))).toMatchObject({
      code: 'CONFIG_INVALID',
      fields: [{ field: 'ACKSTREAM_CALLBACK_CA', message: expect.stringContaining('certificates') }],
    });
  });

  it('is refused where it cannot be read', () => {
    expect(refusalOf(join(tempFolder(), 'missing.pem')).code).toBe('CONFIG_INVALID');
    expect(refusalOf(tempFolder()).code).toBe('CONFIG_INVALID');
  });
});
