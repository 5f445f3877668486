import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import type { TargetReport } from '#local/exchange-simulator/venue/ledger.ts';
import { control, spawnSimulator, stopSimulator } from '#local/simulator-process.ts';
import { isAlive, StateDirectory } from '#local/state-directory.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
import { type DeathScene, fatesOf, verifyDeath } from './death-scene.ts';
import { declaredTargets, type Evidence, judge, type Ledger, readFiledFills } from './judge.ts';
import { SYMBOLS } from './kill-config.ts';
import type { PlannedKill, SequencePlan } from './kill-plan.ts';
import type { DeathNote } from './kill-switch.ts';
import { endLife, type PlatformLife, startLife } from './platform-life.ts';
import { type PlatformRecords, readDead, readRecords, unfinished } from './platform-records.ts';

/** Many times what an idle machine takes; a busy one must not fail a kill. */
const QUIET_TIMEOUT_MS = 120_000;
const DEATH_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

export interface KillResult {
  readonly plan: PlannedKill;
  /** What became of the orders that were at work, by the words of their rows. */
  readonly fates: readonly string[];
  readonly problems: readonly string[];
  readonly quiet: Quieting;
}

interface Quieting {
  /** From the start of the process until it held what it desired. */
  readonly afterMs: number;
  /** What it waited for longest. */
  readonly longest: string;
}

export interface SequenceResult {
  readonly seed: number;
  readonly kills: readonly KillResult[];
  /** Of the venue's restart from its file, and of kills that did not take place. */
  readonly problems: readonly string[];
  readonly orders: number;
  readonly fills: number;
  /** Kept when something is wrong. */
  readonly stateDir: string | null;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One state directory and one venue through all kills of a plan; each next process is judged before it is killed in turn. */
export class KillSequence {
  readonly #plan: SequencePlan;
  readonly #dir = mkdtempSync(join(tmpdir(), '3t-kills-'));
  readonly #state = new StateDirectory(this.#dir);
  readonly #client = keepAliveFetch();
  readonly #kills: KillResult[] = [];
  readonly #problems: string[] = [];
  /** Deaths since the platform was last quiet; only a death from outside can come before that. */
  #unjudged: DeathScene[] = [];
  #lives = 0;

  constructor(plan: SequencePlan) {
    this.#plan = plan;
  }

