import type { FieldError } from '../errors.ts';

/** Where a program is to listen, and what the settings are called that say so. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly names: { readonly host: string; readonly port: string };
}

/** Why a program cannot listen, as the setting to correct. `cause` is what the server told. */
export function listenFailure(cause: unknown, { host, port, names }: ListenAddress): FieldError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'EADDRINUSE') return { field: names.port, message: `${port} is in use by another program` };
  if (code === 'EACCES') return { field: names.port, message: `${port} is one that this user may not listen on` };
  return { field: names.host, message: `${host} is no address of this machine (${code})` };
}
