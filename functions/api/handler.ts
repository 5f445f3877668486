import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';

/** The API behind API Gateway (HTTP API, payload 2.0). A Lambda answer is whole, so server-sent events are off. */
export function createHandler(deps: ApiDeps, env: ApiEnv) {
  const answer = handle(createApp(deps, { ...env, MAX_EVENT_CLIENTS: 0 }));
  return (event: LambdaEvent, context: unknown) => answer(event, context as LambdaContext);
}
