import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { functionEnvironments } from '#config/function-environments.ts';
import { instancesOf } from '#config/functions.ts';
import { takesSimulator, venueWords } from '#config/kind-settings.ts';
import type { Config } from '#config/schema.ts';
import type { VenueAddresses } from '#config/venue-settings.ts';
import { exchangeOf, exchangesOf } from '#config/venues.ts';
import { apiEnvSchema } from '#functions/api/env.ts';
import { readStatus } from '#functions/api/read-status.ts';
import { connectWebSocket } from '#shared/adapters/exchange/wire/connect-web-socket.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { type StorageFailure, storageFailure } from '#shared/adapters/sql/storage-failure.ts';
import { fileInstallationMarker } from '#shared/adapters/system/file-installation-marker.ts';
import { fileObserverDocuments } from '#shared/adapters/system/file-observer-documents.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
import { randomIds } from '#shared/adapters/system/random-ids.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { countersAtZero } from './counters-at-zero.ts';
import { createDatabaseLock } from './database-lock.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';
import { loadPageAssets } from './page-assets.ts';
import { createApi } from './platform/api.ts';
import { createPlatform, type Platform } from './platform/platform.ts';
import { findSimulator, type RunningSimulator, spawnSimulator, stopSimulator } from './simulator-process.ts';
import type { StateDirectory } from './state-directory.ts';
import { createTelemetry } from './telemetry-setup.ts';
import { openTradingSecrets } from './trading-secrets.ts';
import { UserError } from './user-error.ts';

export const PROJECT_DIR = join(import.meta.dirname, '..');

export interface Embedded {
  readonly platform: Platform;
  readonly server: HttpServer;
  readonly simulator: RunningSimulator | null;
  snapshot(): ReturnType<typeof readStatus>;
  /** Trades received since the start. */
  ticks(): number;
  /** Flushes and ends everything that this process started; the simulator too unless `keepVenue`. */
  stop(keepVenue?: boolean): Promise<void>;
}

const STOP_TIMEOUT_MS = 1_500;
const FIRST_LOOK_MS = 4_000;

/** Where each exchange answers: the simulator (found or started), or the addresses of the config. */
async function venuesOf(config: Config, state: StateDirectory, seed: number) {
  const takers = exchangesOf(config).filter((exchange) => takesSimulator(exchangeOf(config, exchange)));
  if (takers.length > 1) {
    throw new UserError(
      `${takers.join(' and ')} take the simulator, which is of one exchange; give the others addresses`,
    );
  }
  const simulator = takers.length === 0 ? null : await simulatorOf(config, state, seed);
  const addressesOf = (exchange: string): VenueAddresses => {
    if (takers.includes(exchange) && simulator !== null) return simulator.file;
    const { http_url: httpUrl, ws_url: wsUrl } = exchangeOf(config, exchange);
    if (httpUrl === null || wsUrl === null) throw new UserError(`exchanges.${exchange} needs http_url and ws_url`);
    return { httpUrl, wsUrl };
  };
  const venues = Object.fromEntries(
    exchangesOf(config).map((exchange) => {
      const { httpUrl, wsUrl } = addressesOf(exchange);
      return [exchange, { httpUrl, wsUrl }];
    }),
  );
  return { simulator, venues };
}

async function simulatorOf(config: Config, state: StateDirectory, seed: number): Promise<RunningSimulator> {
  const client = keepAliveFetch();
  const found = await findSimulator(state, client.fetch);
  client.close();
  return found ?? (await spawnSimulator(state, simulatorFlags(config, state, seed)));
}

const simulatorFlags = ({ simulator }: Config, state: StateDirectory, seed: number): string[] => [
  '--port',
  String(simulator.port),
  '--state',
  state.simulatorState,
  '--seed',
  String(seed),
  '--ticks-per-second',
  String(simulator.ticks_per_second),
  '--history-minutes',
  String(simulator.warm_up_h * 60),
];

const sentence = (path: string, { reason, message }: StorageFailure): string =>
  `database ${path}: ${reason} (${message})`;

async function openDatabase(
  path: string,
  waits: { readonly lockWaitMs: number; readonly onLockWait: (waitedMs: number | null) => void },
  onFailure: (failure: StorageFailure) => void,
): Promise<Db> {
  try {
    return await openSqlite({ path, ...waits, onFailure });
  } catch (error) {
    const { message } = error as Error;
    const failure = storageFailure(error) ?? { reason: 'it cannot be opened', message };
    throw new Error(`${sentence(path, failure)}; nothing of the platform was started`);
  }
}

