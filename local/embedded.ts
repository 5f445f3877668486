import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { functionEnvironments } from '#config/function-environments.ts';
import { instancesOf, nameFor } from '#config/functions.ts';
import { venueWords } from '#config/kind-settings.ts';
import type { Config } from '#config/schema.ts';
import { exchangesOf } from '#config/venues.ts';
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
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { countersAtZero } from './counters-at-zero.ts';
import { createDatabaseLock } from './database-lock.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';
import { loadPageAssets } from './page-assets.ts';
import { createApi } from './platform/api.ts';
import { createPlatform, type Platform } from './platform/platform.ts';
import { type RunningSimulator, stopSimulator } from './simulator-process.ts';
import { addressesOf, startSimulators } from './start-simulators.ts';
import type { StateDirectory } from './state-directory.ts';
import { createTelemetry } from './telemetry-setup.ts';
import { openTradingSecrets } from './trading-secrets.ts';

export const PROJECT_DIR = join(import.meta.dirname, '..');

export interface Embedded {
  readonly platform: Platform;
  readonly server: HttpServer;
  /** By exchange, where it takes one. */
  readonly simulators: ReadonlyMap<string, RunningSimulator>;
  /** Of each exchange, in the order of the settings. */
  snapshots(): Promise<readonly PlatformSnapshot[]>;
  /** Trades received since the start. */
  ticks(): number;
  /** Flushes and ends everything that this process started; the simulator too unless `keepVenue`. */
  stop(keepVenue?: boolean): Promise<void>;
}

const STOP_TIMEOUT_MS = 1_500;
const FIRST_LOOK_MS = 4_000;

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
  const simulators = new Map<string, RunningSimulator>();
  let isUp = false;
  atEnd(async (keepVenue) => {
    if (keepVenue) return;
    for (const [exchange, simulator] of simulators) {
      // One that was found is not ours to end before we are up.
      if (simulator.found && !isUp) continue;
      await stopSimulator(simulator.file);
      state.removeSimulator(nameFor('simulator', config, exchange));
    }
  });
  await startSimulators(config, state, seed, simulators);
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
    venues: addressesOf(config, simulators),
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
  const statusDeps = { clock: platform.env.clock, readModel: platform.repositories.readModel };
  const apiEnvs = exchangesOf(config).map((name) => apiEnvSchema.parse(functionEnvironments(platform.env, name).api));
  return {
    platform,
    server,
    simulators,
    snapshots: () => Promise.all(apiEnvs.map((env) => readStatus(statusDeps, env))),
    ticks: () =>
      [...platform.exchanges.values()].reduce((sum, { venue }) => sum + venue.feed.counters().tradesDelivered, 0),
  };
}
