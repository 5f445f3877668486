import type { Hono } from 'hono';
import { createApp } from '#functions/api/app.ts';
import type { ManualOrderAnswer, ManualOrderRequest } from '#functions/api/deps.ts';
import { apiEnvSchema } from '#functions/api/env.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { EXCHANGE } from './environment.ts';
import { accountOf, observersOf } from './function-environment.ts';
import type { Platform } from './platform.ts';

export interface ApiOptions {
  readonly token: string;
  readonly allowedHosts: () => readonly string[];
  readonly processMetrics: (() => Promise<string>) | null;
  readonly submitManualOrder: (request: ManualOrderRequest) => Promise<ManualOrderAnswer>;
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
      alerts: r.alerts,
      observers: env.observerDocuments,
      runRequests: plumbing.runRequests,
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
