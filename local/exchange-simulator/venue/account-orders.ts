import { Decimal, ZERO } from '#shared/core/decimal.ts';
import { accountValue, initialMargin, notional } from '#shared/core/matching/margin.ts';
import {
  type Execution,
  matchOrder,
  matchResting,
  type OrderRefusalCode,
  sweep,
  type TradingRules,
} from '#shared/core/matching/match-order.ts';
import type { Side, TimeInForce } from '#shared/core/orders/order.ts';
import { wireDecimal } from '../wire-number.ts';
import { applyFill, availableMargin, marginPosition, mustLiquidate, touch } from './clearing.ts';
import { openAskedRange } from './ledger.ts';
import {
  type Account,
  bookOf,
  CROWD,
  dexOf,
  hashOf,
  leverageOf,
  type MarketState,
  markOf,
  positionOf,
  record,
  type SimOrder,
  subOf,
  type World,
} from './world.ts';

export interface NewOrder {
  readonly market: MarketState;
  readonly side: Side;
  readonly size: Decimal;
  readonly limitPx: Decimal;
  readonly tif: TimeInForce;
  readonly reduceOnly: boolean;
  readonly cloid: string | null;
  readonly nonce: number | null;
  readonly expiresAfter: number | null;
  readonly origin: SimOrder['origin'];
  readonly builder: { readonly address: string; readonly feeTenths: number } | null;
  /** The order that this one takes the place of: its client order id may be used again. */
  readonly replaces?: SimOrder;
}

export type RefusalCode =
  | OrderRefusalCode
  | 'margin'
  | 'duplicate-cloid'
  | 'builder-fee'
  | 'too-many-open'
  | 'not-open';

export type OrderAnswer =
  /** `code`: the rule that refused it; the text is HyperLiquid's. */
  | { readonly error: string; readonly code: RefusalCode }
  | { readonly resting: { readonly oid: number; readonly cloid?: string } }
  | {
      readonly filled: {
        readonly totalSz: string;
        readonly avgPx: string;
        readonly oid: number;
        readonly cloid?: string;
      };
    };

const MAX_OPEN_ORDERS = 1_000;
const MAX_ENDED_IN_MEMORY = 200_000;

export const rulesOf = (world: World, market: MarketState): TradingRules => ({
  priceRule: market.spec.priceRule,
  sizeStep: market.spec.sizeStep,
  minNotionalQuote: market.spec.minNotionalQuote,
  maxDeviation: market.spec.maxDeviation,
  fullCloseBelowMinimum: world.options.fullCloseBelowMinimum,
});

/** The venue's words and, where it stores the refused order, its status. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses */
export const REFUSALS: Record<OrderRefusalCode | 'margin', { readonly text: string; readonly status: string | null }> =
  {
    'zero-size': { text: 'Order has zero size.', status: null },
    lot: { text: 'Order has invalid size.', status: null },
    tick: { text: 'Price must be divisible by tick size.', status: 'tickRejected' },
    'too-far': {
      text: 'Order price cannot be more than 80% away from the reference price.',
      status: 'oracleRejected',
    },
    minimum: { text: 'Order must have minimum value of $10.', status: 'minTradeNtlRejected' },
    'reduce-only': { text: 'Reduce only order would increase position.', status: 'reduceOnlyRejected' },
    'would-match': { text: 'Post only order would have immediately matched,', status: 'badAloPxRejected' },
    'no-match': {
      text: 'Order could not immediately match against any resting orders.',
      status: 'iocCancelRejected',
    },
    margin: { text: 'Insufficient margin to place order.', status: 'perpMarginRejected' },
  };

