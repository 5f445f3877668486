import { loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { runOnClock } from '#local/exchange-simulator/run-on-clock.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/simulator-fetch.ts';
import type { SimulatorOptions } from '#local/exchange-simulator/simulator-options.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/test-accounts.ts';
import { createPlatform, type Platform } from '#local/platform/platform.ts';
import type { ConnectWebSocket, WebSocketLike } from '#shared/adapters/exchange/hyperliquid-feed/web-socket-like.ts';
import { memoryObserverDocuments } from '#shared/adapters/memory/observer-documents.ts';
import { seededIds, seededRandom } from '#shared/adapters/memory/seeded.ts';
import { VirtualClock } from '#shared/adapters/memory/virtual-clock.ts';
import { installVirtualGlobals } from '#shared/adapters/memory/virtual-globals.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export interface SimulatedPlatform {
  readonly clock: VirtualClock;
  readonly simulator: ExchangeSimulator;
  readonly telemetry: RecordingTelemetry;
  readonly db: Db;
  readonly config: Config;
  /** The platform of the moment: `restart` makes a new one. */
  platform(): Platform;
  /** Starts it and waits, in market time, until `start` returns. */
  start(): Promise<void>;
  /** As `kill -9`: everything in memory is gone at this instant, the database and the venue stay. */
  kill(): void;
  /** A new platform on the same database. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface SimulatedPlatformOptions {
  readonly seed: number;
  readonly overrides?: readonly string[];
  readonly simulator?: Partial<SimulatorOptions>;
}

const START_MS = Date.parse('2026-01-05T10:00:00Z');

/** The whole platform and its venue in one process on one virtual clock; real ccxt, real SQL, no socket. */
export async function simulatedPlatform(options: SimulatedPlatformOptions): Promise<SimulatedPlatform> {
  const { config } = loadConfig({ stage: 'local', overrides: options.overrides ?? [] });
  const clock = new VirtualClock(START_MS);
  const restoreGlobals = installVirtualGlobals(clock);
  const simulator = new ExchangeSimulator({
    nowMs: () => clock.nowMs(),
    mode: 'clock',
    seed: options.seed,
    ticksPerSecond: 0.5,
    historyMinutes: 300,
    ...options.simulator,
  });
  const driver = runOnClock(simulator, clock, 1);
  const telemetry = new RecordingTelemetry();
  const db = await openSqlite({ path: ':memory:' });
  const documents = memoryObserverDocuments();
  const ids = seededIds(options.seed);
  const random = seededRandom(options.seed);
  let life = 0;
  const build = () => {
    life += 1;
    const mine = life;
    const dead = () => mine !== life;
    return createPlatform({
      config,
      db,
      clock,
      ids,
      random,
      telemetry,
      fetch: mortalFetch(createSimulatorFetch(simulator), dead),
      connect: inProcessConnect(simulator, clock, dead),
      secrets: testSecrets,
      venue: { httpUrl: 'http://simulator.test', wsUrl: 'ws://simulator.test/ws' },
      observerDocuments: documents,
      marker: null,
      holder: 'simulation',
      seed: options.seed,
    });
  };
  let platform = build();
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
  return {
    clock,
    simulator,
    telemetry,
    db,
    config,
    platform: () => platform,
    start: () => run(platform.start()),
    kill: () => {
      life += 1;
      platform.plumbing.stop();
    },
    restart: async () => {
      platform = build();
      await run(platform.start());
    },
    close: async () => {
      life += 1;
      platform.plumbing.stop();
      driver.stop();
      simulator.close();
      restoreGlobals();
      await db.destroy();
    },
  };
}

const testSecrets: Secrets = { get: async () => TEST_SIGNERS.mainAgent.privateKey };

/** A dead process gets no answer: the request may have reached the venue, what came back is nobody's. */
const mortalFetch =
  (fetch: ReturnType<typeof createSimulatorFetch>, dead: () => boolean): typeof fetch =>
  (input, init) =>
    new Promise((resolve, reject) => {
      if (dead()) return;
      fetch(input, init).then(
        (reply) => dead() || resolve(reply),
        (error) => dead() || reject(error),
      );
    });

/** The simulator's socket session as the feed's socket. */
export function inProcessConnect(
  simulator: ExchangeSimulator,
  clock: VirtualClock,
  dead: () => boolean,
): ConnectWebSocket {
  return () => {
    let closed = false;
    const end = (reason: string) => {
      if (closed) return;
      closed = true;
      socket.onClose?.(reason);
    };
    const session = simulator.connect({
      frame: (text) => {
        if (!closed && !dead()) socket.onMessage?.(text);
      },
      close: (code, reason) => {
        if (!dead()) end(`closed by the venue: ${code} ${reason}`);
      },
    });
    const socket: WebSocketLike = {
      onOpen: null,
      onMessage: null,
      onClose: null,
      send: (text) => session?.onMessage(text),
      close: () => {
        closed = true;
        session?.close();
      },
    };
    clock.setTimer(1, () => {
      if (closed || dead()) return;
      if (session) socket.onOpen?.();
      else end('refused by the venue');
    });
    return socket;
  };
}
