import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { ServiceError } from '../errors.ts';

/** What is older is broken, whatever the defaults of the process were made to be. */
export const OLDEST_TLS_VERSION = 'TLSv1.2';

/** Whose certificates a connection accepts. */
export type TlsTrust = SecureContext;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Trust in the authorities of a PEM file, beside those that Node trusts. Made once and used for all connections: reading some hundred authorities takes
 * several ms. Throws CONFIG_INVALID where the file cannot be read or holds anything but certificates, or none.
 */
export function trustAuthoritiesOf(file: string): TlsTrust {
  return createSecureContext({
    ca: [...getCACertificates('default'), ...readCertificates(file)],
    minVersion: OLDEST_TLS_VERSION,
  });
}

/** Each is read here: OpenSSL would pass over what it cannot read, and connections would fail much later. */
function readCertificates(file: string): readonly string[] {
  let certificates: readonly string[];
  try {
    const found = readFileSync(file, 'utf8').match(CERTIFICATE) ?? [];
    certificates = found.map((text) => new X509Certificate(text).toString());
  } catch (cause) {
    throw unusable(cause);
  }
  if (certificates.length === 0) throw unusable();
  return certificates;
}

function unusable(cause?: unknown): ServiceError {
  const fields = [
    { field: 'ACKSTREAM_CALLBACK_CA', message: 'must be a file that can be read and holds certificates in PEM form' },
  ];
  return new ServiceError('CONFIG_INVALID', { fields, ...(cause === undefined ? {} : { cause }) });
}
