import * as z from 'zod';
import { Decimal, dec, decimalText, isDecimalText } from '#shared/core/decimal.ts';
import { symbolParts } from '#shared/core/market/instrument.ts';
import type { OpenPosition } from '#shared/core/matching/position.ts';
import type { ClientOrderId, Side, TimeInForce } from '#shared/core/orders/order.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { VenueFill, VenueOrder, VenueOrderStatus } from '#shared/ports/exchange.ts';
import type { Database } from '../../sql/database.ts';
import { decodeRules } from '../../sql/repositories/instruments-repository.ts';
import { isOpen, type PaperFill, type PaperMarket, type PaperOrder, remainingOf } from './paper-desk.ts';
import { endCodeOf } from './place-order.ts';

/** A row as it is read: Kysely's insert types, with every column there. */
export type OrderRow = Omit<Database['paper_orders'], 'size' | 'limit_price' | 'filled_size'> &
  Record<'size' | 'limit_price' | 'filled_size', string>;
export type FillRow = Omit<
  Database['paper_fills'],
  'price' | 'size' | 'fee_quote' | 'closed_pnl_quote' | 'start_position'
> &
  Record<'price' | 'size' | 'fee_quote' | 'closed_pnl_quote' | 'start_position', string>;

const decimalWire = z.string().refine(isDecimalText);
const positionsSchema = z.record(z.string(), z.tuple([decimalWire, decimalWire]));
const leverageSchema = z.record(z.string(), z.number().positive());

/** Throws what zod throws: the venue's own row must be right. */
export const decodePositions = (json: string): Map<string, OpenPosition> =>
  new Map(
    Object.entries(positionsSchema.parse(JSON.parse(json))).map(([symbol, [size, entryPrice]]) => [
      symbol,
      { size: dec(size), entryPrice: dec(entryPrice) },
    ]),
  );

export const encodePositions = (positions: ReadonlyMap<string, OpenPosition>): string =>
  JSON.stringify(
    Object.fromEntries([...positions].map(([symbol, p]) => [symbol, [decimalText(p.size), decimalText(p.entryPrice)]])),
  );

export const decodeLeverage = (json: string): Map<string, number> =>
  new Map(Object.entries(leverageSchema.parse(JSON.parse(json))));
export const encodeLeverage = (leverage: ReadonlyMap<string, number>): string =>
  JSON.stringify(Object.fromEntries(leverage));

export const decodeOrder = (row: OrderRow): PaperOrder => ({
  venueOrderId: row.venue_order_id,
  clientOrderId: row.client_order_id as ClientOrderId | null,
  symbol: row.symbol,
  side: row.side as Side,
  size: dec(row.size),
  limitPrice: dec(row.limit_price),
  timeInForce: row.time_in_force as TimeInForce,
  reduceOnly: row.reduce_only === 1,
  acceptedAtMs: row.accepted_at_ms,
  filled: dec(row.filled_size),
  status: row.status as VenueOrderStatus,
  venueStatus: row.venue_status,
  statusAtMs: row.status_at_ms,
});

export const encodeOrder = (order: PaperOrder) => ({
  venue_order_id: order.venueOrderId,
  client_order_id: order.clientOrderId,
  symbol: order.symbol,
  side: order.side,
  size: decimalText(order.size),
  limit_price: decimalText(order.limitPrice),
  time_in_force: order.timeInForce,
  reduce_only: order.reduceOnly ? 1 : 0,
  filled_size: decimalText(order.filled),
  status: order.status,
  venue_status: order.venueStatus,
  accepted_at_ms: order.acceptedAtMs,
  status_at_ms: order.statusAtMs,
});

export const encodeFill = (fill: PaperFill) => ({
  trade_id: fill.tradeId,
  venue_order_id: fill.venueOrderId,
  client_order_id: fill.clientOrderId,
  symbol: fill.symbol,
  side: fill.side,
  price: decimalText(fill.price),
  size: decimalText(fill.size),
  fee_quote: decimalText(fill.feeQuote),
  closed_pnl_quote: decimalText(fill.closedPnlQuote),
  start_position: decimalText(fill.startPosition),
  crossed: fill.crossed ? 1 : 0,
  liquidation: fill.liquidation ? 1 : 0,
  matched_trade_id: fill.matchedTradeId,
  venue_time_ms: fill.venueTimeMs,
});

export const toVenueOrder = (order: PaperOrder): VenueOrder => ({
  symbol: order.symbol,
  venueOrderId: order.venueOrderId,
  clientOrderId: order.clientOrderId,
  side: order.side,
  originalSize: decimalText(order.size),
  remainingSize: decimalText(remainingOf(order)),
  limitPrice: decimalText(order.limitPrice),
  status: order.status,
  venueStatus: order.venueStatus,
  endCode: endCodeOf(order.venueStatus),
  // An open order speaks for the time of its acceptance, as HyperLiquid's list of open orders does.
  statusTimeMs: isOpen(order) ? order.acceptedAtMs : order.statusAtMs,
});

function feeOf({ symbol, fee_quote }: FillRow): VenueFill['fee'] {
  const parts = symbolParts(symbol);
  return parts === null ? null : { amount: decimalText(fee_quote), currency: parts.quote };
}

export const toVenueFill = (row: FillRow): VenueFill => ({
  symbol: row.symbol,
  tradeId: row.trade_id,
  venueOrderId: row.venue_order_id,
  clientOrderId: row.client_order_id as ClientOrderId | null,
  side: row.side as Side,
  price: decimalText(row.price),
  size: decimalText(row.size),
  fee: feeOf(row),
  feeQuote: decimalText(row.fee_quote),
  closedPnlQuote: decimalText(row.closed_pnl_quote),
  startPosition: decimalText(row.start_position),
  crossed: row.crossed === 1,
  liquidation: row.liquidation === 1,
  venueTimeMs: row.venue_time_ms,
});

export interface MarketRow {
  readonly symbol: string;
  readonly coin: string;
  readonly dex: string | null;
  readonly rules_json: string | null;
  readonly max_leverage: number;
  readonly min_notional_quote: string;
  readonly status: string;
  readonly price: string | null;
  readonly venue_time_ms: EpochMs | null;
  readonly mark_price: string | null;
  readonly mark_time_ms: EpochMs | null;
}

/** A mark this much older than the last trade is no mark any more. */
const MARK_LAG_MS_MAX = 180_000;

export function decodeMarket(row: MarketRow): PaperMarket {
  const trade =
    row.price === null || row.venue_time_ms === null ? null : { price: dec(row.price), atMs: row.venue_time_ms };
  const mark =
    row.mark_price === null || row.mark_time_ms === null
      ? null
      : { price: dec(row.mark_price), atMs: row.mark_time_ms };
  const isMarkFresh = mark !== null && mark.atMs >= (trade?.atMs ?? 0) - MARK_LAG_MS_MAX;
  const newest = trade === null || (mark !== null && mark.atMs > trade.atMs) ? mark : trade;
  return {
    symbol: row.symbol,
    venueSymbol: row.coin,
    subAccount: row.dex,
    ...decodeRules(row),
    maxLeverage: row.max_leverage,
    minNotionalQuote: new Decimal(row.min_notional_quote),
    isActive: row.status === 'active',
    last: newest,
    markPrice: isMarkFresh ? mark.price : (newest?.price ?? null),
  };
}
