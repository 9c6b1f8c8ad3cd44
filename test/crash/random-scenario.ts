/**
 * A delivery between two real processes on which a seed decides: format and length of the feed, bad records in it, sizes, faults of the receiver, and a number of blows. Each blow comes at a random
 * moment: SIGKILL of the service, of the receiver or of both, also while the service starts, a shutdown, a pause, a cancellation, a request with
 * other sizes. In the end the faults stop, and all of it must be delivered. The seed decides what happens, the machine decides on the moment: a
 * failure may need a few repetitions to come back.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FaultRuleInput } from '../../mock-receiver/fault-rules.ts';
import { seededRandom } from '../../mock-receiver/seeded-random.ts';
import type { ShownIngestion } from '../harness/api-client.ts';
import { badPlacesOf, FORMAT_FEEDS, type FormatFeed, pathOfFeed, recordsOfFeed } from '../harness/format-feeds.ts';
import { randomMoment } from '../harness/random-moment.ts';
import { type ServiceProcess, spawnService, startServiceProcess } from '../harness/service-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { until } from '../harness/until.ts';
import { type ReceiverProcess, startReceiverProcess } from '../mock-receiver/receiver-process.ts';

/** What may end a delivery while its receiver has faults. Everything else is one of ours. */
const ERRORS_BY_FAULTS = ['DELIVERY_REJECTED', 'RECEIVER_FORGETS', 'CHUNK_TOO_LARGE_FOR_RECEIVER'];
/** The longest time between two blows: enough for some chunks behind the start of a process. */
const MAX_CALM_MS = 700;
const DELIVERY_DEADLINE_MS = 60_000;

/** What a scenario came to. */
export interface ScenarioFigures {
  readonly seed: number;
  readonly feed: string;
  readonly serviceKills: number;
  readonly receiverKills: number;
  readonly records: number;
  readonly rejectedRecords: number;
  readonly chunks: number;
  /** Requests that the receiver decided on. */
  readonly attempts: number;
  readonly duplicates: number;
}

/**
 * Plays one scenario. Fails unless the receiver has exactly the records of the feed, in order, both sides agree on the chain, and each bad record is on
 * record once, at its place. Says what happened where it fails.
 */
export async function playScenario(seed: number, blowCount: number): Promise<ScenarioFigures> {
  const scenario = new RandomScenario(seed);
  try {
    return await scenario.play(blowCount);
  } catch (error) {
    throw new Error(`seed ${seed} (ACKSTREAM_SEEDS=${seed}): ${scenario.story.join(', ')}`, { cause: error });
  }
}

