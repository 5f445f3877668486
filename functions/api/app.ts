import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { logEvents } from '#shared/telemetry/names.ts';
import { chooseExchange } from './choose-exchange.ts';
import { whileDatabaseAnswers } from './database-wait.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';
import { errorAnswer, HttpError } from './http-error.ts';
import { eventRoutes } from './routes/events.ts';
import { orderRoutes } from './routes/orders.ts';
import { readRoutes } from './routes/reads.ts';
import { serviceRoutes } from './routes/service.ts';
import { writeRoutes } from './routes/writes.ts';
import { guard } from './security.ts';

const DATABASE_PATHS = ['/api/*', '/health', '/ready', '/metrics', '/orders/*', '/execute_order'];

/**
 * The whole HTTP API of one exchange, and the way to those of others. Routes that are added to the returned app later stand behind the
 * same guard.
 */
export function createApp(deps: ApiDeps, env: ApiEnv, others: ReadonlyMap<string, Hono> = new Map()): Hono {
  const app = new Hono();
  app.use('*', guard(deps, env));
  app.use('*', chooseExchange(env.EXCHANGE, others));
  app.use(
    '*',
    bodyLimit({
      maxSize: env.MAX_BODY_BYTES,
      onError: () => {
        throw new HttpError(413, 'body-too-large', `a body may have ${env.MAX_BODY_BYTES} bytes`, {
          maxBytes: env.MAX_BODY_BYTES,
        });
      },
    }),
  );
  for (const path of DATABASE_PATHS) app.use(path, whileDatabaseAnswers(deps));
  app.route('/', serviceRoutes(deps, env));
  app.route('/', orderRoutes(deps));
  app.route('/api', readRoutes(deps, env));
  app.route('/api', writeRoutes(deps, env));
  app.route('/api', eventRoutes(deps, env));
  app.notFound((c) =>
    errorAnswer(c, new HttpError(404, 'not-found', `nothing is served at ${c.req.path.slice(0, 100)}`)),
  );
  app.onError((error, c) => {
    if (error instanceof HttpError) return errorAnswer(c, error);
    const resuming = readResuming(error);
    if (resuming) return errorAnswer(c, resuming);
    const correlationId = deps.ids.next();
    // The text of an unexpected error stays in the log: it may quote what a caller must not see.
    deps.telemetry.log('error', logEvents.httpFailed, {
      correlationId,
      method: c.req.method,
      path: c.req.path.slice(0, 200),
      error: error.message,
      stack: error.stack,
    });
    return errorAnswer(c, new HttpError(500, 'internal', `something failed; see the log for ${correlationId}`));
  });
  return app;
}

/** A paused database that did not wake up in time. The store's own words: they quote no statement. */
function readResuming(error: Error): HttpError | null {
  const { failure, waited } = error as { failure?: unknown; waited?: HttpError['numbers'] | null };
  return failure === 'resuming' ? new HttpError(503, 'database-resuming', error.message, waited ?? {}) : null;
}