/** Accepts or refuses one order and executes what matches at once. Never throws for what a client sends. */
export function placeOrder(world: World, account: Account, request: NewOrder): OrderAnswer {
  const { market } = request;
  const key = request.cloid === null ? null : cloidKey(account.spec.address, request.cloid);
  const holder = key === null ? undefined : world.byCloid.get(key);
  if (holder && holder !== request.replaces) {
    world.counters.duplicateCloids += 1;
    world.dirty.counters = true;
    return refuse(world, account, 'duplicate-cloid', `Duplicate client order id. asset=${market.spec.assetId}`);
  }
  const { builder } = request;
  if (builder && builder.feeTenths > (account.builderFees.get(builder.address) ?? 0)) {
    return refuse(world, account, 'builder-fee', 'Builder fee has not been approved.');
  }
  const open = [...market.resting].filter((order) => order.user === account.spec.address).length;
  if (open >= MAX_OPEN_ORDERS) return refuse(world, account, 'too-many-open', 'Too many open orders.');
  const position = positionOf(account, market).size;
  const order = { ...request, limitPrice: request.limitPx, timeInForce: request.tif };
  const result = matchOrder(order, rulesOf(world, market), position, markOf(market), bookOf(market));
  const code =
    result.kind === 'refused' ? result.refusal.code : lacksMargin(world, account, request, position) ? 'margin' : null;
  if (code !== null || result.kind === 'refused') return refuseOrder(world, account, request, code ?? 'lot');
  const accepted = storeOrder(world, account, request, 'open', position);
  if (request.origin === 'api') openAskedRange(account, accepted);
  const hash = hashOf(world.counters.nextTid);
  for (const execution of result.executions) take(world, account, market, accepted, execution, hash);
  settle(world, accepted, market, result.resting.gt(0));
  trimReduceOnly(world, account, market);
  const ids = { oid: accepted.oid, ...(accepted.cloid === null ? {} : { cloid: accepted.cloid }) };
  if (accepted.filled.isZero()) return { resting: ids };
  const average = accepted.cost.div(accepted.filled).toSignificantDigits(8);
  return { filled: { totalSz: wireDecimal(accepted.filled), avgPx: wireDecimal(average), ...ids } };
}

const cloidKey = (user: string, cloid: string): string => `${user} ${cloid}`;

/** The fills of one taker order are one transaction and share its hash. */
function take(
  world: World,
  account: Account,
  market: MarketState,
  order: SimOrder,
  execution: Execution,
  hash: string,
): void {
  if (order.side === 'buy') market.consumedAsks = market.consumedAsks.plus(execution.size);
  else market.consumedBids = market.consumedBids.plus(execution.size);
  market.cachedBook = null;
  world.dirty.markets.add(market);
  applyFill(world, account, market, order, execution, hash);
}

function settle(world: World, order: SimOrder, market: MarketState, rests: boolean): void {
  if (rests) market.resting.add(order);
  else end(world, order, order.filled.eq(order.origSz) ? 'filled' : 'canceled');
  world.dirty.orders.add(order);
  world.publisher.orderUpdate(order);
}

function end(world: World, order: SimOrder, status: string): void {
  order.status = status;
  order.statusAtMs = world.nowMs;
  world.byCoin.get(order.coin)?.resting.delete(order);
  world.dirty.orders.add(order);
}

/** Needs margin for the part that makes the position larger; reduce-only orders never do. */
function lacksMargin(world: World, account: Account, request: NewOrder, position: Decimal): boolean {
  if (request.reduceOnly || request.origin === 'liquidation') return false;
  const { market } = request;
  const reducible = (request.side === 'buy') === position.isNegative() ? position.abs() : ZERO;
  const grows = Decimal.max(ZERO, request.size.minus(reducible));
  if (grows.isZero()) return false;
  const price = request.tif === 'Ioc' ? markOf(market) : request.limitPx;
  const needed = grows.times(price).div(leverageOf(account, market).value);
  // What a flip closes first frees its own margin.
  const own = positionOf(account, market);
  const freed =
    reducible.gt(0) && own.isolatedRaw === null
      ? initialMargin({
          size: reducible,
          markPrice: markOf(market),
          leverage: leverageOf(account, market).value,
          maxLeverage: 1,
        })
      : ZERO;
  return needed.gt(availableMargin(world, account, dexOf(market)).plus(freed));
}

