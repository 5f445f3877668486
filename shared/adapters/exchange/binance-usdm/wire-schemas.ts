import * as z from 'zod';
import { isPositiveText } from '#shared/core/decimal.ts';
import { decimal, money, positive, rows, time, unsigned } from '../wire/reply-fields.ts';

/** Shapes of the replies, loose: new fields are welcome. Lists have rows of any shape: each is read by itself. */

/** Of some symbols beyond 2^53: text then (parse-reply.ts). */
const id = z.union([z.number().int().min(0), z.string().regex(/^\d{1,20}$/)]).transform(String);
const word = z.string().min(1).max(64);
const side = z.enum(['BUY', 'SELL']).transform((name) => (name === 'BUY' ? ('buy' as const) : ('sell' as const)));

export const listSchema = rows.max(10_000);
export const anySchema = z.unknown();
export const timeSchema = z.looseObject({ serverTime: time.min(1) });
export const exchangeInfoSchema = z.looseObject({ symbols: rows.max(10_000) });

export const contractSchema = z.looseObject({
  symbol: word,
  status: word,
  contractType: word,
  underlyingType: word,
  deliveryDate: z.number().int(),
  baseAsset: word,
  quoteAsset: word,
  marginAsset: word,
  filters: z.array(z.looseObject({ filterType: word })).max(50),
});
export const priceFilterSchema = z.looseObject({ minPrice: unsigned, tickSize: positive });
export const lotSizeSchema = z.looseObject({ minQty: unsigned, stepSize: positive });
export const minNotionalSchema = z.looseObject({ notional: unsigned });

/** Open time, open, high, low, close, volume in base units. */
export const klineSchema = z.tuple([time, decimal, decimal, decimal, decimal, decimal], z.unknown());
export const markSchema = z.looseObject({ symbol: word, markPrice: decimal.refine(isPositiveText), time });

export const accountConfigSchema = z.looseObject({
  canTrade: z.boolean(),
  dualSidePosition: z.boolean(),
  multiAssetsMargin: z.boolean(),
});
export const accountSchema = z.looseObject({ assets: rows.max(1000) });
export const assetSchema = z.looseObject({
  asset: word,
  walletBalance: money,
  unrealizedProfit: money,
  marginBalance: money,
  initialMargin: money,
  maintMargin: money,
  maxWithdrawAmount: money,
});
export const positionSchema = z.looseObject({
  symbol: word,
  positionSide: word,
  positionAmt: decimal,
  entryPrice: unsigned,
  unRealizedProfit: money,
  liquidationPrice: decimal,
  notional: money,
  positionInitialMargin: money,
  updateTime: time,
});

export const orderSchema = z.looseObject({
  symbol: word,
  orderId: id,
  clientOrderId: z.string().max(64),
  side,
  status: word,
  timeInForce: word,
  origQty: unsigned,
  executedQty: unsigned,
  price: unsigned,
  /** Gone from the answers to placing and cancelling since 2026-06-30; absent is not 0. */
  avgPrice: unsigned.optional(),
  updateTime: time,
});
export type WireOrder = z.infer<typeof orderSchema>;

export const tradeSchema = z.looseObject({
  symbol: word,
  id,
  orderId: id,
  side,
  positionSide: word,
  price: positive,
  qty: positive,
  realizedPnl: money,
  commission: decimal,
  commissionAsset: word,
  maker: z.boolean(),
  time,
});
export type WireTrade = z.infer<typeof tradeSchema>;

export const incomeSchema = z.looseObject({
  incomeType: word,
  income: money,
  asset: word,
  time,
  tranId: z.union([id, z.string().max(64)]),
});
