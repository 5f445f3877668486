import * as z from 'zod';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import { decimalText, epochMs, nameText, symbolText } from './fields.ts';
import { type Trace, traceSchema } from './trace.ts';

/** One trade of the bundle. `gap: true` on the bundle says that trades before the first item may be missing. */
const tradeItem = z.object({
  id: z.string().min(1).max(64),
  px: decimalText,
  sz: decimalText,
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