function refuse(world: World, account: Account, code: RefusalCode, text: string): OrderAnswer {
  world.counters.refusals[code] = (world.counters.refusals[code] ?? 0) + 1;
  record(world, 'refused', { user: account.spec.address, code, text });
  return { error: text, code };
}

function refuseOrder(
  world: World,
  account: Account,
  request: NewOrder,
  code: OrderRefusalCode | 'margin',
): OrderAnswer {
  const { text, status } = REFUSALS[code];
  const { bids, asks } = bookOf(request.market);
  const bbo = code === 'would-match' ? ` bbo was ${bids[0]?.price.toFixed()}@${asks[0]?.price.toFixed()}.` : '';
  if (status !== null) {
    storeOrder(world, account, request, status, positionOf(account, request.market).size);
  }
  return refuse(world, account, code, `${text}${bbo} asset=${request.market.spec.assetId}`);
}

function storeOrder(world: World, account: Account, request: NewOrder, status: string, position: Decimal): SimOrder {
  const order: SimOrder = {
    oid: world.counters.nextOid,
    cloid: request.cloid,
    user: account.spec.address,
    coin: request.market.spec.coin,
    side: request.side,
    limitPx: request.limitPx,
    origSz: request.size,
    tif: request.tif,
    reduceOnly: request.reduceOnly,
    acceptedAtMs: world.nowMs,
    nonce: request.nonce,
    expiresAfter: request.expiresAfter,
    origin: request.origin,
    builder: request.builder?.address ?? null,
    builderFeeTenths: request.builder?.feeTenths ?? 0,
    remaining: request.size,
    filled: ZERO,
    cost: ZERO,
    status,
    statusAtMs: world.nowMs,
    asked: null,
    positionAtAcceptance: position,
    overshootLots: 0,
  };
  world.counters.nextOid += 1;
  world.dirty.counters = true;
  rememberOrder(world, order);
  world.dirty.orders.add(order);
  return order;
}

/** Puts an order (new, or loaded) where it can be found; forgets the oldest ended ones beyond the limit. */
export function rememberOrder(world: World, order: SimOrder): void {
  world.orders.set(order.oid, order);
  if (order.cloid !== null) world.byCloid.set(cloidKey(order.user, order.cloid), order);
  if (world.orders.size <= MAX_ENDED_IN_MEMORY) return;
  for (const [oid, old] of world.orders) {
    if (world.orders.size <= MAX_ENDED_IN_MEMORY - 1_000) break;
    if (old.status === 'open') continue;
    world.orders.delete(oid);
    if (old.cloid !== null) world.byCloid.delete(cloidKey(old.user, old.cloid));
  }
}

/** True when the order was open and is now cancelled. */
export function cancelOrder(world: World, order: SimOrder | undefined, status = 'canceled'): boolean {
  if (order?.status !== 'open') return false;
  end(world, order, status);
  world.publisher.orderUpdate(order);
  return true;
}

export function cancelAll(world: World, account: Account, dex: string | null, status: string): number {
  let cancelled = 0;
  for (const market of world.markets) {
    if (dex !== null && dexOf(market) !== dex) continue;
    for (const order of [...market.resting]) {
      if (order.user === account.spec.address && cancelOrder(world, order, status)) cancelled += 1;
    }
  }
  return cancelled;
}

/** A reduce-only order may not rest for more than the position that it would close. */
function trimReduceOnly(world: World, account: Account, market: MarketState): void {
  const position = positionOf(account, market).size;
  for (const order of [...market.resting]) {
    if (order.user !== account.spec.address || !order.reduceOnly) continue;
    const closes = order.side === 'buy' ? position.isNegative() : position.isPositive();
    if (position.isZero() || !closes) cancelOrder(world, order, 'reduceOnlyCanceled');
    else if (order.remaining.gt(position.abs())) {
      order.remaining = position.abs();
      world.dirty.orders.add(order);
    }
  }
}

