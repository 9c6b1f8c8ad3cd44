/** What the API answers with, as far as the page shows it. */

/** A refusal. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly candidates?: readonly unknown[];
  /** The ingestion it is about. */
  readonly ingestion_id?: string;
  readonly what_to_do?: string;
}

/** Where in a file something is. */
export interface Place {
  readonly file?: string;
  readonly byte_offset?: number;
  readonly line?: number;
  readonly column?: number;
}

/** A circuit that is not closed. */
export interface Circuit {
  readonly origin: string;
  readonly state: 'open' | 'half-open';
  readonly since: string;
  readonly next_probe_at: string | null;
  readonly consecutive_failures: number;
  readonly last_failure: string | null;
}

/** One of the states. */
export type Status = 'QUEUED' | 'RUNNING' | 'PAUSED' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

/** One ingestion. */
export interface Ingestion {
  readonly ingestion_id: string;
  readonly file_path: string;
  readonly file_type: string;
  readonly file_count: number;
  readonly record_path: string | null;
  readonly format: Readonly<Record<string, unknown>>;
  readonly number_form: string;
  readonly on_bad_record: string;
  readonly max_bad_records: number | string | null;
  readonly callback_url: string;
  readonly callback_header_names: readonly string[];
  readonly status_url: string | null;
  readonly chunk_size_by_records: number;
  readonly chunk_size_by_memory: number;
  readonly retry: { readonly window: string; readonly max_delay: string };
  readonly status: Status;
  readonly epoch: number;
  readonly totals: {
    readonly records: number;
    readonly chunks: number;
    readonly rejected_records: number;
    readonly source_bytes: number;
    readonly source_size: number;
  };
  readonly percent: number;
  readonly records_per_second: number | null;
  readonly eta_seconds: number | null;
  readonly last_error: {
    readonly code: string;
    readonly message: string;
    readonly what_to_do: string;
    readonly at: string;
    readonly place?: Place;
  } | null;
  readonly next_attempt_at: string | null;
  readonly circuit: Circuit | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly run_started_at: string | null;
  readonly completed_at: string | null;
}

/** One try at a chunk. */
export interface Attempt {
  readonly attempt: number;
  readonly epoch: number;
  readonly begun_at: string;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly outcome: string | null;
  readonly http_status: number | null;
  readonly reason: string | null;
}

/** The last attempt that failed, and what came back. */
export interface LastFailedAttempt {
  /** null: it was at COMPLETED. */
  readonly chunk_number: number | null;
  readonly attempt: number;
  readonly epoch: number;
  readonly begun_at: string;
  readonly ended_at: string;
  readonly duration_ms: number;
  readonly outcome: string;
  readonly http_status: number | null;
  readonly reason: string | null;
  readonly answer: Answer | null;
}

/** What a receiver answered. */
export interface Answer {
  readonly http_status: number;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly are_headers_cut: boolean;
  readonly body: string;
  readonly body_encoding: 'utf-8' | 'base64';
  /** As received; of which `body` is the beginning where `is_body_cut`. */
  readonly body_bytes: number;
  readonly is_body_cut: boolean;
}

/** A row of the ledger. */
export interface Chunk {
  readonly chunk_number: number;
  readonly checksum: string;
  readonly record_offset: number;
  readonly record_count: number;
  readonly byte_count: number;
  readonly is_last: boolean;
  readonly planned_at: string;
  readonly acked_at: string | null;
  readonly attempt_count: number;
  /** The last ones, oldest first. */
  readonly attempts: readonly Attempt[];
}

/** A bad record that was set aside. */
export interface Reject {
  readonly file_index: number;
  readonly byte_offset: number;
  readonly byte_length: number;
  readonly line: number;
  readonly code: string;
  readonly message: string;
  readonly what_to_do: string;
  readonly place?: Place;
  readonly raw: string;
  readonly raw_text: string | null;
  readonly is_truncated: boolean;
}

/** What a file looks like to a delivery. */
export interface Preview {
  readonly file_type: string;
  readonly file_count: number;
  /** The first ones. */
  readonly files: readonly { readonly path: string }[];
  readonly source_size: number;
  readonly compression: string | null;
  readonly encoding: string | null;
  readonly record_path: string | null;
  readonly sampled: { readonly records: number; readonly bad_records: number };
  readonly fields: readonly {
    readonly path: string;
    readonly types: readonly string[];
    readonly count: number;
    readonly examples: readonly string[];
  }[];
  readonly bad_records: readonly {
    readonly file_index: number;
    readonly line: number;
    readonly code: string;
    readonly message: string;
    readonly raw_text: string | null;
  }[];
  readonly records: readonly unknown[];
}

/** A field of the form for a feed. */
export interface FeedField {
  /** Its dotted place in a request, unless `member` says so. */
  readonly name: string;
  readonly member?: string;
  readonly label: string;
  readonly hint?: string;
  readonly isRequired?: boolean;
  readonly isNumber?: boolean;
  readonly isSecret?: boolean;
  readonly isMultiline?: boolean;
  /** Whether spaces around it, or alone, mean something. */
  readonly keepsSpace?: boolean;
  /** What may be chosen, by the value of the control. */
  readonly options?: Readonly<Record<string, string>>;
  /** What a text that is not empty is in a request; else itself. */
  readonly toWire?: (text: string) => unknown;
  /** How what is known of an ingestion is shown, empty where it is the usual. */
  readonly toText?: (value: unknown, ingestion: Ingestion) => string;
}

/** A check of everything that was delivered against the file. */
export interface Verification {
  readonly state: 'running' | 'done' | 'failed';
  readonly chunks: number;
  readonly chunks_verified: number;
  readonly records_verified: number;
  readonly mismatch: { readonly chunk_number: number; readonly message: string } | null;
  readonly error: { readonly message: string; readonly what_to_do: string } | null;
}

/** A page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

/** One page of the dashboard. */
export interface View {
  readonly title: string;
  /** What is known, as elements; called at every change and once a second. */
  render(now: number): readonly Node[];
  /** Reads anew what is shown. */
  refresh(): Promise<void>;
  /** Called after the elements of `render` are in the page. */
  painted?(): void;
  /** Something was typed or chosen in a form. */
  edited?(form: HTMLFormElement): void;
  /** The page is left. */
  close?(): void;
  /** What buttons with `data-action` do, and forms. */
  readonly actions?: Readonly<Record<string, (target: HTMLElement) => Promise<void> | void>>;
}

/** What views may ask of the page around them. */
export interface Surroundings {
  /** Shows what has changed. */
  paint(): void;
  /** Says something to those who do not see the page. */
  announce(text: string): void;
  /** Asks the person; `text` in paragraphs. */
  confirm(question: {
    readonly title: string;
    readonly text: readonly string[];
    readonly yes: string;
    readonly no: string;
  }): Promise<boolean>;
}
