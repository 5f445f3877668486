import type { Context } from 'hono';
import * as z from 'zod';
import { isTimeframe } from '#shared/core/time.ts';
import { HttpError } from './http-error.ts';

/** The request's JSON, or a coded 400. The size was limited before. */
export async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new HttpError(400, 'malformed-json', 'the body is not JSON');
  }
}

/** Checks a body or a query; the message names each wrong field. */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 10)
    .map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new HttpError(400, 'bad-request', problems.join('; ').slice(0, 1000));
}

export const reasonText = z.string().trim().min(1).max(200);
export const symbolInput = z.string().trim().min(1).max(50);
const byText = z
  .string()
  .regex(/^[a-z][a-zA-Z0-9:._@-]{0,39}$/, 'expected a short name such as cli:ada')
  .default('page');

/** Fields of every write. A wrong exchange is refused rather than ignored. */
export const writeBase = z.strictObject({ exchange: z.string().max(64).optional(), by: byText });

export const listQuery = z.object({
  symbol: symbolInput.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
/** Venue times, both ends within; `offset` rows of the newest are left out. */
export const tradesQuery = z.object({
  fromMs: z.coerce.number().int().min(0).optional(),
  toMs: z.coerce.number().int().min(0).optional(),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
});
export const candlesQuery = z.object({
  symbol: symbolInput,
  timeframe: z.string().refine(isTimeframe, 'expected a timeframe such as 1m').default('1m'),
  limit: z.coerce.number().int().min(1).max(5000).default(500),
});
export const pnlQuery = z.object({ hours: z.coerce.number().positive().max(8760).default(24) });