  async run(): Promise<SequenceResult> {
    let records: PlatformRecords | null = null;
    try {
      await this.#startVenue();
      for (const kill of this.#plan.kills) {
        this.#unjudged.push(await this.#liveAndDie(kill));
        await this.#betweenLives(kill);
      }
      await this.#lastLife();
      records = readRecords(this.#state.database);
    } catch (error) {
      this.#problems.push(`the sequence was cut off: ${(error as Error).stack}`);
    } finally {
      await this.#endVenue();
    }
    const failed = this.#problems.length > 0 || this.#kills.some((kill) => kill.problems.length > 0);
    if (!failed) rmSync(this.#dir, { recursive: true, force: true });
    return {
      seed: this.#plan.seed,
      kills: this.#kills,
      problems: this.#problems,
      orders: records?.orders.length ?? 0,
      fills: records?.fills.length ?? 0,
      stateDir: failed ? this.#dir : null,
    };
  }

  /** Starts a process, judges what the death before it left, lets it trade, and sees it die. */
  async #liveAndDie(kill: PlannedKill): Promise<DeathScene> {
    rmSync(this.#state.file('death-note.json'), { force: true });
    const life = this.#start(kill);
    if (kill.point === 'any-time') {
      // It may still be busy with the death before: that one is judged together with this one.
      const ended = await life.died(kill.delayMs);
      if (ended !== null) throw new Error(`the process ended by itself: ${ended}`);
      await endLife(life);
      return this.#look(kill);
    }
    await this.#quietAndJudged(life);
    await this.#arm(kill);
    life.letGo();
    const how = await life.died(DEATH_TIMEOUT_MS);
    if (how !== 'SIGKILL') {
      await endLife(life);
      throw new Error(`${kill.point}/${kill.variant} (${kill.nth}.) was not reached: ${how ?? 'it lives on'}`);
    }
    return this.#look(kill);
  }

  async #lastLife(): Promise<void> {
    const [kill] = this.#plan.kills;
    const life = this.#start({ ...kill!, point: 'before-intent' });
    const evidence = await this.#quietAndJudged(life);
    await endLife(life);
    await this.#restartVenue(evidence);
  }

  #start(kill: PlannedKill): PlatformLife {
    this.#lives += 1;
    return startLife(this.#state, this.#plan.orderTimeoutS, kill);
  }

  async #quiet(life: PlatformLife): Promise<Quieting> {
    const question = { since: life.startedAtMs, symbols: SYMBOLS };
    const waits = new Map<string, number>();
    for (;;) {
      const left = life.isStarted()
        ? unfinished(readRecords(this.#state.database), question)
        : ['its start has not returned'];
      const [longest = ['', 0]] = [...waits].sort((a, b) => b[1] - a[1]);
      const afterMs = Date.now() - life.startedAtMs;
      if (left.length === 0) return { afterMs, longest: `${(longest[1] / 1000).toFixed(1)} s: ${longest[0]}` };
      if (afterMs > QUIET_TIMEOUT_MS) throw new Error(`not quiet after ${QUIET_TIMEOUT_MS} ms: ${left.join('; ')}`);
      const ended = await life.died(POLL_MS);
      if (ended !== null) throw new Error(`the process ended by itself before it was quiet: ${ended}`);
      const tookMs = Date.now() - life.startedAtMs - afterMs;
      for (const reason of left) waits.set(reason, (waits.get(reason) ?? 0) + tookMs);
    }
  }

  /** Waits until the platform holds what it desires, and judges all deaths since it last did. */
  async #quietAndJudged(life: PlatformLife): Promise<Evidence> {
    const quiet = await this.#quiet(life);
    const records = readRecords(this.#state.database);
    const evidence = await this.#evidence(records, life.startedAtMs);
    const problems = judge(evidence);
    const scenes = this.#unjudged.splice(0);
    if (scenes.length === 0) this.#problems.push(...problems);
    for (const [index, scene] of scenes.entries()) {
      const found = index === scenes.length - 1 ? problems : [];
      const all = [...verifyDeath(scene, evidence), ...found];
      this.#kills.push({ plan: scene.kill, fates: fatesOf(scene, records), problems: all, quiet });
    }
    return evidence;
  }

  async #evidence(records: PlatformRecords, startedAtMs: number): Promise<Evidence> {
    const ledger = (await this.#control('ledger')) as Ledger;
    const targets = (await this.#control('targets', { targets: declaredTargets(records.orders) })) as TargetReport;
    const filed = readFiledFills(this.#state.simulatorState());
    return { records, ledger, filed, targets, sent: this.#sent(), startedAtMs, firstLife: this.#lives === 1 };
  }

  #look(kill: PlannedKill): DeathScene {
    const notePath = this.#state.file('death-note.json');
    const note = existsSync(notePath) ? (JSON.parse(readFileSync(notePath, 'utf8')) as DeathNote) : null;
    return { kill, note, sent: this.#sent(), ...readDead(this.#state.database) };
  }

  #sent(): readonly string[] {
    const path = this.#state.file('sent.log');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }

  /** The venue's part in the death: an answer that comes too late to be heard. */
  async #arm(kill: PlannedKill): Promise<void> {
    const common = { id: 'reply', match: { path: '/exchange', type: 'order' }, nth: kill.nth, count: 1 } as const;
    const faults: Fault[] = [];
    if (kill.variant === 'executed') faults.push({ ...common, kind: 'latency', delayMs: kill.venueDelayMs });
    if (kill.variant === 'hanging') faults.push({ ...common, kind: 'accept-then-timeout', resetAfterMs: 60_000 });
    if (kill.variant === 'arrives-later' || kill.variant === 'arrives-too-late') {
      faults.push({ ...common, kind: 'arrive-late', delayMs: kill.venueDelayMs, resetAfterMs: 60_000 });
    }
    await this.#control('faults', { faults });
  }

  async #betweenLives(kill: PlannedKill): Promise<void> {
    const toMs = Date.now() + kill.downMs + 2_500 + kill.snapshotLagMs;
    const faults: Fault[] =
      kill.snapshotLagMs > 0 ? [{ id: 'lag', kind: 'snapshot-lag', lagMs: kill.snapshotLagMs, toMs }] : [];
    await this.#control('faults', { faults });
    await sleep(kill.downMs);
  }

  #control(verb: string, body: unknown = {}): Promise<unknown> {
    return control(this.#client.fetch, this.#state.readSimulator()!, verb, body);
  }

  async #startVenue(): Promise<void> {
    const flags = ['--seed', String(this.#plan.seed), '--ticks-per-second', '8', '--history-minutes', '10'];
    await spawnSimulator(this.#state, ['--state', this.#state.simulatorState(), ...flags]);
  }

  /** The venue is killed as well, and what it then reads from its own file must be what it said before. */
  async #restartVenue(before: Evidence): Promise<void> {
    await this.#killVenue();
    await this.#startVenue();
    const after = await this.#evidence(before.records, before.startedAtMs);
    this.#problems.push(
      ...judge({ ...after, firstLife: before.firstLife }).map((p) => `after the venue's restart: ${p}`),
    );
    const orders = (ledger: Ledger) => JSON.stringify(ledger.orders);
    if (orders(after.ledger) !== orders(before.ledger)) this.#problems.push("the venue's file has other orders");
  }

  async #killVenue(): Promise<void> {
    const { pid } = this.#state.readSimulator()!;
    process.kill(pid, 'SIGKILL');
    while (isAlive(pid)) await sleep(10);
  }

  async #endVenue(): Promise<void> {
    const simulator = this.#state.readSimulator();
    if (simulator) await stopSimulator(simulator);
    this.#client.close();
  }
}
