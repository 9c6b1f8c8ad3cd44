/** Every event that is logged: `noun.verb`, what it says, and when. */
export const LOG_EVENTS = {
  'service.started': 'the service listens',
  'service.stopping': 'a signal asked the service to end',
  'process.failed': 'the process ends by something that nobody caught',
  'service.stopped': 'everything is committed and closed',
  'ingestion.submitted': 'a request was accepted, or met an ingestion that exists',
  'ingestion.started': 'a run took the ingestion',
  'ingestion.released': 'a run gave its slot back and waits',
  'ingestion.paused': 'delivery stopped until it is resumed',
  'ingestion.failed': 'delivery stopped for a reason that waiting does not cure',
  'ingestion.cancelled': 'a person ended it',
  'ingestion.resumed': 'a person asked it to go on',
  'ingestion.completed': 'the receiver acknowledged COMPLETED',
  'ingestion.deleted': 'what was recorded of a terminal ingestion was removed, by a request or by ACKSTREAM_RETENTION',
  'chunk.planned': 'a chunk was frozen',
  'chunk.halved': 'a receiver answered 413, the chunk was cut',
  'delivery.rewound': 'the receiver asked for an earlier chunk',
  'run.failed': 'a run met what should not be',
  'run.stalled': 'a run made no progress for too long: what it was busy with',
  'run.abandoned':
    'a run did not end although it was asked to; its slot was given to another, and it can write nothing',
  'attempt.ended': 'one attempt, with its outcome',
  'circuit.opened': 'an origin failed too often: nothing is sent to it before the next probe',
  'circuit.probed': 'the circuit is half-open: one attempt is let through',
  'circuit.closed': 'the probe was answered: the origin is delivered to again',
  'circuit.forgotten': 'no ingestion waits for the origin any longer: what comes for it next is sent at once',
  'source.touched': 'the file changed under the delivery; it is opened anew and held against what is on record',
  'source.verified': 'recorded chunks were rebuilt from the source and compared',
  'source.differs': 'a verification found a chunk that is not as recorded',
  'source.unverified': 'a verification could not read what it was to compare',
  'state.unavailable': 'the state could not be written: what needs it waits, and it is tried again',
  'state.damaged':
    'a row of an ingestion is not what was written: it is passed over, others go on; restore a backup (docs/back-up.md)',
  'state.network_file_system':
    'the data directory seems to be on a network file system, where commits may be lost: move it to a local disk',
  'state.behind_receiver':
    'the receiver has seen more of the ingestion than is on record here, as where a backup was restored',
  'status_event.failed': 'a status event could not be delivered; nothing depends on it',
  'request.refused': 'the API refused a request',
  'request.failed': 'the API failed to answer a request',
} as const satisfies Record<string, string>;

/** One of {@link LOG_EVENTS}. */
export type LogEvent = keyof typeof LOG_EVENTS;

/** What is logged with an event: ids, numbers, codes. Never a record's content, never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Where events go. Levels by what an operator must do: error: act; warn: look; info: nothing; debug: only when looking. */
export interface Logger {
  debug(event: LogEvent, fields?: LogFields): void;
  info(event: LogEvent, fields?: LogFields): void;
  warn(event: LogEvent, fields?: LogFields): void;
  error(event: LogEvent, fields?: LogFields): void;
}
