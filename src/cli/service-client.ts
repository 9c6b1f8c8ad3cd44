import type { z } from 'zod';
import { submissionSchema } from '../api/contracts.ts';
import { EVENT_STREAM_MEDIA_TYPE } from '../api/event-stream.ts';
import { chunkPageSchema, type chunkSchema } from '../api/present-chunk.ts';
import { circuitListSchema, type circuitSchema } from '../api/present-circuit.ts';
import { failedAttemptSchema } from '../api/present-failed-attempt.ts';
import { ingestionPageSchema, ingestionSchema } from '../api/present-ingestion.ts';
import { rejectPageSchema, type rejectSchema } from '../api/present-reject.ts';
import { verificationSchema } from '../api/present-verification.ts';
import { problemSchema } from '../api/problem.ts';
import { ERRORS, type ErrorCode, ServiceError } from '../errors.ts';
import type { Status } from '../model/ingestion.ts';
import { EventStreamParser, type StreamPiece } from './event-stream-parser.ts';

/** An ingestion as the API shows it. */
export type IngestionView = z.infer<typeof ingestionSchema>;
/** The answer to a request for an ingestion. */
export type SubmissionView = z.infer<typeof submissionSchema>;

/** A chunk in the ledger. */
export type ChunkView = z.infer<typeof chunkSchema>;

/** A circuit that is not closed. */
export type CircuitView = z.infer<typeof circuitSchema>;

/** A bad record that was set aside. */
export type RejectView = z.infer<typeof rejectSchema>;

/** How far a comparison of what was delivered with its file is, or what came of it. */
export type VerificationView = z.infer<typeof verificationSchema>;

/** An attempt that failed, with what the receiver answered. */
export type FailedAttemptView = z.infer<typeof failedAttemptSchema>;

/** What a person may do to an ingestion. */
export type Move = 'pause' | 'resume' | 'cancel';

/** A service that was asked and does not answer within this is not there. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Where requests go: over the network, or straight into a service of this process. */
export type Send = (request: Request) => Response | Promise<Response>;

/** The API of one service, as far as the command line uses it. Every method throws SERVICE_UNREACHABLE, and what the service answered. */
export class ServiceClient {
  readonly url: string;
  readonly #token: string | null;
  readonly #send: Send;

  /** @param options.url the service's root, without a slash at its end; `send` is `fetch` but for a service of this process. */
  constructor(options: { readonly url: string; readonly token: string | null; readonly send?: Send }) {
    this.url = options.url;
    this.#token = options.token;
    this.#send = options.send ?? fetch;
  }

  /** Asks for an ingestion; `body` is that of POST /api/ingest. */
  submit(body: Readonly<Record<string, unknown>>): Promise<SubmissionView> {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
    return this.#ask('/api/ingest', submissionSchema, init);
  }

