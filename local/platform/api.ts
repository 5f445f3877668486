import type { Hono } from 'hono';
import { functionEnvironments } from '#config/function-environments.ts';
import { exchangesOf } from '#config/venues.ts';
import { createApp } from '#functions/api/app.ts';
import { apiEnvSchema, manualOrdersEnvSchema } from '#functions/api/env.ts';
import { manualOrders } from '#functions/api/manual-orders.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { quorumObservers } from './functions.ts';
import type { Platform } from './platform.ts';

export interface ApiOptions {
  readonly token: string;
  readonly allowedHosts: () => readonly string[];
  /** How long the database has been waited for by now; null when it answers. */
  readonly databaseWaitMs?: () => number | null;
  readonly processMetrics: (() => Promise<string>) | null;
}

/** The same HTTP application as the deployed function, over this process's repositories; `?exchange=` chooses another than the first. */
export function createApi(platform: Platform, options: ApiOptions): Hono {
  const [first, ...others] = exchangesOf(platform.env.config);
  const apps = others.map((exchange) => [exchange, appOf(platform, options, exchange)] as const);
  return appOf(platform, options, first, new Map(apps));
}

function appOf(platform: Platform, options: ApiOptions, exchange: string, others?: ReadonlyMap<string, Hono>): Hono {
  const { env, repositories: r, plumbing } = platform;
  const { clock, ids } = env;
  const { installation } = r;
  const variables = functionEnvironments(env, exchange).api;
  return createApp(
    {
      clock,
      wallClock: systemClock,
      ids,
      telemetry: env.telemetry,
      readModel: r.readModel,
      systemState: r.systemState,
      control: systemControl({ systemState: r.systemState, installation, marker: env.marker }),
      instruments: r.instruments,
      orders: r.orders,
      accounts: r.accounts,
      runs: r.runs,
      alerts: r.alerts,
      observers: env.observerDocuments,
      runRequests: plumbing.runRequests,
      submitManualOrder: manualOrders(
        {
          orders: r.orders,
          reconciliation: r.reconciliation,
          accounts: r.accounts,
          observers: quorumObservers(env, exchange),
          queue: plumbing.workOf(exchange).orders,
          installation,
          clock,
          ids,
          telemetry: env.telemetry,
        },
        manualOrdersEnvSchema.parse(variables),
      ),
      ...options,
    },
    apiEnvSchema.parse(variables),
    others,
  );
}
