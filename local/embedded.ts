import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '#config/schema.ts';
import { connectWebSocket } from '#shared/adapters/exchange/hyperliquid-feed/connect-web-socket.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { fileInstallationMarker } from '#shared/adapters/system/file-installation-marker.ts';
import { fileObserverDocuments } from '#shared/adapters/system/file-observer-documents.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
import { randomIds } from '#shared/adapters/system/random-ids.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { readSnapshot } from '#shared/usecases/read-snapshot.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';
import { loadPageAssets } from './page-assets.ts';
import { createApi } from './platform/api.ts';
import { EXCHANGE } from './platform/environment.ts';
import { accountOf } from './platform/function-environment.ts';
import { createPlatform, type Platform } from './platform/platform.ts';
import { findSimulator, type RunningSimulator, spawnSimulator, stopSimulator } from './simulator-process.ts';
import type { StateDirectory } from './state-directory.ts';
import { createTelemetry } from './telemetry-setup.ts';

export const PROJECT_DIR = join(import.meta.dirname, '..');

export interface Embedded {
  readonly platform: Platform;
  readonly server: HttpServer;
  readonly simulator: RunningSimulator | null;
  snapshot(): ReturnType<typeof readSnapshot>;
  /** Trades received since the start. */
  ticks(): number;
  /** Flushes and ends everything that this process started; the simulator too unless `keepVenue`. */
  stop(keepVenue?: boolean): Promise<void>;
}

const STOP_TIMEOUT_MS = 1_500;
const FIRST_LOOK_MS = 4_000;

/** Where the venue answers: the simulator (found or started), or the addresses of the config. */
async function venueOf(config: Config, state: StateDirectory, seed: number) {
  const settings = config.exchanges.hyperliquid;
  if (settings.kind !== 'simulator') {
    if (!settings.http_url || !settings.ws_url) throw new Error('exchanges.hyperliquid needs http_url and ws_url');
    return { simulator: null, httpUrl: settings.http_url, wsUrl: settings.ws_url };
  }
  const client = keepAliveFetch();
  const found = await findSimulator(state, client.fetch);
  client.close();
  const simulator = found ?? (await spawnSimulator(state, simulatorFlags(config, state, seed)));
  return { simulator, httpUrl: simulator.file.httpUrl, wsUrl: simulator.file.wsUrl };
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

async function openDatabase(path: string): Promise<Db> {
  try {
    return await openSqlite({ path });
  } catch (error) {
    const { message } = error as Error;
    const hint = /locked|busy/i.test(message)
      ? 'another process holds it'
      : /full|disk/i.test(message)
        ? 'the disk is full'
        : 'it cannot be opened';
    throw new Error(`database ${path}: ${hint} (${message}); nothing was changed`);
  }
}

/** The embedded platform in real time: simulator or venue, SQLite file, page and API on loopback. */
export async function startEmbedded(options: {
  readonly config: Config;
  readonly state: StateDirectory;
  readonly port: number;
  readonly seed: number;
}): Promise<Embedded> {
  const { config, state, seed } = options;
  state.claim();
  const telemetry = createTelemetry(config, state.logs, systemClock);
  const venue = await venueOf(config, state, seed);
  const db = await openDatabase(state.database);
  const client = keepAliveFetch();
  const platform = createPlatform({
    config,
    db,
    clock: systemClock,
    ids: randomIds,
    random: Math.random,
    telemetry: telemetry.logger,
    fetch: client.fetch,
    connect: connectWebSocket,
    secrets: new FileSecrets({
      dir: PROJECT_DIR,
      allowExample: config.exchanges.hyperliquid.kind === 'simulator',
      onRead: (value) => telemetry.redactor.addSecret(value),
    }),
    venue: { httpUrl: venue.httpUrl, wsUrl: venue.wsUrl },
    observerDocuments: fileObserverDocuments(state.file('observers')),
    marker: fileInstallationMarker(state.file('installation.json')),
    holder: 'embedded',
    seed,
  });
  const token = randomBytes(24).toString('base64url');
  telemetry.redactor.addSecret(token);
  let port = options.port;
  const api = createApi(platform, {
    token,
    allowedHosts: () => [`127.0.0.1:${port}`, `localhost:${port}`],
    processMetrics: () => telemetry.registry.render(),
  });
  const server = await startHttpServer(api, loadPageAssets({ projectDir: PROJECT_DIR, token }), port);
  port = server.port;

  const stop = async (keepVenue = false): Promise<void> => {
    await server.close();
    await platform.stop(STOP_TIMEOUT_MS);
    client.close();
    await db.destroy();
    telemetry.file.close();
    state.removePlatform();
    if (venue.simulator && !keepVenue) {
      await stopSimulator(venue.simulator.file);
      state.removeSimulator();
    }
  };
  try {
    await platform.start();
  } catch (error) {
    await stop();
    throw error;
  }
  // The first reads came before the first prices: once those are there, marks can be stored and a first cycle can decide.
  const firstLook = systemClock.setTimer(FIRST_LOOK_MS, async () => {
    for (const job of ['market-data', 'reconciliation']) await platform.invokeNow(job);
  });
  state.writePlatform({ pid: process.pid, port, token, startedAtMs: Date.now() });
  const account = accountOf(config).name;
  return {
    platform,
    server,
    simulator: venue.simulator,
    snapshot: () =>
      readSnapshot(
        { clock: systemClock, readModel: platform.repositories.readModel },
        { exchange: EXCHANGE, account, staleAfterMs: config.http.stale_after_s * 1000 },
      ),
    ticks: () => platform.venue.feed.counters().tradesDelivered,
    stop: (keepVenue) => {
      firstLook.cancel();
      return stop(keepVenue);
    },
  };
}
