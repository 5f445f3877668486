import { loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';
import type { Redelivery } from '#local/emulators/invoker.ts';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { runOnClock } from '#local/exchange-simulator/run-on-clock.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import type { SimulatorOptions } from '#local/exchange-simulator/simulator-options.ts';
import { createPlatform, type Platform } from '#local/platform/platform.ts';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { seededIds, seededRandom } from '#local/virtual-time/seeded.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { installVirtualGlobals } from '#local/virtual-time/virtual-globals.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import { type SharedDatabase, sharedDatabase } from './mortal-database.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';
import { mortalFetch, mortalSockets, type RequestStage } from './simulated-network.ts';

/** What a simulated process is doing; a listener may kill it right there. */
export type Moment =
  | { readonly kind: 'statement'; readonly sql: string; readonly phase: 'before' | 'after' }
  | { readonly kind: 'order-request'; readonly stage: RequestStage };

export interface SimulatedPlatform {
  readonly clock: VirtualClock;
  readonly simulator: ExchangeSimulator;
  /** By the name of its exchange; `simulator` is the first one's. */
  readonly simulators: Readonly<Record<string, ExchangeSimulator>>;
  readonly telemetry: RecordingTelemetry;
  readonly database: SharedDatabase;
  /** For reading between two instants; no process holds it. */
  readonly db: Db;
  readonly config: Config;
  /** The platform of the moment: `restart` makes a new one. */
  platform(): Platform;
  /** Starts it and waits, in market time, until `start` returns. */
  start(): Promise<void>;
  /** As `kill -9`: everything in memory is gone at this instant, requests on their way arrive, the database and the venue stay. */
  kill(): void;
  /** A new platform on the same database. */
  restart(): Promise<void>;
  /** As `restart`, without waiting: for use inside a timer. Rejects when the platform cannot start. */
  revive(): Promise<void>;
  isDead(): boolean;
  close(): Promise<void>;
}

export interface SimulatedPlatformOptions {
  readonly seed: number;
  readonly overrides?: readonly string[];
  readonly simulator?: Partial<SimulatorOptions>;
  /** Further exchanges by name, each with a simulator of its own; the settings must name them too, see {@link anotherExchange}. */
  readonly others?: Readonly<Record<string, Partial<SimulatorOptions>>>;
  /** Travel time of a request or a reply, one way; 0 and 0 by default. */
  readonly network?: { readonly minMs: number; readonly maxMs: number };
  readonly redelivery?: Redelivery;
  /** How far the machine of the platform is ahead of the venue's clock, now. The venue goes by its own. */
  readonly leadMs?: () => number;
  /** Every process names itself anew, so that a dead one's lease has to run out. */
  readonly newHolderPerLife?: boolean;
  readonly onMoment?: (moment: Moment, world: SimulatedPlatform) => void;
  /** Gives each new platform to its observer before it starts. */
  readonly onPlatform?: (platform: Platform, simulator: ExchangeSimulator) => void;
}

const START_MS = Date.parse('2026-01-05T10:00:00Z');

/** The whole platform and its venue in one process on one virtual clock; real ccxt, real SQL, no socket. */
export async function simulatedPlatform(options: SimulatedPlatformOptions): Promise<SimulatedPlatform> {
  const { config } = loadConfig({ stage: 'local', overrides: options.overrides ?? [] });
  const clock = new VirtualClock(START_MS);
  const restoreGlobals = installVirtualGlobals(clock);
  const simulatorOf = (change: Partial<SimulatorOptions> = {}) =>
    new ExchangeSimulator({
      nowMs: () => clock.nowMs(),
      mode: 'clock',
      seed: options.seed,
      ticksPerSecond: 0.5,
      historyMinutes: 300,
      ...change,
    });
  const simulator = simulatorOf(options.simulator);
  const others = Object.entries(options.others ?? {}).map(([name, change]) => [name, simulatorOf(change)] as const);
  const simulators = { [FIRST]: simulator, ...Object.fromEntries(others) };
  const drivers = Object.values(simulators).map((venue) => runOnClock(venue, clock, 1));
  const telemetry = new RecordingTelemetry();
  const database = await sharedDatabase();
  const documents = memoryObserverDocuments();
  const ids = seededIds(options.seed);
  const random = seededRandom(options.seed);
  const travel = seededRandom(options.seed ^ 0x7a4e1);
  const { minMs, maxMs } = options.network ?? { minMs: 0, maxMs: 0 };
  const travelMs = () => minMs + Math.floor(travel() * (maxMs - minMs + 1));
  let life = 0;
  let alive = false;
  let hangUp = () => {};
  const tell = (moment: Moment) => options.onMoment?.(moment, world);

  const build = (): Platform => {
    life += 1;
    alive = true;
    const mine = life;
    const dead = () => !alive || mine !== life;
    const networks = Object.fromEntries(
      Object.entries(simulators).map(([name, venue]) => {
        const onOrder = (stage: RequestStage) => tell({ kind: 'order-request', stage });
        const fetch = mortalFetch({ simulator: venue, clock, dead, travelMs, onOrder });
        return [new URL(addressesOf(name).httpUrl).host, { fetch, sockets: mortalSockets(venue, clock, dead) }];
      }),
    );
    const networkOf = (url: string) => networks[new URL(url).host]!;
    hangUp = () => {
      for (const { sockets } of Object.values(networks)) sockets.closeAll();
    };
    const built = createPlatform({
      config,
      db: database.connectionOf(dead, (sql, phase) => tell({ kind: 'statement', sql, phase })),
      clock: leadingClock(mortalClock(clock, dead), options.leadMs ?? (() => 0)),
      ids,
      random,
      telemetry,
      fetch: (input, init) => networkOf(String(input)).fetch(input, init),
      connect: (url) => networkOf(url).sockets.connect(url),
      secrets: testSecrets,
      venues: Object.fromEntries(Object.keys(simulators).map((name) => [name, addressesOf(name)])),
      observerDocuments: mortalDocuments(documents, dead),
      marker: null,
      holder: options.newHolderPerLife ? `simulation-${life}` : 'simulation',
      seed: options.seed,
      redelivery: options.redelivery,
    });
    options.onPlatform?.(built, simulator);
    return built;
  };

  const run = async (work: Promise<void>): Promise<void> => {
    let state: 'running' | 'done' | { error: unknown } = 'running';
    work.then(
      () => {
        state = 'done';
      },
      (error: unknown) => {
        state = { error };
      },
    );
    for (let step = 0; state === 'running' && step < 6_000; step += 1) await clock.advanceBy(100);
    if (typeof state === 'object') throw (state as { error: unknown }).error;
    if (state === 'running') throw new Error('the platform did not start within ten market minutes');
  };

  let platform: Platform;
  const world: SimulatedPlatform = {
    clock,
    simulator,
    simulators,
    telemetry,
    database,
    db: database.db,
    config,
    platform: () => platform,
    start: () => run(platform.start()),
    kill: () => {
      alive = false;
      database.undoOpenTransaction();
      hangUp();
      platform.plumbing.stop();
    },
    revive: () => {
      platform = build();
      return platform.start();
    },
    restart: () => run(world.revive()),
    isDead: () => !alive,
    close: async () => {
      if (alive) world.kill();
      for (const driver of drivers) driver.stop();
      for (const venue of Object.values(simulators)) venue.close();
      restoreGlobals();
      database.close();
    },
  };
  platform = build();
  return world;
}

const FIRST = 'hyperliquid';
const addressesOf = (name: string) => {
  const host = name === FIRST ? 'simulator.test' : `${name}.test`;
  return { httpUrl: `http://${host}`, wsUrl: `ws://${host}/ws` };
};

/** The overrides that name one more exchange: of the first one's venue, with the account and symbols that the local stage trades. */
export function anotherExchange(name: string): readonly string[] {
  const { httpUrl, wsUrl } = addressesOf(name);
  const { accounts, symbols } = loadConfig({ stage: 'local' }).config.exchanges[FIRST]!;
  const settings = {
    venue: FIRST,
    approval: 'automatic',
    http_url: httpUrl,
    ws_url: wsUrl,
    symbols,
    accounts: accounts.map((account) => ({ ...account })),
  };
  return [`exchanges.${name}=${JSON.stringify(settings)}`];
}

const testSecrets: Secrets = { get: async () => TEST_SIGNERS.mainAgent.privateKey };

const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** Timers of a dead process do not fire. */
const mortalClock = (clock: Clock, dead: () => boolean): Clock => ({
  nowMs: () => clock.nowMs(),
  setTimer: (delayMs, fn) =>
    clock.setTimer(delayMs, () => {
      if (!dead()) fn();
    }),
  sleep: (delayMs, signal) => clock.sleep(delayMs, signal).then(() => (dead() ? never<void>() : undefined)),
});

/** Wrong about what time it is, right about how long something takes. */
const leadingClock = (clock: Clock, leadMs: () => number): Clock => ({
  ...clock,
  nowMs: () => clock.nowMs() + leadMs(),
});

/** The documents outlive the observer that wrote them. */
const mortalDocuments = (documents: ObserverDocuments, dead: () => boolean): ObserverDocuments => ({
  put: (document) => (dead() ? never() : documents.put(document)),
  get: (observerId) => (dead() ? never() : documents.get(observerId)),
});
