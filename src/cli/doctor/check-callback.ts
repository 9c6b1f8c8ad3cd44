import type { Config } from '../../config.ts';
import { DEFAULT_TIMEOUTS } from '../../delivery/post-channel.ts';
import { connectionFailureText } from '../../egress/connection-failure.ts';
import { guardedConnector } from '../../egress/guarded-connector.ts';
import { trustAuthoritiesOf } from '../../egress/tls-trust.ts';
import { createUrlGuard } from '../../egress/url-guard.ts';
import { ServiceError } from '../../errors.ts';
import { type Finding, failure, ok, problem } from './finding.ts';

/** Whether a delivery would get through to a callback: it may be called, its name has an address, somebody listens, and is who he says. Sends nothing. */
export async function checkCallback(
  text: string,
  {
    callbackAllow,
    callbackCa,
    listensOnLoopbackOnly,
  }: Pick<Config, 'callbackAllow' | 'callbackCa' | 'listensOnLoopbackOnly'>,
): Promise<readonly Finding[]> {
  const check = 'callback';
  if (!URL.canParse(text)) {
    return [problem(check, `${text} is no URL`, 'Give the whole of it, such as https://shop.example/feed.')];
  }
  const url = new URL(text);
  try {
    const route = createUrlGuard({ allow: callbackAllow, isLoopbackAllowed: listensOnLoopbackOnly }).routeTo(url);
    route.checkForm();
    const trust = callbackCa === null ? undefined : trustAuthoritiesOf(callbackCa);
    // As long as a delivery waits for a connection.
    await connectOnce(guardedConnector(route, { timeout: DEFAULT_TIMEOUTS.connectMs, trust }), url);
    return [ok(check, `${url.origin} can be connected to`)];
  } catch (error) {
    if (error instanceof ServiceError) return failure(check, error);
    const { code = '' } = error as NodeJS.ErrnoException;
    return [problem(check, `${url.origin} cannot be connected to: ${connectionFailureText(error)}`, remedyOf(code))];
  }
}

function connectOnce(
  connect: ReturnType<typeof guardedConnector>,
  { protocol, hostname, host, port }: URL,
): Promise<void> {
  return new Promise((resolve, reject) => {
    connect({ protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host, port }, (...[error, socket]) => {
      socket?.destroy();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function remedyOf(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'Correct the name in the URL, or the name servers of this machine.';
  }
  if (code === 'ECONNREFUSED') return 'Start the receiver, or correct host and port in the URL.';
  if (/CERT|SIGNATURE|ALTNAME/.test(code)) {
    return 'Give the receiver a certificate for its name, or have ACKSTREAM_CALLBACK_CA name the authority that signed it.';
  }
  if (/^ERR_SSL|^EPROTO/.test(code))
    return 'See whether the receiver speaks there what the URL begins with, http or https.';
  return 'See whether the receiver is up, and whether a firewall is in between.';
}
