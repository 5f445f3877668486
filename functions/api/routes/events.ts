import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { eventPlaces, PAGE_HEADER } from '../event-places.ts';
import { HttpError } from '../http-error.ts';
import { readStatus } from '../read-status.ts';

/** `GET /api/events`: the snapshot as server-sent events, one an interval of wall time, read once for all clients. */
export function eventRoutes(deps: ApiDeps, env: ApiEnv): Hono {
  const app = new Hono();
  const places = eventPlaces(env.MAX_EVENT_CLIENTS);
  let shared: { readonly atMs: number; readonly snapshot: Promise<PlatformSnapshot> } | null = null;

  const current = (): Promise<PlatformSnapshot> => {
    const wallMs = deps.wallClock.nowMs();
    if (!shared || wallMs - shared.atMs >= env.EVENTS_INTERVAL_MS / 2) {
      shared = { atMs: wallMs, snapshot: readStatus(deps, env) };
    }
    return shared.snapshot;
  };

  app.get('/events', (c) => {
    if (env.MAX_EVENT_CLIENTS === 0) throw new HttpError(501, 'events-off', 'this deployment serves no events');
    const place = places.take(c.req.header(PAGE_HEADER));
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => place.leave());
      try {
        while (!place.signal.aborted) {
          await stream.writeSSE({ event: 'snapshot', data: JSON.stringify(await current()) });
          await deps.wallClock.sleep(env.EVENTS_INTERVAL_MS, place.signal).catch(() => {});
        }
      } catch (error) {
        // The browser reconnects by itself; what failed is told in the log only.
        deps.telemetry.log('warn', logEvents.httpFailed, { path: '/api/events', error: String(error) });
      } finally {
        place.leave();
      }
    });
  });

  return app;
}
