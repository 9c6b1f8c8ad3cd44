/**
 * Plays a plan with real processes: the service with its SQLite file, and the reference receiver with its own. In the end the faults stop, and all of it must
 * be delivered.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ShownIngestion } from '../harness/api-client.ts';
import { pathOfFeed } from '../harness/format-feeds.ts';
import { until } from '../harness/until.ts';
import { wait } from '../harness/wait.ts';
import { judgeDelivery, judgeStateFile } from './judge-delivery.ts';
import { type KillFigures, NO_FIGURES, withKill } from './kill-figures.ts';
import type { Asked, Blow, ScenarioPlan, Strike, Victims } from './scenario-plan.ts';
import { StruckReceiver } from './struck-receiver.ts';
import { StruckService } from './struck-service.ts';

/** What may end a delivery while its receiver has faults. Everything else is one of ours. */
const ERRORS_BY_FAULTS = ['DELIVERY_REJECTED', 'RECEIVER_FORGETS', 'CHUNK_TOO_LARGE_FOR_RECEIVER'];
/** How long a named moment is waited for; a kill that comes then comes at random. */
const MOMENT_DEADLINE_MS = 5_000;
const DELIVERY_DEADLINE_MS = 180_000;
/** How often a person looks: looking takes the processor from what is looked at. */
const LOOK_INTERVAL_MS = 150;
/** A longer wait between attempts is cut short, as a person would who has mended the receiver. */
const MAX_IDLE_MS = 1_500;

/**
 * Plays a scenario in a folder of its own. Rejects with what was done, and the figures, where the delivery does not keep what is promised.
 */
export async function playScenario(plan: ScenarioPlan, folder: string): Promise<KillFigures> {
  const player = new ScenarioPlayer(plan, folder);
  try {
    return await player.play();
  } catch (error) {
    throw new ScenarioViolation(plan.seed, player, error);
  } finally {
    await player.end();
  }
}

/** A scenario in which something was not as promised. */
export class ScenarioViolation extends Error {
  readonly seed: number;
  readonly figures: KillFigures;

  constructor(seed: number, { story, figures }: { story: readonly string[]; figures: KillFigures }, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`seed ${seed}: ${reason}\n  ${story.join('\n  ')}`, { cause });
    this.seed = seed;
    this.figures = figures;
  }
}

class ScenarioPlayer {
  readonly story: string[] = [];
  figures: KillFigures = { ...NO_FIGURES, scenarios: 1 };
  readonly #plan: ScenarioPlan;
  readonly #folder: string;
  readonly #receiver: StruckReceiver;
  readonly #service: StruckService;
  #ingestionId: string | null = null;
  #latestAsked: Asked | null = null;
  #wasMadeToForget = false;
  #latest: ShownIngestion | null = null;

  constructor(plan: ScenarioPlan, folder: string) {
    this.#plan = plan;
    this.#folder = folder;
    this.#receiver = new StruckReceiver(folder, plan);
    this.#service = new StruckService(folder);
    const { feed, recordCount, withBad, isLegacy } = plan;
    const dialect = isLegacy ? ', to a receiver of the original dialect' : '';
    this.story.push(`${recordCount} records of ${feed.name}${withBad ? ' with bad ones' : ''}${dialect}`);
  }