  /** Rejects at once where the signal is aborted. */
  getIngestion(ingestionId: string, signal?: AbortSignal): Promise<IngestionView> {
    const bounds = signal && { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]) };
    return this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}`, ingestionSchema, bounds);
  }

  /** The last attempt that failed; null: none did, or the service is of a version that does not tell. */
  async getLastFailedAttempt(ingestionId: string): Promise<FailedAttemptView | null> {
    try {
      const path = `/api/ingestions/${encodeURIComponent(ingestionId)}/last-failed-attempt`;
      return await this.#ask(path, failedAttemptSchema);
    } catch (error) {
      if (isCode(error, 'FAILED_ATTEMPT_NOT_FOUND') || isCode(error, 'ROUTE_NOT_FOUND')) return null;
      throw error;
    }
  }

  /**
   * What happens to an ingestion, as it happens, until the service ends the stream, which it does now and then, or the signal is aborted.
   * @param options `after`: the last id that was seen; null: from now on
   */
  async *followEvents(
    ingestionId: string,
    { after, signal }: { readonly after: string | null; readonly signal: AbortSignal },
  ): AsyncGenerator<StreamPiece, void, undefined> {
    const request = this.#request(`/api/ingestions/${encodeURIComponent(ingestionId)}/events`, { signal });
    if (after !== null) request.headers.set('Last-Event-ID', after);
    const response = await this.#send(request);
    const mediaType = response.headers.get('Content-Type') ?? '';
    if (!response.ok || !mediaType.startsWith(EVENT_STREAM_MEDIA_TYPE) || response.body === null) {
      throw this.#failureOf(this.#jsonOf(response.status, new Uint8Array(await response.arrayBuffer())));
    }
    const reader = response.body.getReader();
    // A service of this process does not look at the signal of a request.
    const leave = () => void reader.cancel().catch(() => {});
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    try {
      const parser = new EventStreamParser();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        yield parser.read(value);
      }
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }

  /** Pauses, resumes or cancels an ingestion; gives it back as it is afterwards. */
  move(ingestionId: string, move: Move): Promise<IngestionView> {
    return this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}/${move}`, ingestionSchema, { method: 'POST' });
  }

  /** Removes an ingestion that has ended. */
  deleteIngestion(ingestionId: string): Promise<void> {
    return this.#delete(`/api/ingestions/${encodeURIComponent(ingestionId)}`);
  }

  /**
   * The body of a chunk, byte for byte as it was sent or will be. What is compressed is read from its start for that, which takes as long as it takes.
   * Rejects where the signal is aborted.
   */
  async getChunkBody(
    ingestionId: string,
    { chunkNumber, signal }: { readonly chunkNumber: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array> {
    const path = `/api/ingestions/${encodeURIComponent(ingestionId)}/chunks/${chunkNumber}`;
    const { isOk, status, bytes } = await this.#exchange(path, { signal });
    if (isOk) return bytes;
    throw this.#failureOf(this.#jsonOf(status, bytes));
  }

  /** Has what was delivered compared with its file, in the background. */
  verify(ingestionId: string): Promise<VerificationView> {
    const path = `/api/ingestions/${encodeURIComponent(ingestionId)}/verify`;
    return this.#ask(path, verificationSchema, { method: 'POST' });
  }

  /** What {@link ServiceClient.verify} has found so far; null: it was not asked for, or is forgotten. */
  async getVerification(ingestionId: string): Promise<VerificationView | null> {
    try {
      return await this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}/verification`, verificationSchema);
    } catch (error) {
      if (isCode(error, 'VERIFICATION_NOT_FOUND')) return null;
      throw error;
    }
  }

  /** Has the service stop what {@link ServiceClient.verify} began, and forget it. */
  giveUpVerification(ingestionId: string): Promise<void> {
    return this.#delete(`/api/ingestions/${encodeURIComponent(ingestionId)}/verification`);
  }

  /** The newest `limit` ingestions, of one state where it is given, from a page's `next_cursor` on. */
  listIngestions({
    status,
    limit,
    cursor = null,
  }: {
    readonly status?: Status;
    readonly limit: number;
    readonly cursor?: string | null;
  }): Promise<z.infer<typeof ingestionPageSchema>> {
    const query = queryOf({ limit, cursor });
    if (status !== undefined) query.set('status', status);
    return this.#ask(`/api/ingestions?${query.toString()}`, ingestionPageSchema);
  }

  /** At most `limit` chunks of an ingestion in the order of their numbers: those behind a page's `next_cursor`, else from `fromChunk` on. */
  listChunks(
    ingestionId: string,
    { fromChunk, ...page }: PageQuery & { readonly fromChunk: number },
  ): Promise<z.infer<typeof chunkPageSchema>> {
    const query = queryOf(page);
    if (page.cursor === null) query.set('from_chunk', String(fromChunk));
    return this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}/chunks?${query.toString()}`, chunkPageSchema);
  }

  /** At most `limit` bad records of an ingestion in the order of its source, from a page's `next_cursor` on. */
  listRejects(ingestionId: string, page: PageQuery): Promise<z.infer<typeof rejectPageSchema>> {
    const query = queryOf(page).toString();
    return this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}/rejects?${query}`, rejectPageSchema);
  }

  /** The circuits that are not closed, by origin. */
  async listCircuits(): Promise<readonly CircuitView[]> {
    return (await this.#ask('/api/circuits', circuitListSchema)).items;
  }

  async #ask<Body>(path: string, schema: z.ZodType<Body>, init: RequestInit = {}): Promise<Body> {
    const { isOk, status, bytes } = await this.#exchange(path, init);
    const json = this.#jsonOf(status, bytes);
    const body = schema.safeParse(json);
    if (isOk && body.success) return body.data;
    throw this.#failureOf(json);
  }

  async #delete(path: string): Promise<void> {
    const { isOk, status, bytes } = await this.#exchange(path, { method: 'DELETE' });
    if (!isOk) throw this.#failureOf(this.#jsonOf(status, bytes));
  }

  async #exchange(
    path: string,
    init: RequestInit,
  ): Promise<{ readonly isOk: boolean; readonly status: number; readonly bytes: Uint8Array }> {
    const request = this.#request(path, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS), ...init });
    try {
      const response = await this.#send(request);
      return { isOk: response.ok, status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
    } catch (cause) {
      throw this.#unreachable(reasonOf(cause), cause);
    }
  }

  #request(path: string, init: RequestInit): Request {
    // Nothing of the service leads elsewhere; whatever does gets neither the token nor the request.
    const request = new Request(`${this.url}${path}`, { redirect: 'error', ...init });
    if (this.#token !== null) request.headers.set('Authorization', `Bearer ${this.#token}`);
    return request;
  }

  #jsonOf(status: number, bytes: Uint8Array): unknown {
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw this.#unreachable(`what answers there is no Ackstream service (${status}, not JSON)`, cause);
    }
  }

  #failureOf(json: unknown): ServiceError {
    const problem = problemSchema.safeParse(json);
    if (problem.success) return errorOfProblem(problem.data);
    return this.#unreachable('what answers there is no Ackstream service of this version');
  }

  #unreachable(reason: string, cause?: unknown): ServiceError {
    const detail = `No service answers at ${this.url}: ${reason}.`;
    return new ServiceError('SERVICE_UNREACHABLE', { detail, ...(cause === undefined ? {} : { cause }) });
  }
}

/** Which page of a list is asked for; a cursor of null: the first. */
interface PageQuery {
  readonly limit: number;
  readonly cursor: string | null;
}

function queryOf({ limit, cursor }: PageQuery): URLSearchParams {
  return new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
}

/** A code that only a newer service knows is told in the text. */
function errorOfProblem({ code, title, detail = title, errors }: z.infer<typeof problemSchema>): ServiceError {
  if (!isErrorCode(code)) return new ServiceError('INTERNAL', { detail: `${code}: ${detail}` });
  return new ServiceError(code, { detail, ...(errors === undefined ? {} : { fields: errors }) });
}

function isCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof ServiceError && error.code === code;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** `fetch` says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : String(cause);
}
