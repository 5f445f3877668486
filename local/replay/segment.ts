import type { Config } from '#config/schema.ts';
import { exchangesOf } from '#config/venues.ts';
import { createPlatform, type Platform } from '#local/platform/platform.ts';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { settlePromises, VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { installVirtualGlobals } from '#local/virtual-time/virtual-globals.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { MarketDriver, type Pace } from './market-driver.ts';
import type { Profiler } from './profile.ts';
import { replayIds, segmentSeed } from './replay-ids.ts';
import { REPLAY_ADDRESSES, type ReplaySimulator } from './replay-simulator.ts';

/** A platform must be up, or down, within this much market time. It needs none unless the venue makes it wait. */
const LIFE_LIMIT_MS = 600_000;
/** The platform's own wait for what still runs, in market time: at a quiet instant nothing does. */
const STOP_TIMEOUT_MS = 10_000;

export interface SegmentParts {
  readonly config: Config;
  /** Opened after the clock is in place, closed by the segment. */
  readonly openDb: () => Promise<Db>;
  /** Resolves when nothing more can happen at an instant; by default when all promises have settled. */
  readonly quiesce?: (() => Promise<void>) | undefined;
  readonly telemetry: Telemetry;
  readonly secrets: Secrets;
  /** Where it stands, market time begins. */
  readonly simulator: ReplaySimulator;
  readonly pace: Pace;
  readonly profiler: Profiler;
  readonly seed: number;
  /** From 1; its number seeds its ids and its jitter. */
  readonly number: number;
  /** Hears of the clock before anything asks it. */
  readonly onClock: (clock: VirtualClock) => void;
}

/**
 * One life of the platform between two checkpoints: its own clock, sockets and objects, so that nothing but the databases
 * reaches the next one (docs/adr/0004-replay-checkpoints.md).
 */
export class Segment {
  readonly clock: VirtualClock;
  readonly driver: MarketDriver;
  readonly platform: Platform;
  readonly #parts: SegmentParts;
  readonly #restoreGlobals: () => void;
  #accounted = false;

  private constructor(parts: SegmentParts, made: Pick<Segment, 'clock' | 'driver' | 'platform'>, restore: () => void) {
    this.#parts = parts;
    this.clock = made.clock;
    this.driver = made.driver;
    this.platform = made.platform;
    this.#restoreGlobals = restore;
  }

  /** Builds and starts the platform at the simulator's market time. */
  static async begin(parts: SegmentParts): Promise<Segment> {
    const { simulator, seed, number, pace, quiesce = settlePromises } = parts;
    const clock = new VirtualClock(simulator.nowMs(), quiesce);
    parts.onClock(clock);
    const restore = installVirtualGlobals(clock);
    try {
      const driver = new MarketDriver({ clock, quiesce, simulator, pace });
      const platform = createPlatform({
        config: parts.config,
        db: await parts.openDb(),
        clock,
        ids: replayIds(seed, number),
        random: seededRandom(segmentSeed(seed, number)),
        telemetry: parts.telemetry,
        fetch: simulator.fetch,
        connect: simulator.connect,
        secrets: parts.secrets,
        venues: { [exchangesOf(parts.config)[0]]: REPLAY_ADDRESSES },
        observerDocuments: memoryObserverDocuments(),
        // A checkpoint is a copy of a database by intention.
        marker: null,
        holder: 'replay',
        seed,
      });
      const segment = new Segment(parts, { clock, driver, platform }, restore);
      await driver.runUntilDone(platform.start(), 'the start of the platform', clock.nowMs() + LIFE_LIMIT_MS);
      return segment;
    } catch (error) {
      restore();
      throw error;
    }
  }

  /** Stops the platform in good order, at rest, and closes its database. */
  async end(): Promise<void> {
    const { clock, driver, platform } = this;
    await driver.runUntilDone(
      platform.stop(STOP_TIMEOUT_MS),
      'the stop of the platform',
      clock.nowMs() + LIFE_LIMIT_MS,
    );
    await this.abandon();
  }

  /** Tells the profiler what this segment did; once. */
  account(): void {
    if (this.#accounted) return;
    this.#accounted = true;
    const { profiler } = this.#parts;
    const { advances, advanceMs, timers } = this.driver.counters();
    profiler.advances += advances;
    profiler.advanceMs += advanceMs;
    profiler.timers += timers;
  }

  /** Ends it as it stands: the databases are right at any moment, and a resumed replay goes on from its checkpoint. */
  async abandon(): Promise<void> {
    this.account();
    this.platform.plumbing.stop();
    this.#restoreGlobals();
    await this.platform.env.db.destroy();
  }
}