/**
 * The embedded platform in real time: simulator or venue, SQLite file, page and API on loopback. What was begun is ended again
 * when it cannot start. `onFatal` is told, once, of what it cannot go on with: a full disk, a locked file.
 */
export async function startEmbedded(options: {
  readonly config: Config;
  readonly state: StateDirectory;
  readonly port: number;
  readonly seed: number;
  readonly onFatal: (error: Error) => void;
  /** Told what everything waits for, and when it goes on. */
  readonly onNotice?: (text: string) => void;
}): Promise<Embedded> {
  const begun: ((keepVenue: boolean) => Promise<void> | void)[] = [];
  const stop = async (keepVenue = false): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of begun.splice(0).reverse()) {
      // One that cannot end must not keep the others alive.
      try {
        await end(keepVenue);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    return { ...(await begin(options, (end) => begun.push(end))), stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

async function begin(
  options: Parameters<typeof startEmbedded>[0],
  atEnd: (end: (keepVenue: boolean) => Promise<void> | void) => void,
): Promise<Omit<Embedded, 'stop'>> {
  const { config, state, seed } = options;
  state.claim();
  atEnd(() => state.release());
  atEnd(() => state.removePlatform());
  const telemetry = createTelemetry(config, state.logs, systemClock);
  atEnd(() => telemetry.file.close());
  for (const exchange of exchangesOf(config)) countersAtZero(telemetry.logger, exchange);
  const secrets = await openTradingSecrets({
    dir: PROJECT_DIR,
    exchanges: Object.values(config.exchanges),
    onRead: (value) => telemetry.redactor.addSecret(value),
  });
  let failed = false;
  const lock = createDatabaseLock((text, waitedMs) => {
    telemetry.logger.log('warn', logEvents.databaseLocked, { waitedMs, state: text });
    options.onNotice?.(text);
  });
  const waits = { lockWaitMs: config.state_lock_wait_s * 1000, onLockWait: lock.note };
  const db = await openDatabase(state.database, waits, (failure) => {
    if (!failed) options.onFatal(new Error(sentence(state.database, failure)));
    failed = true;
  });
  atEnd(() => db.destroy());
  const { simulator, venues } = await venuesOf(config, state, seed);
  let isUp = false;
  atEnd(async (keepVenue) => {
    // One that was found is not ours to end before we are up.
    if (!simulator || keepVenue || (simulator.found && !isUp)) return;
    await stopSimulator(simulator.file);
    state.removeSimulator();
  });
  const client = keepAliveFetch();
  atEnd(() => client.close());
  const platform = createPlatform({
    config,
    db,
    clock: systemClock,
    ids: randomIds,
    random: Math.random,
    telemetry: telemetry.logger,
    fetch: client.fetch,
    connect: connectWebSocket,
    secrets,
    venues,
    observerDocuments: fileObserverDocuments(state.file('observers')),
    marker: fileInstallationMarker(state.file('installation.json')),
    holder: 'embedded',
    seed,
  });
  atEnd(() => platform.stop(STOP_TIMEOUT_MS));
  const token = randomBytes(24).toString('base64url');
  telemetry.redactor.addSecret(token);
  let port = options.port;
  const api = createApi(platform, {
    token,
    databaseWaitMs: lock.waitedMs,
    allowedHosts: () => [`127.0.0.1:${port}`, `localhost:${port}`],
    processMetrics: () => {
      platform.plumbing.reportBacklogs();
      return telemetry.registry.render();
    },
  });
  const assets = loadPageAssets({ projectDir: PROJECT_DIR, token, venue: venueWords(config) });
  const server = await startHttpServer(api, assets, port);
  atEnd(() => server.close());
  port = server.port;
  await platform.start();
  // The first reads came before the first prices: once those are there, marks can be stored and a first cycle can decide.
  const firstLook = systemClock.setTimer(FIRST_LOOK_MS, async () => {
    for (const folder of ['market-data', 'reconciliation'] as const) {
      for (const { name } of instancesOf(folder, config)) await platform.invokeNow(name);
    }
  });
  atEnd(() => firstLook.cancel());
  state.writePlatform({ pid: process.pid, port, token, startedAtMs: Date.now() });
  isUp = true;
  const apiEnv = apiEnvSchema.parse(functionEnvironments(platform.env, exchangesOf(config)[0]).api);
  return {
    platform,
    server,
    simulator,
    snapshot: () => readStatus({ clock: platform.env.clock, readModel: platform.repositories.readModel }, apiEnv),
    ticks: () =>
      [...platform.exchanges.values()].reduce((sum, { venue }) => sum + venue.feed.counters().tradesDelivered, 0),
  };
}