  async play(): Promise<KillFigures> {
    const { feed, recordCount, withBad, strikes } = this.#plan;
    await feed.write(pathOfFeed(feed, this.#folder), recordCount, withBad);
    for (const strike of strikes) {
      if (this.#latest?.status === 'COMPLETED') break;
      await this.#strike(strike);
    }
    await this.#deliverTheRest();
    return this.#judge();
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    await Promise.all([this.#service.kill(), this.#receiver.kill()]);
  }

  async #strike(strike: Strike): Promise<void> {
    const { blow, faults, env } = strike;
    if (!this.#receiver.isUp) await this.#receiver.start();
    this.story.push(`faults ${faults.map(({ fault }) => fault).join('+')}`);
    this.#wasMadeToForget ||= faults.some(({ fault }) => fault === 'forget');
    await this.#receiver.setFaults(faults);
    if (blow.kind === 'kill-at-point') {
      const isThere = await this.#service.untilDeadAt({ ...blow, env }, () => this.#resume(strike), MOMENT_DEADLINE_MS);
      return this.#kill(blow.victims, isThere ? blow.point : 'at random');
    }
    await this.#service.start(env);
    await this.#resume(strike);
    await wait(strike.calmMs);
    if (this.#latest?.status !== 'COMPLETED') await this.#blow(blow, strike);
  }

  /** Looks what has become of it meanwhile, and asks for it again where the strike says so. */
  async #resume(strike: Strike): Promise<void> {
    if (this.#ingestionId !== null && (await this.#look()).status === 'COMPLETED') return;
    // Where the service was killed before it answered, a person asks again.
    const asked = strike.asked ?? (this.#ingestionId === null ? this.#latestAsked : null);
    if (asked !== null) await this.#ask(asked);
  }

  async #blow(blow: Exclude<Blow, { kind: 'kill-at-point' }>, { faults, env }: Strike): Promise<void> {
    switch (blow.kind) {
      case 'kill':
        return this.#kill(blow.victims, 'at random');
      case 'kill-at-start':
        await this.#kill('service', 'at random');
        await this.#service.killStarting(env, blow.startMs);
        return this.#count('service', 'while it starts');
      case 'kill-receiver-at': {
        const hangs = { fault: 'hang', times: 1, after_storing: blow.moment === 'stored-not-acked' } as const;
        await this.#receiver.setFaults([hangs, ...faults]);
        const isThere = await this.#receiver.untilFirstFaultInflicted(MOMENT_DEADLINE_MS);
        return this.#kill(blow.victims, isThere ? `receiver ${blow.moment}` : 'at random');
      }
      case 'shut-down':
        this.story.push('shut down');
        return this.#service.shutDown();
      case 'act':
        for (const action of blow.actions) await this.#act(action);
    }
  }

  /** Kills who has not killed itself. */
  async #kill(victims: Victims, moment: string): Promise<void> {
    await Promise.all([
      victims === 'receiver' ? null : this.#service.kill(),
      victims === 'service' ? null : this.#receiver.kill(),
    ]);
    this.#count(victims, moment);
  }

  #count(victims: Victims, moment: string): void {
    this.story.push(`kill ${victims} ${moment}`);
    this.figures = withKill(this.figures, victims, moment);
  }

  async #act(action: 'pause' | 'resume' | 'cancel'): Promise<void> {
    if (this.#ingestionId === null) return;
    const { status } = await this.#service.api.act(this.#ingestionId, action);
    this.story.push(`${action} ${status}`);
    assert.ok([200, 202, 409].includes(status), `${action} was answered with ${status}`);
  }

  async #ask(asked: Asked): Promise<void> {
    this.#latestAsked = asked;
    const { members, callbackQuery } = asked;
    const { feed, withBad } = this.#plan;
    const { status, body } = await this.#service.api.ingest({
      file_path: pathOfFeed(feed, this.#folder),
      ...feed.request,
      ...(withBad ? { on_bad_record: 'quarantine' } : {}),
      callback_url: this.#receiver.callbackUrl + callbackQuery,
      ...members,
    });
    this.story.push(`ask ${JSON.stringify(members)}${callbackQuery}: ${status} ${body.status}`);
    // To ask again for another callback is refused once all is delivered.
    if (body.code === 'DELIVERED_ELSEWHERE') return;
    assert.equal(status, 202, `${body.code}: ${body.detail}`);
    this.#ingestionId = body.ingestion_id;
  }

  /** The ingestion, which nothing but faults may have ended, and which is never ahead of its receiver. */
  async #look(): Promise<ShownIngestion> {
    assert.ok(this.#ingestionId !== null);
    const shown = await this.#service.api.get(this.#ingestionId);
    const isOurs = shown.status === 'FAILED' && !ERRORS_BY_FAULTS.includes(shown.last_error?.code ?? '');
    assert.ok(!isOurs, `failed by itself: ${JSON.stringify(shown.last_error)}`);
    if (this.#latest !== null) assert.ok(shown.epoch >= this.#latest.epoch, 'epochs never go back');
    if (!this.#wasMadeToForget) {
      const { chunks } = await this.#receiver.report(this.#ingestionId);
      assert.ok(
        shown.totals.chunks <= chunks,
        `${shown.totals.chunks} chunks are on record, the receiver has ${chunks}`,
      );
      const before = this.#latest?.totals.records ?? 0;
      assert.ok(shown.totals.records >= before, `${before} records were delivered, now ${shown.totals.records}`);
    }
    this.#latest = shown;
    return shown;
  }

  /** Without faults; behind the last chunk the service is killed once more. */
  async #deliverTheRest(): Promise<void> {
    if (!this.#receiver.isUp) await this.#receiver.start();
    await this.#receiver.setFaults([]);
    this.story.push('faults end');
    const point = this.#plan.lastPoint;
    const goOn = async () => {
      // Where all is delivered already, COMPLETED is said again.
      if ((await this.#ensureGoing()).status === 'COMPLETED') await this.#act('resume');
      await until(
        () => this.#ensureGoing(),
        () => false,
        DELIVERY_DEADLINE_MS,
      );
    };
    assert.ok(await this.#service.untilDeadAt({ point, pass: 1, env: {} }, goOn, 0));
    await this.#kill('service', point);
    await this.#service.start();
    await until(
      () => this.#ensureGoing(),
      ({ status }) => status === 'COMPLETED',
      DELIVERY_DEADLINE_MS,
    );
  }

  /** Does what a person would: asks again for what has ended, and does not wait for what is mended. */
  async #ensureGoing(): Promise<ShownIngestion> {
    await wait(LOOK_INTERVAL_MS);
    const shown = await this.#look();
    if (['FAILED', 'PAUSED', 'CANCELLED'].includes(shown.status)) await this.#act('resume');
    const waitsUntil = shown.next_attempt_at === null ? 0 : Date.parse(shown.next_attempt_at);
    if (waitsUntil > Date.now() + MAX_IDLE_MS) await this.#act('pause');
    return shown;
  }

  async #judge(): Promise<KillFigures> {
    const { api } = this.#service;
    const id = this.#ingestionId;
    assert.ok(id !== null);
    const report = await this.#receiver.report(id);
    const evidence = {
      shown: await api.get(id),
      rejects: await api.rejects(id),
      report,
      attempts: await this.#receiver.attempts(id),
      records: await this.#receiver.records(id),
      wasMadeToForget: this.#wasMadeToForget,
    };
    judgeDelivery(this.#plan, evidence);
    await this.#service.shutDown();
    judgeStateFile(join(this.#folder, 'data', 'ackstream.db'));
    return {
      ...this.figures,
      records: report.records,
      rejectedRecords: evidence.rejects.length,
      chunks: report.chunks,
      attempts: Object.values(report.answers).reduce((sum, count) => sum + count, 0),
      duplicates: report.duplicates,
    };
  }
}
