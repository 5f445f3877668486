import type { Config } from '#config/schema.ts';
import { createPlatform, type Platform } from '#local/platform/platform.ts';
import type { SimulatorStatus } from '#local/simulator-process.ts';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { installVirtualGlobals } from '#local/virtual-time/virtual-globals.ts';
import { connectWebSocket } from '#shared/adapters/exchange/wire/connect-web-socket.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { MarketDriver, type Pace } from './market-driver.ts';
import type { Profiler } from './profile.ts';
import { replayIds, stretchSeed } from './replay-ids.ts';
import { ReplayNetwork } from './replay-network.ts';
import type { ReplayVenue } from './replay-venue.ts';

/** A platform must be up, or down, within this much market time. It needs none unless the venue makes it wait. */
const LIFE_LIMIT_MS = 600_000;
/** The platform's own wait for what still runs, in market time: at a quiet instant nothing does. */
const STOP_TIMEOUT_MS = 10_000;

export interface StretchParts {
  readonly config: Config;
  /** Opened after the clock is in place, closed by the stretch. */
  readonly openDb: (network: ReplayNetwork) => Promise<Db>;
  readonly telemetry: Telemetry;
  readonly fetch: FetchLike;
  readonly secrets: Secrets;
  readonly venue: ReplayVenue;
  readonly pace: Pace;
  readonly profiler: Profiler;
  readonly seed: number;
  /** From 1; its number seeds its ids and its jitter. */
  readonly number: number;
  /** Where the simulator stands: market time begins there. */
  readonly status: SimulatorStatus;
  /** Hears of the clock before anything asks it. */
  readonly onClock: (clock: VirtualClock) => void;
}

/**
 * One life of the platform between two checkpoints: its own clock, network and objects, so that nothing but the databases
 * reaches the next one (docs/adr/0004-replay-checkpoints.md).
 */
export class Stretch {
  readonly clock: VirtualClock;
  readonly network: ReplayNetwork;
  readonly driver: MarketDriver;
  readonly platform: Platform;
  readonly #parts: StretchParts;
  readonly #restoreGlobals: () => void;
  #accounted = false;

  private constructor(
    parts: StretchParts,
    made: Pick<Stretch, 'clock' | 'network' | 'driver' | 'platform'>,
    restore: () => void,
  ) {
    this.#parts = parts;
    this.clock = made.clock;
    this.network = made.network;
    this.driver = made.driver;
    this.platform = made.platform;
    this.#restoreGlobals = restore;
  }

  /** Builds and starts the platform at the simulator's market time. */
  static async begin(parts: StretchParts): Promise<Stretch> {
    const { venue, seed, number, status, pace } = parts;
    const clock: VirtualClock = new VirtualClock(status.nowMs, () => network.quiesce());
    const network: ReplayNetwork = new ReplayNetwork({
      fetch: parts.fetch,
      connect: connectWebSocket,
      nowMs: () => clock.nowMs(),
      status: () => venue.status(clock.nowMs()),
    });
    parts.onClock(clock);
    const restore = installVirtualGlobals(clock);
    try {
      const driver = new MarketDriver({ clock, network, advance: (toMs) => venue.advance(toMs), status, pace });
      const platform = createPlatform({
        config: parts.config,
        db: await parts.openDb(network),
        clock,
        ids: replayIds(seed, number),
        random: seededRandom(stretchSeed(seed, number)),
        telemetry: parts.telemetry,
        fetch: network.fetch,
        connect: network.connect,
        secrets: parts.secrets,
        venue: { httpUrl: venue.httpUrl, wsUrl: venue.wsUrl },
        observerDocuments: memoryObserverDocuments(),
        // A checkpoint is a copy of a database by intention.
        marker: null,
        holder: 'replay',
        seed,
      });
      const stretch = new Stretch(parts, { clock, network, driver, platform }, restore);
      await driver.runUntilDone(platform.start(), 'the start of the platform', clock.nowMs() + LIFE_LIMIT_MS);
      return stretch;
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
    await this.network.quiesce();
    await this.abandon();
  }

  /** Tells the profiler what this stretch did; once. */
  account(): void {
    if (this.#accounted) return;
    this.#accounted = true;
    const { profiler } = this.#parts;
    const { requests, requestMs, frames } = this.network.counters();
    const { advances, advanceMs, timers } = this.driver.counters();
    profiler.requests += requests;
    profiler.requestMs += requestMs;
    profiler.frames += frames;
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
