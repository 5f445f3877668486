import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';
import { HttpError } from './http-error.ts';

export const TOKEN_HEADER = 'x-3t-token';
const READ_METHODS = ['GET', 'HEAD'];
/** Stays open and takes one of few places, so it is for the page of this start alone. */
export const EVENTS_PATH = '/api/events';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Compares in constant time, whatever the lengths. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** What AWS says of the caller of a function behind IAM: a Function URL and an HTTP API put it in the same place. */
interface LambdaBindings {
  readonly requestContext?: { readonly authorizer?: { readonly iam?: { readonly userArn?: string } | null } | null };
}

/**
 * Who may talk to us. The exact Host keeps out names that a hostile page rebinds to loopback; a wrong Origin is another site, and so
 * is what a browser calls cross-site where it sends no Origin (an image, a script, a frame); a link to the page may come from anywhere.
 * A write, and the stream of events, also need the token of this start, which only our page and the CLI know. The CLI sends no Origin.
 * On AWS there is no token: every request, reads too, must bear the caller that IAM admitted, so a door opened by mistake stays shut.
 */
export function guard(
  deps: Pick<ApiDeps, 'token' | 'allowedHosts'>,
  env: Pick<ApiEnv, 'ORIGIN_SCHEME'>,
): MiddlewareHandler {
  return async (c, next) => {
    const hosts = deps.allowedHosts?.().map((host) => host.toLowerCase());
    const host = c.req.header('host')?.toLowerCase();
    if (host === undefined || (hosts && !hosts.includes(host)))
      throw new HttpError(421, 'wrong-host', 'this Host is not served here');
    const origin = c.req.header('origin');
    if (origin !== undefined && origin.toLowerCase() !== `${env.ORIGIN_SCHEME}://${host}`) {
      throw new HttpError(403, 'wrong-origin', 'requests from other origins are refused');
    }
    const site = c.req.header('sec-fetch-site');
    const isLink = c.req.method === 'GET' && c.req.header('sec-fetch-dest') === 'document';
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink) {
      throw new HttpError(403, 'cross-site', 'requests from other sites are refused');
    }
    if (deps.token === null) {
      const { requestContext } = (c.env ?? {}) as LambdaBindings;
      if (!requestContext?.authorizer?.iam?.userArn) {
        throw new HttpError(403, 'iam-required', 'only callers that IAM has admitted are served');
      }
    }
    const isRead = READ_METHODS.includes(c.req.method);
    if (!isRead && c.req.method !== 'POST') {
      throw new HttpError(405, 'method-not-allowed', 'only GET, HEAD and POST are served');
    }
    if (deps.token !== null && (!isRead || c.req.path === EVENTS_PATH)) {
      const token = c.req.header(TOKEN_HEADER);
      if (token === undefined) {
        const what = isRead ? 'the stream of events' : 'a write';
        throw new HttpError(401, 'token-required', `${what} needs the header ${TOKEN_HEADER}`);
      }
      if (!equal(token, deps.token)) throw new HttpError(403, 'wrong-token', 'the token is not that of this start');
    }
    if (!isRead) {
      if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
        throw new HttpError(415, 'json-required', 'a write needs content-type application/json');
      }
    }
    await next();
    c.header('x-content-type-options', 'nosniff');
    c.header('x-frame-options', 'DENY');
    c.header('referrer-policy', 'no-referrer');
    c.header('cross-origin-resource-policy', 'same-origin');
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
  };
}
