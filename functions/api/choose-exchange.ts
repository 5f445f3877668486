import type { Hono, MiddlewareHandler } from 'hono';
import { HttpError } from './http-error.ts';

/**
 * Hands a request for another exchange (`?exchange=`) to that exchange's app. Without the name the first one is read; a write must say
 * which one it is for, where there are several.
 */
export function chooseExchange(first: string, others: ReadonlyMap<string, Hono>): MiddlewareHandler {
  return async (c, next) => {
    const asked = c.req.query('exchange');
    if (asked === undefined && others.size > 0 && c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const names = [first, ...others.keys()].join(', ');
      throw new HttpError(
        400,
        'exchange-needed',
        `say which exchange it is for, as ?exchange= or --exchange: ${names}`,
      );
    }
    if (asked === undefined || asked === first) return next();
    const other = others.get(asked);
    if (!other) throw new HttpError(404, 'unknown-exchange', `no exchange is called ${asked.slice(0, 64)} here`);
    return other.fetch(c.req.raw);
  };
}
