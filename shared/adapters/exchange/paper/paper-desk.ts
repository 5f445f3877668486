import { isFresh } from '#shared/core/age.ts';
import { Decimal, type DecimalText, ZERO } from '#shared/core/decimal.ts';
import type { PriceRule } from '#shared/core/market/tick-rules.ts';
import { type FeeRates, feeQuote } from '#shared/core/matching/fees-and-funding.ts';
import { type Book, buildLadder, EMPTY_BOOK, type LadderShape } from '#shared/core/matching/ladder.ts';
import { accountValue, initialMargin, type MarginPosition } from '#shared/core/matching/margin.ts';
import { type Execution, signedSize, type TradingRules } from '#shared/core/matching/match-order.ts';
import { applyTrade, FLAT, type OpenPosition } from '#shared/core/matching/position.ts';
import type { ClientOrderId, Side, TimeInForce } from '#shared/core/orders/order.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { VenueOrderStatus } from '#shared/ports/exchange.ts';

/** What the paper venue lends to an account at its first sight, charges, and shows as a book around the stored price. */
export interface PaperTerms {
  readonly equityQuote: Decimal;
  /** Shares of the traded value on the native dex. */
  readonly fees: FeeRates;
  readonly book: LadderShape;
  /** An older price makes no book: nobody trades on what nobody has seen lately. */
  readonly priceAgeMsMax: number;
}

/** An instrument and its newest stored prices. */
export interface PaperMarket {
  readonly symbol: string;
  readonly venueSymbol: string;
  readonly subAccount: string | null;
  readonly priceRule: PriceRule;
  readonly sizeStep: DecimalText;
  readonly maxLeverage: number;
  readonly minNotionalQuote: Decimal;
  readonly isActive: boolean;
  /** The newest of last trade and mark, and its time; null before the first price. */
  readonly last: { readonly price: Decimal; readonly atMs: EpochMs } | null;
  readonly markPrice: Decimal | null;
}

/** An order as the paper venue knows it. Only the functions of this folder change it. */
export interface PaperOrder {
  readonly venueOrderId: string;
  /** Null for a liquidation. */
  readonly clientOrderId: ClientOrderId | null;
  readonly symbol: string;
  readonly side: Side;
  readonly size: Decimal;
  readonly limitPrice: Decimal;
  readonly timeInForce: TimeInForce;
  readonly reduceOnly: boolean;
  readonly acceptedAtMs: EpochMs;
  filled: Decimal;
  status: VenueOrderStatus;
  /** HyperLiquid's word for it. */
  venueStatus: string;
  statusAtMs: EpochMs;
}

export interface PaperFill {
  readonly tradeId: string;
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
  readonly symbol: string;
  readonly side: Side;
  readonly price: Decimal;
  readonly size: Decimal;
  readonly feeQuote: Decimal;
  readonly closedPnlQuote: Decimal;
  readonly startPosition: Decimal;
  readonly crossed: boolean;
  readonly liquidation: boolean;
  readonly matchedTradeId: string | null;
  readonly venueTimeMs: EpochMs;
}

/**
 * One account within one transaction: loaded, changed in place, written back. Value, margin and fills of every dex share one
 * purse; isolated positions are carried like cross ones, and funding is not paid.
 */
export interface PaperDesk {
  readonly terms: PaperTerms;
  /** Venue time of this transaction: never before that of the last one. */
  readonly nowMs: EpochMs;
  rawQuote: Decimal;
  lastId: number;
  readonly positions: Map<string, OpenPosition>;
  readonly leverage: Map<string, number>;
  /** Oldest first. */
  readonly resting: readonly PaperOrder[];
  readonly markets: ReadonlyMap<string, PaperMarket>;
  /** What must be written back. */
  readonly changedOrders: Set<PaperOrder>;
  readonly newFills: PaperFill[];
}

/** As on HyperLiquid: 20, or what the instrument allows. */
const DEFAULT_LEVERAGE = 20;
/** As on HyperLiquid: markets of builders charge twice. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/fees */
const BUILDER_FEE_SCALE = 2;
const ENTRY_DECIMALS = 12;
const MAX_DEVIATION = new Decimal('0.8');

export const isOpen = (order: PaperOrder): boolean => order.status === 'open' || order.status === 'partially-filled';
export const remainingOf = (order: PaperOrder): Decimal => order.size.minus(order.filled);
export const positionOf = (desk: PaperDesk, symbol: string): OpenPosition => desk.positions.get(symbol) ?? FLAT;

export const leverageOf = ({ leverage }: Pick<PaperDesk, 'leverage'>, market: PaperMarket): number =>
  Math.min(leverage.get(market.symbol) ?? DEFAULT_LEVERAGE, market.maxLeverage);

export const rulesOf = (market: PaperMarket): TradingRules => ({
  priceRule: market.priceRule,
  sizeStep: market.sizeStep,
  minNotionalQuote: market.minNotionalQuote,
  maxDeviation: MAX_DEVIATION,
  fullCloseBelowMinimum: true,
});

