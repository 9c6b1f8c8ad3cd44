/** What OpenSSL puts a failure in: `<thread>:error:<number>:<library>:<function>:<reason>:<source file>:…` and a line feed. */
const OPENSSL_TEXT = /:error:[0-9A-F]{8}:[^:]*:[^:]*:([^:]+):/;
/** What TLS reads in the first bytes of every other protocol. */
const NO_TLS = 'wrong version number';
/** What Node adds where it does not know an authority: this service is told of them otherwise. */
const ADVICE_OF_NODE = /; if the root CA is installed locally.*$/s;

/** Why a connection failed or ended, in one line; of several addresses that were tried, the first. TLS by its code, which others can be asked about. */
export function connectionFailureText(error: unknown): string {
  const told = error instanceof AggregateError ? error.errors[0] : error;
  if (!(told instanceof Error) || told.message === '') return String(told);
  const { code = 'TLS', message } = told as NodeJS.ErrnoException;
  const [, reason] = OPENSSL_TEXT.exec(message) ?? [];
  if (reason === NO_TLS) return `the receiver does not speak TLS at this port; is it http://? (${code})`;
  if (reason !== undefined) return `TLS failed: ${reason} (${code})`;
  if (!ADVICE_OF_NODE.test(message)) return message;
  return `${message.replace(ADVICE_OF_NODE, '')} (${code}); to trust it, have ACKSTREAM_CALLBACK_CA name its authority`;
}
