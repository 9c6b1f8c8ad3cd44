/** What a token may allow, from the least to all: asking for deliveries and moving them, looking, everything. */
export const SCOPES = ['ingest', 'read', 'admin'] as const;
/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** Whether scopes that were given allow what asks for `needed`; `admin` allows everything. */
export function allows(given: readonly Scope[], needed: Scope): boolean {
  return given.includes(needed) || given.includes('admin');
}
