import type { Hono } from 'hono';
import { createApp } from '#functions/api/app.ts';
import type { ApiDeps } from '#functions/api/deps.ts';
import { apiEnvSchema } from '#functions/api/env.ts';
import { manualOrders } from '#functions/api/manual-orders.ts';
import { reconciliationEnvSchema, settingsOf } from '#functions/reconciliation/env.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { EXCHANGE } from './environment.ts';
import { accountOf, functionEnvironments, observersOf } from './function-environment.ts';
import { quorumObservers } from './functions.ts';
import type { Platform } from './platform.ts';

export interface ApiOptions {
  readonly token: string;
  readonly allowedHosts: () => readonly string[];
  readonly processMetrics: (() => Promise<string>) | null;
}

/** The same HTTP application as the deployed function, over this process's repositories. */
export function createApi(platform: Platform, options: ApiOptions): Hono {
  const { env, repositories: r, plumbing } = platform;
  const { config } = env;
  return createApp(
    {
      clock: env.clock,
      wallClock: systemClock,
      ids: env.ids,
      telemetry: env.telemetry,
      readModel: r.readModel,
      systemState: r.systemState,
      control: systemControl({ systemState: r.systemState, installation: r.installation, marker: env.marker }),
      instruments: r.instruments,
      orders: r.orders,
      runs: r.runs,
      alerts: r.alerts,
      observers: env.observerDocuments,
      runRequests: plumbing.runRequests,
      submitManualOrder: submitter(platform),
      ...options,
    },
    apiEnvSchema.parse({
      EXCHANGE,
      ACCOUNT: accountOf(config).name,
      OBSERVER_IDS: observersOf(config)
        .map((o) => o.id)
        .join(','),
      ORIGIN_SCHEME: 'http',
      MAX_BODY_BYTES: String(config.http.max_body_bytes),
      STALE_AFTER_MS: String(config.http.stale_after_s * 1000),
      MAX_EVENT_CLIENTS: String(config.http.max_event_clients),
      EVENTS_INTERVAL_MS: String(config.http.events_interval_ms),
    }),
  );
}

/** Orders by hand obey the cycle's own settings. */
function submitter({ env, repositories: r, plumbing }: Platform): ApiDeps['submitManualOrder'] {
  const { config, clock, ids } = env;
  const account = accountOf(config);
  const settings = settingsOf(reconciliationEnvSchema.parse(functionEnvironments(env).reconciliation));
  const deps = {
    orders: r.orders,
    reconciliation: r.reconciliation,
    accounts: r.accounts,
    observers: quorumObservers(env),
    queue: plumbing.orders,
    clock,
    ids,
  };
  return async (request) => {
    const installationTag = await r.installation.tag();
    if (installationTag === null) throw new Error('the database has no installation tag yet');
    const submit = manualOrders(deps, {
      exchange: EXCHANGE,
      account: account.name,
      address: account.address,
      installationTag,
      useOwnTable: config.quorum.sources.includes('own-table'),
      settings,
      waitMs: config.reconciliation_engine.order_timeout * 1000,
    });
    return submit(request);
  };
}
