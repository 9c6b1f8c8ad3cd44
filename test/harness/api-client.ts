import { request } from 'undici';
import { until } from './until.ts';

/** An ingestion as the API shows it, as far as tests look at it. */
export interface ShownIngestion {
  readonly ingestion_id: string;
  readonly status: string;
  readonly epoch: number;
  readonly callback_url: string;
  readonly record_path: string | null;
  readonly totals: { readonly records: number; readonly chunks: number; readonly rejected_records: number };
  readonly last_error: { readonly code: string; readonly message: string; readonly what_to_do: string } | null;
  readonly next_attempt_at: string | null;
  readonly [member: string]: unknown;
}

/** An answer of the API. */
export interface ApiAnswer<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

/** What is answered to POST /api/ingest, or a problem document. */
export interface SubmissionBody {
  readonly status: string;
  readonly ingestion_id: string;
  readonly file_id: string;
  readonly changed?: readonly string[];
  readonly code?: string;
  readonly detail?: string;
}

/** A bad record as the API shows it, as far as tests look at it. */
export interface ShownReject {
  readonly file_index: number;
  readonly byte_offset: number;
  readonly byte_length: number;
  readonly line: number;
  readonly code: string;
  readonly chunk_number: number | null;
  readonly raw_text: string | null;
}

/** A client of a service under test, over real HTTP. */
export class ApiClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async call<Body = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<Body>> {
    const answer = await this.callForText(method, path, body, headers);
    return { ...answer, body: JSON.parse(answer.body) as Body };
  }

  /** {@link call}, of an answer whose very text matters. */
  async callForText(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<string>> {
    const response = await request(this.url + path, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
  }

  /** POST /api/ingest; quick retries unless the fields say otherwise. */
  ingest(
    fields: Readonly<Record<string, unknown>>,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<SubmissionBody>> {
    return this.call('POST', '/api/ingest', { retry: { max_delay: '20ms' }, ...fields }, headers);
  }

  async get(ingestionId: string): Promise<ShownIngestion> {
    return (await this.call<ShownIngestion>('GET', `/api/ingestions/${ingestionId}`)).body;
  }

  /** All bad records of an ingestion, in the order of the source. */
  async rejects(ingestionId: string): Promise<ShownReject[]> {
    const rejects: ShownReject[] = [];
    let query = '?limit=100';
    for (;;) {
      const { body } = await this.call<{ items: ShownReject[]; next_cursor: string | null }>(
        'GET',
        `/api/ingestions/${ingestionId}/rejects${query}`,
      );
      rejects.push(...body.items);
      if (body.next_cursor === null) return rejects;
      query = `?limit=100&cursor=${encodeURIComponent(body.next_cursor)}`;
    }
  }

  act(ingestionId: string, action: 'pause' | 'resume' | 'cancel'): Promise<ApiAnswer<ShownIngestion>> {
    return this.call('POST', `/api/ingestions/${ingestionId}/${action}`);
  }

  /** Waits until the ingestion has one of the statuses. */
  untilStatus(ingestionId: string, ...statuses: readonly string[]): Promise<ShownIngestion> {
    return until(
      () => this.get(ingestionId),
      (shown) => statuses.includes(shown.status),
    );
  }
}
