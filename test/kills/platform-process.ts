/**
 * The process that is killed: the whole embedded platform on real sockets and its SQLite file. It dies by its own hand at the
 * planned place, or by its parent's. `node platform-process.ts <state directory> <order timeout, s> <plan as JSON>`.
 */
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { createPlatform } from '#local/platform/platform.ts';
import { StateDirectory } from '#local/state-directory.ts';
import { createTelemetry } from '#local/telemetry-setup.ts';
import { connectWebSocket } from '#shared/adapters/exchange/wire/connect-web-socket.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import { fileInstallationMarker } from '#shared/adapters/system/file-installation-marker.ts';
import { fileObserverDocuments } from '#shared/adapters/system/file-observer-documents.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
import { randomIds } from '#shared/adapters/system/random-ids.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { registerStrategy } from '#shared/core/strategies/registry.ts';
import type { Strategy } from '#shared/core/strategies/strategy.ts';
import { killConfig, SYMBOLS } from './kill-config.ts';
import type { PlannedKill } from './kill-plan.ts';
import { KillSwitch } from './kill-switch.ts';
import { restlessRun, restlessStrategy } from './restless-strategy.ts';
import { StatementWatch, watchedDatabase } from './watched-database.ts';
import { watchedFetch } from './watched-fetch.ts';

const PROJECT_DIR = join(import.meta.dirname, '..', '..');

const [stateDir, orderTimeoutS, planJson] = process.argv.slice(2) as [string, string, string];
const plan = JSON.parse(planJson) as PlannedKill;
const state = new StateDirectory(stateDir);
state.claim();
const simulator = state.readSimulator();
if (!simulator) throw new Error(`${stateDir} has no simulator`);

let restless = false;
registerStrategy(restlessStrategy(() => restless) as unknown as Strategy);
const config = killConfig(Number(orderTimeoutS));
const kill = new KillSwitch(plan, state.file('death-note.json'));
const heard = new Set<string>();
const watch = new StatementWatch((point, variant, ids) => kill.reach(point, variant, ids), heard);
const db = watchedDatabase(state.database, watch);
await migrate(db as Kysely<unknown>);

const platform = createPlatform({
  config,
  db,
  clock: systemClock,
  ids: randomIds,
  random: Math.random,
  telemetry: createTelemetry(config, state.logs, systemClock).logger,
  fetch: watchedFetch(keepAliveFetch().fetch, { kill, sentPath: state.file('sent.log'), heard }),
  connect: connectWebSocket,
  secrets: new FileSecrets({ dir: PROJECT_DIR, allowExample: true }),
  venues: { hyperliquid: { httpUrl: simulator.httpUrl, wsUrl: simulator.wsUrl } },
  observerDocuments: fileObserverDocuments(state.file('observers')),
  marker: fileInstallationMarker(state.file('installation.json')),
  holder: 'embedded',
  seed: 1,
});

function letGo(): void {
  restless = true;
  kill.arm();
}
if (plan.point === 'any-time') letGo();
process.on('message', (message) => {
  if (message === 'let-go') letGo();
});
// Without its parent nobody would ever end it.
process.on('disconnect', () => process.exit(1));

await platform.start();
const runs = SYMBOLS.map((symbol, index) => restlessRun(symbol, index, Date.now()));
// By their creation keys: in every later life they are there already.
await platform.repositories.runs.createRuns('hyperliquid', runs, Date.now());
process.send?.('started');
// A killed process writes nothing at its end; the next one then starts in half the time.
flushCompileCache();
