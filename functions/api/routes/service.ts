import { Hono } from 'hono';
import { readSnapshot } from '#shared/usecases/read-snapshot.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { HttpError } from '../http-error.ts';

/** For machines: health, readiness, gauges, and the observer's document that other installations read. */
export function serviceRoutes(deps: ApiDeps, env: ApiEnv): Hono {
  const app = new Hono();

  app.get('/health', async (c) => {
    try {
      await deps.systemState.read(env.EXCHANGE);
    } catch {
      throw new HttpError(503, 'database-unreadable', 'the database cannot be read');
    }
    return c.json({ status: 'ok', timestamp: new Date(deps.clock.nowMs()).toISOString() });
  });

  app.get('/ready', async (c) => {
    const { system } = await readSnapshot(deps, {
      exchange: env.EXCHANGE,
      account: env.ACCOUNT,
      staleAfterMs: env.STALE_AFTER_MS,
    });
    const ready = system?.state === 'HEALTHY';
    return c.json(
      { ready, state: system?.state ?? null, reason: system?.reason ?? null, missing: system?.missing ?? [] },
      ready ? 200 : 503,
    );
  });

  app.get('/metrics', async (c) => {
    // Seldom asked of a Lambda, and not needed at its start.
    const { metricsText } = await import('../metrics-text.ts');
    const { text, contentType } = await metricsText(deps, env);
    return c.body(text, 200, { 'content-type': contentType });
  });

  app.get('/3T-observer.json', async (c) => {
    const id = c.req.query('observer') ?? env.OBSERVER_IDS[0];
    if (id === undefined || !env.OBSERVER_IDS.includes(id)) {
      throw new HttpError(404, 'unknown-observer', 'no such observer is configured');
    }
    const document = await deps.observers.get(id).catch(() => {
      throw new HttpError(503, 'observer-unreadable', `the document of ${id} cannot be read`);
    });
    if (!document) throw new HttpError(503, 'observer-silent', `${id} has not written a document yet`);
    return c.json(document);
  });

  return app;
}
