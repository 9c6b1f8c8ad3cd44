/** Certificates of the test's own making, all with one key pair for the authority and one for the servers: only what they say differs. */
import { generateKeyPairSync } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import forge from 'node-forge';

/** The name that the sound certificate is for. */
export const RECEIVER_HOST = 'receiver.example';

/** Sound certificates are also for it: what a service of the test's own may call. */
export const LOCAL_HOST = 'localhost';

/** OpenSSL has no ciphers for what is older than TLS 1.2 unless asked for like this. */
export const OUTDATED_CIPHERS = 'DEFAULT:@SECLEVEL=0';

const DAY_MS = 86_400_000;

interface KeyPair {
  readonly publicKey: forge.pki.rsa.PublicKey;
  readonly privateKey: forge.pki.rsa.PrivateKey;
  readonly privatePem: string;
}

interface CertificateOptions {
  readonly subject: string;
  readonly keys: KeyPair;
  readonly issuer: { readonly name: string; readonly keys: KeyPair };
  readonly isAuthority?: boolean;
  /** Default: for ten days yet. */
  readonly expiresInDays?: number;
}

let certificateCount = 0;

const AUTHORITY = 'Test Authority';
const authorityKeys = newKeyPair();
const serverKeys = newKeyPair();
const authority = { name: AUTHORITY, keys: authorityKeys };

/** The authority that a sender is told to trust, PEM. */
export const AUTHORITY_PEM = certificate({
  subject: AUTHORITY,
  keys: authorityKeys,
  issuer: authority,
  isAuthority: true,
});

/** What servers show. */
export const CONTEXTS = {
  sound: contextOf(certificate({ subject: RECEIVER_HOST, keys: serverKeys, issuer: authority })),
  expired: contextOf(certificate({ subject: RECEIVER_HOST, keys: serverKeys, issuer: authority, expiresInDays: -1 })),
  wrongHost: contextOf(certificate({ subject: 'other.example', keys: serverKeys, issuer: authority })),
  selfSigned: contextOf(
    certificate({ subject: RECEIVER_HOST, keys: serverKeys, issuer: { name: RECEIVER_HOST, keys: serverKeys } }),
  ),
  /** Of an authority with the trusted one's name and another key. */
  unknownAuthority: contextOf(
    certificate({ subject: RECEIVER_HOST, keys: serverKeys, issuer: { name: AUTHORITY, keys: serverKeys } }),
  ),
  /** A sound certificate, and nothing newer than TLS 1.1. */
  outdated: createSecureContext({
    cert: certificate({ subject: RECEIVER_HOST, keys: serverKeys, issuer: authority }),
    key: serverKeys.privatePem,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: OUTDATED_CIPHERS,
  }),
} as const satisfies Record<string, SecureContext>;

function contextOf(cert: string): SecureContext {
  return createSecureContext({ cert, key: serverKeys.privatePem });
}

/** node:crypto makes keys in a tenth of the time that forge takes. */
function newKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const key = forge.pki.privateKeyFromPem(privateKey);
  return { publicKey: forge.pki.setRsaPublicKey(key.n, key.e), privateKey: key, privatePem: privateKey };
}

function certificate({ subject, keys, issuer, isAuthority = false, expiresInDays = 10 }: CertificateOptions): string {
  const made = forge.pki.createCertificate();
  made.publicKey = keys.publicKey;
  certificateCount += 1;
  made.serialNumber = String(certificateCount).padStart(4, '0');
  made.validity.notBefore = new Date(Date.now() - 10 * DAY_MS);
  made.validity.notAfter = new Date(Date.now() + expiresInDays * DAY_MS);
  made.setSubject([{ name: 'commonName', value: subject }]);
  made.setIssuer([{ name: 'commonName', value: issuer.name }]);
  made.setExtensions([
    { name: 'basicConstraints', cA: isAuthority },
    ...(isAuthority
      ? []
      : [{ name: 'subjectAltName', altNames: [subject, LOCAL_HOST].map((value) => ({ type: 2, value })) }]),
  ]);
  made.sign(issuer.keys.privateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(made);
}
