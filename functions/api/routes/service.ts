import { Hono } from 'hono';
import { isDue } from '#shared/core/age.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { withoutOldNames } from '#shared/telemetry/prometheus-names.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { HttpError } from '../http-error.ts';
import { readReadiness } from '../read-status.ts';

/** A probe that asks every second must not read every table each time. */
const READINESS_AGE_MS_MAX = 5_000;

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

  const readiness = remembered(deps.clock, async () => {
    return readReadiness(deps, env);
  });
  app.get('/ready', async (c) => {
    const answer = await readiness();
    return c.json(answer, answer.ready ? 200 : 503);
  });

  app.get('/metrics', async (c) => {
    // Seldom asked of a Lambda, and not needed at its start.
    const { metricsText } = await import('../metrics-text.ts');
    const { text, contentType } = await metricsText(deps, env);
    const shown = c.req.query('names') === 'new' ? withoutOldNames(text) : text;
    return c.body(shown, 200, { 'content-type': contentType });
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

/** One reading for whoever asks within its age; one that failed is forgotten. */
function remembered<T>(clock: Pick<Clock, 'nowMs'>, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly atMs: number; readonly value: Promise<T> } | null = null;
  return () => {
    const nowMs = clock.nowMs();
    if (last && !isDue(last.atMs, nowMs, READINESS_AGE_MS_MAX)) return last.value;
    const own = { atMs: nowMs, value: read() };
    last = own;
    own.value.catch(() => {
      if (last === own) last = null;
    });
    return own.value;
  };
}