class RandomScenario {
  readonly story: string[] = [];
  readonly #seed: number;
  readonly #random: () => number;
  readonly #folder = tempFolder();
  readonly #feed: FormatFeed;
  readonly #recordCount: number;
  readonly #withBad: boolean;
  #service: ServiceProcess | null = null;
  #receiver: ReceiverProcess | null = null;
  #callbackUrl = '';
  #ingestionId = '';
  #mayForget = false;
  #serviceKills = 0;
  #receiverKills = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    // One after the other, so that a range of seeds has all of them; whether with bad records changes from round to round.
    this.#feed = FORMAT_FEEDS[seed % FORMAT_FEEDS.length] as FormatFeed;
    this.#withBad = this.#feed.badText !== null && Math.floor(seed / FORMAT_FEEDS.length) % 2 === 0;
    this.#recordCount = 300 + this.#below(1_500);
    this.story.push(`${this.#recordCount} records of ${this.#feed.name}${this.#withBad ? ' with bad ones' : ''}`);
  }

  async play(blowCount: number): Promise<ScenarioFigures> {
    await this.#feed.write(pathOfFeed(this.#feed, this.#folder), this.#recordCount, this.#withBad);
    await this.#startReceiver();
    await this.#setFaults(this.#someFaults());
    const service = await this.#startService();
    await this.#ingest(service);
    for (let blow = 0; blow < blowCount; blow += 1) {
      await randomMoment(this.#random, MAX_CALM_MS);
      await this.#strike();
    }
    await this.#deliverTheRest();
    return this.#judge();
  }

  /** One blow. Afterwards both processes are up. */
  async #strike(): Promise<void> {
    const service = this.#service ?? (await this.#startService());
    const blow = pick(this.#random, [
      [4, () => this.#killService(service)],
      [2, () => this.#killReceiver()],
      [1, () => this.#killBoth(service)],
      [1, () => this.#killAtStart(service)],
      [1, () => this.#shutDown(service)],
      [2, () => this.#ingest(service)],
      [1, () => this.#act(service, 'pause')],
      [1, () => this.#pauseAndResume(service)],
      [1, () => this.#act(service, 'cancel')],
      [1, async () => this.#setFaults(this.#someFaults())],
    ]);
    await blow();
    if (this.#receiver === null) {
      await this.#startReceiver();
      await this.#setFaults(this.#someFaults());
    }
    // A service that goes on finds what it finds; a person asks again now and then.
    this.#service ??= await this.#startService();
    await this.#look(this.#service);
    if (this.#random() < 0.7) await this.#ingest(this.#service);
  }

  /** The ingestion, which nothing but the receiver's faults may have ended. */
  async #look({ api }: ServiceProcess): Promise<ShownIngestion> {
    const shown = await api.get(this.#ingestionId);
    const isOurs = shown.status === 'FAILED' && !ERRORS_BY_FAULTS.includes(shown.last_error?.code ?? '');
    assert.ok(!isOurs, JSON.stringify(shown.last_error));
    return shown;
  }

  async #deliverTheRest(): Promise<void> {
    await this.#setFaults([]);
    const service = this.#service ?? (await this.#startService());
    this.story.push('faults end');
    await until(
      async () => {
        const shown = await this.#look(service);
        if (['FAILED', 'PAUSED', 'CANCELLED'].includes(shown.status)) await this.#ingest(service);
        return shown;
      },
      (shown) => shown.status === 'COMPLETED',
      DELIVERY_DEADLINE_MS,
    );
  }

  async #judge(): Promise<ScenarioFigures> {
    const service = this.#service ?? (await this.#startService());
    const shown = await service.api.get(this.#ingestionId);
    const rejects = await service.api.rejects(this.#ingestionId);
    const report = await this.#ask<Report>(`/report/${this.#ingestionId}`);
    const records = (await (await fetch(`${this.#origin}/records/${this.#ingestionId}`)).text()).trimEnd().split('\n');
    assert.deepEqual(records, recordsOfFeed(this.#feed, this.#recordCount));
    const badPlaces = this.#withBad ? badPlacesOf(this.#feed, this.#recordCount) : [];
    assert.deepEqual(
      rejects.map(({ file_index, byte_offset, line }) => ({ file_index, byte_offset, line })),
      badPlaces,
    );
    assert.equal(shown.totals.rejected_records, badPlaces.length);
    assert.equal(report.claimed.rejected_records, badPlaces.length);
    assert.ok(report.verdict_ok, report.verdict);
    assert.equal(report.mismatches, 0);
    assert.equal(report.chain_checksum, shown.chain_checksum);
    if (!this.#mayForget) assert.equal(report.out_of_order, 0);
    return {
      seed: this.#seed,
      feed: this.#feed.name,
      serviceKills: this.#serviceKills,
      receiverKills: this.#receiverKills,
      records: report.records,
      rejectedRecords: rejects.length,
      chunks: report.chunks,
      attempts: Object.values(report.answers).reduce((sum, count) => sum + count, 0),
      duplicates: report.duplicates,
    };
  }

  async #startService(): Promise<ServiceProcess> {
    this.#service = await startServiceProcess(this.#folder);
    return this.#service;
  }

  async #killService(service: ServiceProcess): Promise<void> {
    this.story.push('kill service');
    this.#serviceKills += 1;
    this.#service = null;
    service.process.kill('SIGKILL');
    await service.ended;
  }

  async #killBoth(service: ServiceProcess): Promise<void> {
    await Promise.all([this.#killService(service), this.#killReceiver()]);
  }

  /** Kills a service once more while it starts. */
  async #killAtStart(service: ServiceProcess): Promise<void> {
    await this.#killService(service);
    const { process: child, ended } = spawnService(this.#folder);
    await randomMoment(this.#random, 800);
    this.story.push('kill starting service');
    this.#serviceKills += 1;
    child.kill('SIGKILL');
    await ended;
  }

  async #shutDown(service: ServiceProcess): Promise<void> {
    this.story.push('shut down');
    this.#service = null;
    service.process.kill('SIGTERM');
    assert.deepEqual(await service.ended, { code: 0, signal: null });
  }

  async #act(service: ServiceProcess, action: 'pause' | 'resume' | 'cancel'): Promise<void> {
    const { status } = await service.api.act(this.#ingestionId, action);
    this.story.push(`${action} ${status}`);
    assert.ok([200, 202, 409].includes(status));
  }

  async #pauseAndResume(service: ServiceProcess): Promise<void> {
    await this.#act(service, 'pause');
    await this.#act(service, 'resume');
  }

  async #ingest(service: ServiceProcess): Promise<void> {
    const sizes = {
      chunk_size_by_records: pick(this.#random, [
        [1, 0],
        [4, 1 + this.#below(5)],
        [8, 5 + this.#below(25)],
      ]),
      chunk_size_by_memory: pick(this.#random, [
        [3, 0],
        [1, 1_000 + this.#below(6_000)],
      ]),
    };
    const { status, body } = await service.api.ingest({
      file_path: pathOfFeed(this.#feed, this.#folder),
      ...this.#feed.request,
      ...(this.#withBad ? { on_bad_record: 'quarantine' } : {}),
      callback_url: this.#callbackUrl,
      retry: { max_delay: '5ms' },
      ...sizes,
    });
    this.story.push(`ingest ${sizes.chunk_size_by_records}/${sizes.chunk_size_by_memory} ${body.status}`);
    assert.equal(status, 202, `${body.code}: ${body.detail}`);
    this.#ingestionId = body.ingestion_id;
  }

  async #startReceiver(): Promise<void> {
    const port = this.#callbackUrl === '' ? '0' : new URL(this.#callbackUrl).port;
    const state = join(this.#folder, 'receiver.db');
    this.#receiver = await startReceiverProcess('--quiet', '--port', port, '--state', state, '--seed', `${this.#seed}`);
    this.#callbackUrl = this.#receiver.callbackUrl;
  }

  async #killReceiver(): Promise<void> {
    this.story.push('kill receiver');
    this.#receiverKills += 1;
    const child = this.#receiver?.child;
    this.#receiver = null;
    child?.kill('SIGKILL');
    if (child !== undefined) await once(child, 'exit');
  }

  /** A delay, so that there is something to strike, and up to three more. */
  #someFaults(): FaultRuleInput[] {
    const faults: FaultRuleInput[] = [{ fault: 'delay', delay_ms: 3 + this.#below(12) }];
    const probability = 0.05 + 0.2 * this.#random();
    for (let index = this.#below(4); index > 0; index -= 1) {
      faults.push(
        pick<FaultRuleInput>(this.#random, [
          [1, { fault: 'reset', probability }],
          [2, { fault: 'reset', after_storing: true, probability }],
          [1, { fault: 'status', status: 503, probability }],
          [1, { fault: 'status', status: 500, after_storing: true, probability }],
          [1, { fault: 'status', status: 429, retry_after: '0', probability }],
          [1, { fault: 'truncated-ack', probability }],
          [1, { fault: 'non-json-ack', probability }],
          [1, { fault: 'wrong-echo', member: 'chunk_number', probability }],
          [1, { fault: 'nack', error: 'not today', probability: probability / 3 }],
          [1, { fault: 'too-large', max_bytes: 2_000 + this.#below(10_000) }],
          [1, { fault: 'forget', keep_chunks: this.#below(20), times: 1, probability: 0.05 }],
        ]),
      );
    }
    return faults;
  }

  async #setFaults(faults: readonly FaultRuleInput[]): Promise<void> {
    this.story.push(`faults ${faults.map(({ fault }) => fault).join('+')}`);
    this.#mayForget ||= faults.some(({ fault }) => fault === 'forget');
    await this.#ask('/faults', { method: 'PUT', body: JSON.stringify(faults) });
  }

  get #origin(): string {
    return new URL(this.#callbackUrl).origin;
  }

  async #ask<Body>(path: string, init?: RequestInit): Promise<Body> {
    const response = await fetch(this.#origin + path, init);
    assert.equal(response.status, 200);
    return (await response.json()) as Body;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}

interface Report {
  readonly records: number;
  readonly chunks: number;
  readonly duplicates: number;
  readonly out_of_order: number;
  readonly mismatches: number;
  readonly verdict_ok: boolean;
  readonly verdict: string;
  readonly chain_checksum: string;
  readonly claimed: { readonly rejected_records: number };
  readonly answers: Readonly<Record<string, number>>;
}

/** One of the choices, the likelier the greater its weight. */
function pick<Choice>(random: () => number, choices: readonly (readonly [weight: number, choice: Choice])[]): Choice {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error('nothing to choose from');
}
