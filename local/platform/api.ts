import type { Hono } from 'hono';
import { functionEnvironments } from '#config/function-environments.ts';
import { createApp } from '#functions/api/app.ts';
import type { ApiDeps } from '#functions/api/deps.ts';
import { apiEnvSchema, manualOrdersEnvSchema } from '#functions/api/env.ts';
import { manualOrders } from '#functions/api/manual-orders.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { settingsOf } from '#shared/messages/cycle-environment.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
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
    apiEnvSchema.parse(functionEnvironments(env).api),
  );
}

/** Orders by hand obey the cycle's own settings. */
function submitter({ env, repositories: r, plumbing }: Platform): ApiDeps['submitManualOrder'] {
  const { clock, ids } = env;
  const variables = manualOrdersEnvSchema.parse(functionEnvironments(env).api);
  const settings = settingsOf(variables);
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
      exchange: variables.EXCHANGE,
      account: variables.ACCOUNT,
      address: variables.ADDRESS,
      installationTag,
      useOwnTable: variables.QUORUM.sources.includes('own-table'),
      settings,
      waitMs: variables.RECONCILIATION_ENGINE.order_timeout * 1000,
    });
    return submit(request);
  };
}
