import type { z } from 'zod';
import {
  ingestionPageSchema,
  ingestionSchema,
  problemSchema,
  rejectPageSchema,
  type rejectSchema,
  submissionSchema,
} from '../api/contracts.ts';
import { verificationSchema } from '../api/verification-schema.ts';
import { ERRORS, type ErrorCode, ServiceError } from '../errors.ts';
import type { Status } from '../model/ingestion.ts';

/** An ingestion as the API shows it. */
export type IngestionView = z.infer<typeof ingestionSchema>;
/** The answer to a request for an ingestion. */
export type SubmissionView = z.infer<typeof submissionSchema>;
/** A page of ingestions, newest first. */
export type IngestionPageView = z.infer<typeof ingestionPageSchema>;

/** A bad record that was set aside. */
export type RejectView = z.infer<typeof rejectSchema>;
/** A page of bad records, in the order of the source. */
export type RejectPageView = z.infer<typeof rejectPageSchema>;

/** How far a comparison of what was delivered with its file is, or what came of it. */
export type VerificationView = z.infer<typeof verificationSchema>;

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

  getIngestion(ingestionId: string): Promise<IngestionView> {
    return this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}`, ingestionSchema);
  }

  /** Pauses, resumes or cancels an ingestion; gives it back as it is afterwards. */
  move(ingestionId: string, move: Move): Promise<IngestionView> {
    return this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}/${move}`, ingestionSchema, { method: 'POST' });
  }

  /** Has what was delivered compared with its file, in the background. */
  verify(ingestionId: string): Promise<VerificationView> {
    const path = `/api/ingestions/${encodeURIComponent(ingestionId)}/verify`;
    return this.#ask(path, verificationSchema, { method: 'POST' });
  }

  /** What {@link ServiceClient.verify} has found so far. */
  getVerification(ingestionId: string): Promise<VerificationView> {
    return this.#ask(`/api/ingestions/${encodeURIComponent(ingestionId)}/verification`, verificationSchema);
  }

  /** The newest `limit` ingestions, of one state where it is given. */
  listIngestions(query: { readonly status?: Status; readonly limit: number }): Promise<IngestionPageView> {
    const parameters = new URLSearchParams({ limit: String(query.limit) });
    if (query.status !== undefined) parameters.set('status', query.status);
    return this.#ask(`/api/ingestions?${parameters.toString()}`, ingestionPageSchema);
  }

  /** At most `limit` bad records of an ingestion, from a page's `next_cursor` on. */
  listRejects(
    ingestionId: string,
    { limit, cursor }: { readonly limit: number; readonly cursor: string | null },
  ): Promise<RejectPageView> {
    const parameters = new URLSearchParams({ limit: String(limit) });
    if (cursor !== null) parameters.set('cursor', cursor);
    const path = `/api/ingestions/${encodeURIComponent(ingestionId)}/rejects?${parameters.toString()}`;
    return this.#ask(path, rejectPageSchema);
  }

  async #ask<Body>(path: string, schema: z.ZodType<Body>, init: RequestInit = {}): Promise<Body> {
    // Nothing of the service leads elsewhere; whatever does gets neither the token nor the request.
    const bounds = { redirect: 'error', signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) } as const;
    const request = new Request(`${this.url}${path}`, { ...init, ...bounds });
    if (this.#token !== null) request.headers.set('Authorization', `Bearer ${this.#token}`);
    const { isOk, json } = await this.#exchange(request);
    const body = schema.safeParse(json);
    if (isOk && body.success) return body.data;
    const problem = problemSchema.safeParse(json);
    if (problem.success) throw errorOfProblem(problem.data);
    throw this.#unreachable('what answers there is no Ackstream service of this version');
  }

  async #exchange(request: Request): Promise<{ readonly isOk: boolean; readonly json: unknown }> {
    let response: Response;
    let text: string;
    try {
      response = await this.#send(request);
      text = await response.text();
    } catch (cause) {
      throw this.#unreachable(reasonOf(cause), cause);
    }
    try {
      return { isOk: response.ok, json: JSON.parse(text) };
    } catch (cause) {
      throw this.#unreachable(`what answers there is no Ackstream service (${response.status}, not JSON)`, cause);
    }
  }

  #unreachable(reason: string, cause?: unknown): ServiceError {
    const detail = `No service answers at ${this.url}: ${reason}.`;
    return new ServiceError('SERVICE_UNREACHABLE', { detail, ...(cause === undefined ? {} : { cause }) });
  }
}

/** A code that only a newer service knows is told in the text. */
function errorOfProblem({ code, title, detail = title, errors }: z.infer<typeof problemSchema>): ServiceError {
  if (!isErrorCode(code)) return new ServiceError('INTERNAL', { detail: `${code}: ${detail}` });
  return new ServiceError(code, { detail, ...(errors === undefined ? {} : { fields: errors }) });
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