/** Lets a trade of the crowd, whose transaction is `hash`, fill our resting orders of that market, oldest first. */
export function fillResting(world: World, market: MarketState, price: number, size: number, hash: string): void {
  if (market.resting.size === 0) return;
  const trade = { price: new Decimal(price), size: new Decimal(size) };
  let left = trade.size;
  for (const order of [...market.resting]) {
    if (order.status !== 'open') continue;
    const execution = matchResting(order.side, order.remaining, order.limitPx, { ...trade, size: left });
    const account = world.accounts.get(order.user);
    if (execution === null || !account) continue;
    if (trade.price.eq(order.limitPx)) left = left.minus(execution.size);
    applyFill(world, account, market, order, execution, hash);
    if (order.remaining.isZero()) end(world, order, 'filled');
    world.publisher.orderUpdate(order);
    trimReduceOnly(world, account, market);
  }
}

/** Closes what can no longer be carried: cancels the dex's orders, sweeps the book, and takes the rest at the mark. */
export function liquidateIfNeeded(world: World, market: MarketState): void {
  for (const account of world.accounts.values()) {
    const kind = mustLiquidate(world, account, market);
    if (kind === null) continue;
    const dex = dexOf(market);
    cancelAll(world, account, dex, 'liquidatedCanceled');
    const sub = subOf(account, dex);
    const coins = kind === 'isolated' ? [market.spec.coin] : [...sub.positions.keys()];
    record(world, 'liquidation', { user: account.spec.address, dex, mode: kind, coins });
    announceLiquidation(world, account, coins);
    for (const coin of coins) closeAtMarket(world, account, world.byCoin.get(coin), kind);
    const value = accountValue(sub.rawQuote, []);
    if (sub.positions.size === 0 && value.isNegative()) {
      world.counters.insurance = world.counters.insurance.minus(value);
      sub.rawQuote = ZERO;
      touch(world, account);
    }
  }
}

function announceLiquidation(world: World, account: Account, coins: readonly string[]): void {
  const positions = coins.flatMap((coin) => {
    const market = world.byCoin.get(coin);
    return market ? [{ market, position: positionOf(account, market) }] : [];
  });
  const own = positions.map(({ market, position }) => marginPosition(account, market, position));
  const isolated = positions.length === 1 ? (positions[0]?.position.isolatedRaw ?? null) : null;
  const raw = isolated ?? account.subs.get(dexOf(positions[0]?.market as MarketState))?.rawQuote ?? ZERO;
  world.publisher.liquidation(account.spec.address, {
    lid: world.counters.nextTid,
    liquidator: CROWD[0],
    liquidated_user: account.spec.address,
    liquidated_ntl_pos: wireDecimal(own.reduce((sum, position) => sum.plus(notional(position)), ZERO)),
    liquidated_account_value: wireDecimal(accountValue(raw, own)),
  });
}

function closeAtMarket(world: World, account: Account, market: MarketState | undefined, kind: string): void {
  if (!market) return;
  const position = positionOf(account, market);
  if (position.size.isZero() || (kind === 'cross') !== (position.isolatedRaw === null)) return;
  const side: Side = position.size.isPositive() ? 'sell' : 'buy';
  const size = position.size.abs();
  const mark = markOf(market);
  const limit = side === 'buy' ? mark.times(1000) : ZERO;
  const request = { market, side, size, limitPx: mark, tif: 'Ioc' as const, reduceOnly: true, cloid: null };
  const extra = { nonce: null, expiresAfter: null, origin: 'liquidation' as const, builder: null };
  const order = storeOrder(world, account, { ...request, ...extra }, 'open', position.size);
  const book = bookOf(market);
  const { executions, filled } = sweep(side, size, limit, side === 'buy' ? book.asks : book.bids);
  const hash = hashOf(world.counters.nextTid);
  for (const execution of executions) take(world, account, market, order, execution, hash);
  const rest = size.minus(filled);
  if (rest.gt(0)) applyFill(world, account, market, order, { price: mark, size: rest, maker: false }, hash);
  settle(world, order, market, false);
}
