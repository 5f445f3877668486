import type { Moment, SimulatedPlatform } from '#test/support/simulated-platform.ts';
import type { KillMoment, PlannedKill } from './scenario.ts';

export interface DoneKill {
  readonly moment: KillMoment;
  readonly atMs: number;
  /** When the next process was started; it may have failed to start and been started again. */
  revivedAtMs: number | null;
}

const RESTART_AFTER_FAILED_START_MS = 5_000;
const STARTS_MAX = 60;

/** Watches what the process does, kills it at the planned moments and starts the next one after the planned time. */
export class KillPlan {
  readonly done: DoneKill[] = [];
  readonly failedStarts: string[] = [];
  readonly #kills: readonly PlannedKill[];
  #next = 0;
  #seen = 0;
  #wroteIntent = false;
  #wroteEnd = false;
  #startMs = 0;

  constructor(kills: readonly PlannedKill[]) {
    this.#kills = kills;
  }

  /** Offsets count from now. Kills at an instant are put on the clock. */
  begin(world: SimulatedPlatform): void {
    this.#startMs = world.clock.nowMs();
    this.#armInstant(world);
  }

  onMoment(moment: Moment, world: SimulatedPlatform): void {
    const reached = this.#momentOf(moment);
    const kill = this.#kills[this.#next];
    if (reached === null || kill?.moment !== reached || world.isDead()) return;
    if (this.#startMs === 0 || world.clock.nowMs() < this.#startMs + kill.fromMs) return;
    this.#seen += 1;
    if (this.#seen >= kill.nth) this.#kill(kill, world);
  }

  #momentOf(moment: Moment): KillMoment | null {
    if (moment.kind === 'order-request') {
      return moment.stage === 'left'
        ? 'request-left'
        : moment.stage === 'executed'
          ? 'request-executed'
          : 'reply-arrived';
    }
    const { sql, phase } = moment;
    if (sql === 'begin' && phase === 'after') {
      this.#wroteIntent = false;
      this.#wroteEnd = false;
    }
    if (sql.startsWith('insert into "order_execution_log"')) {
      if (phase === 'before') return 'before-intent';
      this.#wroteIntent = true;
    }
    if (sql.startsWith('insert into "position_epochs"') || sql.startsWith('update "position_epochs"')) {
      this.#wroteEnd = true;
    }
    if (sql !== 'commit' || phase !== 'after') return null;
    if (this.#wroteIntent) return 'after-intent';
    return this.#wroteEnd ? 'end-stored' : null;
  }

  #kill(kill: PlannedKill, world: SimulatedPlatform): void {
    const done: DoneKill = { moment: kill.moment, atMs: world.clock.nowMs(), revivedAtMs: null };
    this.done.push(done);
    this.#next += 1;
    this.#seen = 0;
    world.kill();
    world.clock.setTimer(kill.downMs, () => this.#revive(done, world, 1));
  }

  #revive(done: DoneKill, world: SimulatedPlatform, attempt: number): void {
    world.revive().then(
      () => {
        done.revivedAtMs ??= world.clock.nowMs();
        this.#armInstant(world);
      },
      // A start that fails is what a supervisor of processes would see: it tries again.
      (error: unknown) => {
        this.failedStarts.push(String(error));
        world.kill();
        if (attempt >= STARTS_MAX) return;
        world.clock.setTimer(RESTART_AFTER_FAILED_START_MS, () => this.#revive(done, world, attempt + 1));
      },
    );
  }

  #armInstant(world: SimulatedPlatform): void {
    const kill = this.#kills[this.#next];
    if (kill?.moment !== 'time') return;
    const index = this.#next;
    world.clock.setTimer(this.#startMs + kill.fromMs - world.clock.nowMs(), () => {
      if (this.#next === index && !world.isDead()) this.#kill(kill, world);
    });
  }
}