/** A book around the newest price, the same for everybody who looks at the same price; empty when the price is too old. */
export function bookOf({ terms, nowMs }: PaperDesk, market: PaperMarket): Book {
  const { last, priceRule, sizeStep } = market;
  if (last === null || !isFresh(last.atMs, nowMs, terms.priceAgeMsMax)) return EMPTY_BOOK;
  return buildLadder({ price: last.price.toNumber(), priceRule, sizeStep, salt: last.atMs % 1_000_003 }, terms.book);
}

/** Positions as margin rules see them. One whose market has vanished keeps its entry price. */
export function marginPositions(desk: Pick<PaperDesk, 'positions' | 'leverage' | 'markets'>): MarginPosition[] {
  return [...desk.positions].map(([symbol, position]) => {
    const market = desk.markets.get(symbol);
    return {
      size: position.size,
      markPrice: market?.markPrice ?? position.entryPrice,
      leverage: market ? leverageOf(desk, market) : 1,
      maxLeverage: market?.maxLeverage ?? 1,
    };
  });
}

export const equityOf = (desk: Pick<PaperDesk, 'positions' | 'leverage' | 'markets' | 'rawQuote'>): Decimal =>
  accountValue(desk.rawQuote, marginPositions(desk));

/** True when the part of an order that makes the position larger needs more margin than is free. */
export function lacksMargin(
  desk: PaperDesk,
  market: PaperMarket,
  order: { readonly side: Side; readonly reduceOnly: boolean },
  size: Decimal,
  price: Decimal,
): boolean {
  if (order.reduceOnly) return false;
  const held = positionOf(desk, market.symbol).size;
  const reducible = (order.side === 'buy') === held.isNegative() ? Decimal.min(held.abs(), size) : ZERO;
  const grows = size.minus(reducible);
  if (grows.lte(0)) return false;
  const positions = marginPositions(desk);
  const used = positions.reduce((sum, position) => sum.plus(initialMargin(position)), ZERO);
  const leverage = leverageOf(desk, market);
  // What a flip closes first frees its own margin.
  const freed = reducible.times(market.markPrice ?? price).div(leverage);
  const available = accountValue(desk.rawQuote, positions).minus(used).plus(freed);
  return grows.times(price).div(leverage).gt(available);
}

export function nextId(desk: PaperDesk): string {
  desk.lastId += 1;
  return String(desk.lastId);
}

/** Moves one execution into position, purse, order and the list of fills. */
export function applyExecution(
  desk: PaperDesk,
  market: PaperMarket,
  order: PaperOrder,
  execution: Execution,
  from: { readonly matchedTradeId: string | null; readonly liquidation: boolean },
): void {
  const before = positionOf(desk, order.symbol);
  const change = applyTrade(before, signedSize(order.side, execution.size), execution.price);
  const rate = execution.maker ? desk.terms.fees.maker : desk.terms.fees.taker;
  const scale = market.subAccount === null ? 1 : BUILDER_FEE_SCALE;
  const fee = feeQuote(execution.price, execution.size, rate.times(scale));
  const { size, entryPrice } = change.position;
  desk.rawQuote = desk.rawQuote.plus(change.cashQuote).minus(fee);
  if (size.isZero()) desk.positions.delete(order.symbol);
  else desk.positions.set(order.symbol, { size, entryPrice: entryPrice.toDecimalPlaces(ENTRY_DECIMALS) });
  order.filled = order.filled.plus(execution.size);
  const [status, word] = remainingOf(order).isZero() ? FILLED : PARTIAL;
  setStatus(desk, order, status, word);
  desk.newFills.push({
    tradeId: nextId(desk),
    venueOrderId: order.venueOrderId,
    clientOrderId: order.clientOrderId,
    symbol: order.symbol,
    side: order.side,
    price: execution.price,
    size: execution.size,
    feeQuote: fee,
    closedPnlQuote: change.closedPnlQuote.toDecimalPlaces(6),
    startPosition: before.size,
    crossed: !execution.maker,
    liquidation: from.liquidation,
    matchedTradeId: from.matchedTradeId,
    venueTimeMs: desk.nowMs,
  });
}

const FILLED = ['filled', 'filled'] as const;
const PARTIAL = ['partially-filled', 'open'] as const;

export function setStatus(desk: PaperDesk, order: PaperOrder, status: VenueOrderStatus, venueStatus: string): void {
  order.status = status;
  order.venueStatus = venueStatus;
  order.statusAtMs = desk.nowMs;
  desk.changedOrders.add(order);
}

/** A reduce-only order ends with the position that it would close. */
export function cancelOrphans(desk: PaperDesk, symbol: string): void {
  const { size } = positionOf(desk, symbol);
  for (const order of desk.resting) {
    if (order.symbol !== symbol || !order.reduceOnly || !isOpen(order)) continue;
    const closes = order.side === 'buy' ? size.lt(0) : size.gt(0);
    if (!closes) setStatus(desk, order, 'cancelled', 'reduceOnlyCanceled');
  }
}
