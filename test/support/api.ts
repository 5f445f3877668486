import { createApp } from '#functions/api/app.ts';
import type { ApiDeps, ManualOrderRequest } from '#functions/api/deps.ts';
import type { ApiEnv } from '#functions/api/env.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlReadModel } from '#shared/adapters/sql/read-model.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { quorumSectionSchema } from '#shared/core/reconciliation/cycle-settings.ts';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { manualClock } from './manual-clock.ts';
import { memoryDatabase } from './memory-database.ts';
import { EXCHANGE, NOW_MS } from './platform-rows.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';
import { ACCOUNT } from './system.ts';

export const HOST = '127.0.0.1:8080';
export const TOKEN = 'token-of-this-start';

export const apiEnv: ApiEnv = {
  EXCHANGE,
  ACCOUNT,
  EXCHANGES: [{ exchange: EXCHANGE, accounts: [ACCOUNT] }],
  OBSERVER_IDS: ['a', 'b'],
  ORIGIN_SCHEME: 'http',
  MAX_BODY_BYTES: 4096,
  LIMITS: orderLimitsSchema.parse({}),
  QUORUM: quorumSectionSchema.parse({}),
  HEARTBEAT_AGES_MS: { balance: 240_000, 'market-data': 240_000, 'run-supervisor': 240_000, reconciliation: 360_000 },
  MAX_EVENT_CLIENTS: 2,
  EVENTS_INTERVAL_MS: 100,
};

/** The API over a real database in memory; what it asks of others is recorded. */
export async function apiUnderTest(change: Partial<ApiDeps> = {}, env: Partial<ApiEnv> = {}) {
  const db: Db = memoryDatabase();
  const clock = manualClock(NOW_MS);
  const telemetry = new RecordingTelemetry();
  const alerts = storedAlerts(clock, db);
  const systemState = sqlSystemStateRepository(db);
  const sent: string[] = [];
  const holds: string[] = [];
  const manual: ManualOrderRequest[] = [];
  const documents = new Map<string, ObserverDocument>();
  const deps: ApiDeps = {
    clock,
    wallClock: systemClock,
    ids: seededIds(1),
    telemetry,
    readModel: sqlReadModel(db),
    systemState,
    control: systemControl({ systemState, installation: sqlInstallationRepository(db), marker: null }),
    instruments: sqlInstrumentsRepository(db),
    orders: {
      ...sqlOrdersRepository(db),
      adopt: async (_e, _a, symbol) => void holds.push(`adopt ${symbol}`),
      release: async (_e, _a, symbol) => void holds.push(`release ${symbol}`),
      hold: async (_e, _a, symbol, reason) => void holds.push(`hold ${symbol} ${reason}`),
    },
    accounts: sqlAccountRepository(db),
    runs: new SqlRunsRepository(db),
    alerts,
    observers: { get: async (id) => documents.get(id) ?? null },
    runRequests: { send: async (messages) => void sent.push(...messages.map((m) => m.body)) },
    submitManualOrder: async (request) => {
      manual.push(request);
      return { httpStatus: 202, body: { status: 'accepted' } };
    },
    token: TOKEN,
    allowedHosts: () => [HOST],
    processMetrics: null,
    ...change,
  };
  const app = createApp(deps, { ...apiEnv, ...env });
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers: { host: HOST, ...headers } });
  const post = (path: string, body: unknown, headers: Record<string, string | undefined> = {}) => {
    const all = { host: HOST, 'x-3t-token': TOKEN, 'content-type': 'application/json', ...headers };
    const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return app.request(path, {
      method: 'POST',
      headers: Object.fromEntries(given),
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  };
  return { app, db, deps, clock, telemetry, alerts, sent, holds, manual, documents, get, post };
}
export type ApiUnderTest = Awaited<ReturnType<typeof apiUnderTest>>;

/** The reply's JSON in whatever shape: assertions say what it must be. */
export const bodyOf = async (response: Response) => JSON.parse(await response.text());
