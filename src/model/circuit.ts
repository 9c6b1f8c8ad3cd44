/** A circuit to a callback origin that is not closed: the origin failed so often that nothing but probes is sent to it. */
export interface Circuit {
  /** Scheme, host and port, as URLs have them. */
  readonly origin: string;
  /** `open`: nothing is sent before the next probe; `half-open`: a probe is under way. */
  readonly state: 'open' | 'half-open';
  /** When it opened, wall clock in ms; probes that failed since do not change it. */
  readonly since: number;
  /** From when on an attempt is let through as a probe, wall clock in ms; null: one is under way. */
  readonly nextProbeAt: number | null;
  /** Failures in a row, those of probes included. */
  readonly consecutiveFailures: number;
  /** Why the last attempt failed, in the words that its ingestion was told, without its secrets. Null: not known. */
  readonly lastFailure: string | null;
}
