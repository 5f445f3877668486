import * as z from 'zod';
import { isPositiveText, isUnsignedText } from '#shared/core/decimal.ts';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import { EPOCH_MS_MAX, epochMs, nameText, positiveText, symbolText, unsignedText } from './fields.ts';
import { type Trace, traceSchema } from './trace.ts';

/** One trade of the bundle. `gap: true` on the bundle says that trades before the first item may be missing. */
const tradeItem = z.object({
  id: z.string().min(1).max(64),
  px: positiveText,
  sz: unsignedText,
  side: z.enum(['buy', 'sell']),
  t: epochMs,
});

/** Kinesis stream `market`, partition key `exchange:symbol`: trades of one symbol in venue order. */
export const marketBundleSchema = z.object({
  v: z.literal(1),
  type: z.literal('trades'),
  exchange: nameText,
  symbol: symbolText,
  items: z.array(tradeItem).min(1).max(1000),
  /**
   * The producer (re)connected or lost data before the first item. A consumer that has processed the first item itself
   * already (another producer sent it) has lost nothing.
   */
  gap: z.boolean().optional(),
  trace: traceSchema,
});
export type MarketBundle = z.infer<typeof marketBundleSchema>;

/** Trades in one record at most. */
export const MARKET_BUNDLE_MAX_ITEMS = 1000;

/** The constant beginning of every record of a symbol, for {@link encodeMarketBundle}. */
export const marketBundlePrefix = (exchange: string, symbol: string): string =>
  `{"v":1,"type":"trades","exchange":${JSON.stringify(exchange)},"symbol":${JSON.stringify(symbol)},"items":[`;

const PLAIN_TEXT = /^[\w:./-]*$/;
const quoted = (text: string): string => (PLAIN_TEXT.test(text) ? `"${text}"` : JSON.stringify(text));

/**
 * JSON of a {@link MarketBundle}, written by hand because every trade passes here: byte for byte what JSON.stringify gives.
 * The ticks must be of the prefix's symbol, with decimal text as price and size.
 */
export function encodeMarketBundle(prefix: string, ticks: readonly TradeTick[], gap: boolean, trace: Trace): string {
  let items = '';
  for (let i = 0; i < ticks.length; i += 1) {
    const tick = ticks[i]!;
    items += `${i === 0 ? '' : ','}{"id":${quoted(tick.tradeId)},"px":"${tick.price}","sz":"${tick.size}","side":"${tick.side}","t":${tick.venueTimeMs}}`;
  }
  const tail = `"trace":{"correlationId":${quoted(trace.correlationId)},"bornAtMs":${trace.bornAtMs}}}`;
  return gap ? `${prefix}${items}],"gap":true,${tail}` : `${prefix}${items}],${tail}`;
}

export type MarketBundleRead =
  | { readonly success: true; readonly data: MarketBundle }
  | { readonly success: false; readonly error: string };

const ERROR_CHARS_MAX = 200;

/** A record's text as {@link marketBundleSchema} reads it, checked by hand because every trade passes here; the schema words errors. */
export function readMarketBundle(text: string): MarketBundleRead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { success: false, error: 'not JSON' };
  }
  const data = checked(value as MarketBundle | null);
  if (data !== null) return { success: true, data };
  const parsed = marketBundleSchema.safeParse(value);
  if (parsed.success) return parsed;
  return { success: false, error: z.prettifyError(parsed.error).slice(0, ERROR_CHARS_MAX) };
}

/** A copy with the known fields alone, or null when anything is not as it should be. */
function checked(value: MarketBundle | null): MarketBundle | null {
  if (typeof value !== 'object' || value === null) return null;
  const { v, type, exchange, symbol, gap } = value;
  if (v !== 1 || type !== 'trades' || !isText(exchange, 1, 64) || !isText(symbol, 3, 50)) return null;
  if (gap !== undefined && typeof gap !== 'boolean') return null;
  const trace = value.trace as Trace | null | undefined;
  if (!trace || !isText(trace.correlationId, 1, 64) || !Number.isSafeInteger(trace.bornAtMs)) return null;
  const given: unknown = value.items;
  if (!Array.isArray(given) || given.length === 0 || given.length > MARKET_BUNDLE_MAX_ITEMS) return null;
  const items: MarketBundle['items'] = [];
  for (const item of given as (MarketBundle['items'][number] | null)[]) {
    if (typeof item !== 'object' || item === null) return null;
    const { id, px, sz, side, t } = item;
    if (!isText(id, 1, 64) || !isPositiveText(px) || !isUnsignedText(sz) || (side !== 'buy' && side !== 'sell'))
      return null;
    if (!Number.isSafeInteger(t) || t < 0 || t > EPOCH_MS_MAX) return null;
    items.push({ id, px, sz, side, t });
  }
  const { correlationId, bornAtMs } = trace;
  const bundle = { v, type, exchange, symbol, items, trace: { correlationId, bornAtMs } };
  return gap === undefined ? bundle : { ...bundle, gap };
}

const isText = (value: unknown, min: number, max: number): value is string =>
  typeof value === 'string' && value.length >= min && value.length <= max;
