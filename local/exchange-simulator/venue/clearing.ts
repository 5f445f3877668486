import { Decimal, ZERO } from '#shared/core/decimal.ts';
import { feeQuote, fundingQuote } from '#shared/core/matching/fees-and-funding.ts';
import {
  accountValue,
  initialMargin,
  isLiquidatable,
  type MarginPosition,
  maintenanceMargin,
} from '#shared/core/matching/margin.ts';
import { type Execution, signedSize } from '#shared/core/matching/match-order.ts';
import { applyTrade } from '#shared/core/matching/position.ts';
import { HOUR_MS } from '#shared/core/time.ts';
import { wireDecimal } from '../wire-number.ts';
import { noteFill } from './ledger.ts';
import {
  type Account,
  dexOf,
  isPooled,
  type LedgerEvent,
  leverageOf,
  type MarketState,
  markOf,
  type Position,
  positionOf,
  record,
  type SimOrder,
  subOf,
  type WireFill,
  type World,
} from './world.ts';

const HISTORY_MS = 120_000;
const MAX_FILLS_IN_MEMORY = 10_000;

/** The next commit writes this account. */
export function touch(world: World, account: Account): void {
  world.dirty.accounts.add(account);
}

/** Call after a change: keeps the new state in the account's short history. */
export function keepHistory(world: World, account: Account): void {
  const subs = new Map(
    [...account.subs].map(([dex, sub]) => [dex, { rawQuote: sub.rawQuote, positions: new Map(sub.positions) }]),
  );
  const history = account.history;
  if (history.at(-1)?.atMs === world.nowMs) history.pop();
  history.push({ atMs: world.nowMs, subs });
  // One state older than the window stays: it is the answer for the whole time before the next one.
  while (history.length > 2 && (history[1]?.atMs ?? 0) < world.nowMs - HISTORY_MS) history.shift();
  if (history.length > 2_000) history.splice(0, 1_000);
}

/** Moves one execution of an order into position, cash, fee, fill record and ledger. */
export function applyFill(
  world: World,
  account: Account,
  market: MarketState,
  order: SimOrder,
  execution: Execution,
  hash: string,
): WireFill {
  const sub = subOf(account, dexOf(market));
  const before = positionOf(account, market);
  const signed = signedSize(order.side, execution.size);
  const change = applyTrade(before, signed, execution.price);
  const rate = execution.maker ? market.spec.fees.maker : market.spec.fees.taker;
  // https://hyperliquid.gitbook.io/hyperliquid-docs/trading/builder-codes
  const builderFee = feeQuote(execution.price, execution.size, new Decimal(order.builderFeeTenths).div(100_000));
  const fee = feeQuote(execution.price, execution.size, rate).plus(builderFee);
  const leverage = leverageOf(account, market);
  const isolated = before.size.isZero() ? leverage.isolated : before.isolatedRaw !== null;
  let isolatedRaw: Decimal | null = null;
  sub.rawQuote = sub.rawQuote.minus(fee);
  if (isolated) {
    const moved = settleIsolated(before, change, execution.price, leverage.value);
    isolatedRaw = moved.isolatedRaw;
    sub.rawQuote = sub.rawQuote.plus(moved.released);
  } else {
    sub.rawQuote = sub.rawQuote.plus(change.cashQuote);
  }
  const opens = before.size.isZero() || change.openedSize.gt(0) === change.closedSize.gt(0);
  if (change.position.size.isZero()) sub.positions.delete(market.spec.coin);
  else {
    sub.positions.set(market.spec.coin, {
      ...change.position,
      isolatedRaw,
      fundingAllTime: before.fundingAllTime,
      fundingSinceOpen: opens ? ZERO : before.fundingSinceOpen,
      fundingSinceChange: ZERO,
    });
  }
  account.feesPaid = account.feesPaid.plus(fee);
  order.filled = order.filled.plus(execution.size);
  order.remaining = order.remaining.minus(execution.size);
  order.cost = order.cost.plus(execution.price.times(execution.size));
  const tid = world.counters.nextTid;
  world.counters.nextTid += 1;
  world.dirty.counters = true;
  const fill: WireFill = {
    coin: market.spec.coin,
    px: wireDecimal(execution.price),
    sz: wireDecimal(execution.size),
    side: order.side === 'buy' ? 'B' : 'A',
    time: world.nowMs,
    startPosition: wireDecimal(before.size),
    dir: direction(before.size, change.position.size),
    closedPnl: wireDecimal(change.closedPnlQuote.toDecimalPlaces(6)),
    hash,
    oid: order.oid,
    crossed: !execution.maker,
    fee: wireDecimal(fee),
    ...(builderFee.isZero() ? {} : { builderFee: wireDecimal(builderFee) }),
    tid,
    feeToken: 'USDC',
    twapId: null,
    ...(order.cloid === null ? {} : { cloid: order.cloid }),
    ...(order.origin === 'liquidation'
      ? { liquidation: { liquidatedUser: order.user, markPx: wireDecimal(markOf(market)), method: 'market' as const } }
      : {}),
  };
  account.traded.note(world.nowMs, execution.price.times(execution.size), !execution.maker);
  account.fills.push(fill);
  if (account.fills.length > MAX_FILLS_IN_MEMORY + 1_000) account.fills.splice(0, 1_000);
  const path = {
    atMs: world.nowMs,
    size: change.position.size.toFixed(),
    change: signed.toFixed(),
    oid: order.oid,
    tid,
    foreign: order.origin !== 'api',
  };
  noteFill(world, account, order, market.spec.sizeDecimals, path);
  world.dirty.fills.push({ user: order.user, fill, path });
  world.dirty.orders.add(order);
  touch(world, account);
  keepHistory(world, account);
  world.publisher.fill(order.user, fill);
  return fill;
}

/**
 * An isolated position carries its own raw balance. Opening moves value ÷ leverage into it; closing a share of the
 * position releases the same share of its equity at the trade's price.
 */
function settleIsolated(
  before: Position,
  change: ReturnType<typeof applyTrade>,
  price: Decimal,
  leverage: number,
): { isolatedRaw: Decimal | null; released: Decimal } {
  const raw = before.isolatedRaw ?? ZERO;
  const equity = raw.plus(before.size.times(price));
  const share = before.size.isZero() ? ZERO : change.closedSize.div(before.size.abs());
  const margin = change.openedSize.times(price).div(leverage);
  const released = equity.times(share).minus(margin);
  const after = raw.plus(change.cashQuote).minus(released);
  if (change.position.size.isZero()) return { isolatedRaw: null, released: released.plus(after) };
  return { isolatedRaw: after, released };
}

function direction(before: Decimal, after: Decimal): string {
  if (before.isPositive() && !before.isZero() && after.isNegative() && !after.isZero()) return 'Long > Short';
  if (before.isNegative() && !before.isZero() && after.isPositive() && !after.isZero()) return 'Short > Long';
  const opening = after.abs().gt(before.abs());
  const long = opening ? after.isPositive() : before.isPositive();
  return `${opening ? 'Open' : 'Close'} ${long ? 'Long' : 'Short'}`;
}

/** Positions of one dex that share the sub-account's collateral. */
export function crossPositions(
  world: World,
  account: Account,
  positions: Iterable<readonly [string, Position]>,
): MarginPosition[] {
  const result: MarginPosition[] = [];
  for (const [coin, position] of positions) {
    const market = world.byCoin.get(coin);
    if (market && position.isolatedRaw === null) result.push(marginPosition(account, market, position));
  }
  return result;
}

export const marginPosition = (account: Account, market: MarketState, position: Position): MarginPosition => ({
  size: position.size,
  markPrice: markOf(market),
  leverage: leverageOf(account, market).value,
  maxLeverage: market.spec.maxLeverage,
});

/** What backs the cross positions of a dex: its own balance and positions, or those of all in a pooled account. */
function collateralFor(world: World, account: Account, dex: string) {
  const subs = isPooled(account) ? [...account.subs.values()] : [subOf(account, dex)];
  return {
    rawQuote: subs.reduce((sum, { rawQuote }) => sum.plus(rawQuote), ZERO),
    cross: subs.flatMap(({ positions }) => crossPositions(world, account, positions)),
  };
}

/** What a new order may still use: value of the cross part less initial margins and less what open orders hold. */
export function availableMargin(world: World, account: Account, dex: string): Decimal {
  const { rawQuote, cross } = collateralFor(world, account, dex);
  let available = accountValue(rawQuote, cross);
  for (const position of cross) available = available.minus(initialMargin(position));
  for (const market of world.markets) {
    if (dexOf(market) !== dex && !isPooled(account)) continue;
    for (const order of market.resting) {
      if (order.user !== account.spec.address || order.reduceOnly) continue;
      available = available.minus(order.remaining.times(order.limitPx).div(leverageOf(account, market).value));
    }
  }
  return available;
}

/** Hourly funding of every open position. */
export function payFunding(world: World): void {
  for (const account of world.accounts.values()) {
    const payments: LedgerEvent[] = [];
    for (const [, sub] of account.subs) {
      for (const [coin, position] of sub.positions) {
        const market = world.byCoin.get(coin);
        if (!market) continue;
        const rate = new Decimal(market.spec.hourlyFunding);
        const paid = fundingQuote(position.size, markOf(market), rate);
        if (position.isolatedRaw === null) sub.rawQuote = sub.rawQuote.plus(paid);
        const cost = paid.neg();
        sub.positions.set(coin, {
          ...position,
          isolatedRaw: position.isolatedRaw?.plus(paid) ?? null,
          fundingAllTime: position.fundingAllTime.plus(cost),
          fundingSinceOpen: position.fundingSinceOpen.plus(cost),
          fundingSinceChange: position.fundingSinceChange.plus(cost),
        });
        account.fundingReceived = account.fundingReceived.plus(paid);
        const details = { usdc: wireDecimal(paid), szi: wireDecimal(position.size), fundingRate: rate.toFixed() };
        payments.push(record(world, 'funding', { user: account.spec.address, coin, ...details }));
      }
    }
    if (payments.length === 0) continue;
    world.publisher.funding(account.spec.address, payments);
    touch(world, account);
    keepHistory(world, account);
  }
}

export const nextFundingMs = (nowMs: number): number => (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS;

/** True when the account holds the coin and the sub-account, or the isolated position, is below maintenance. */
export function mustLiquidate(world: World, account: Account, market: MarketState): 'cross' | 'isolated' | null {
  const sub = account.subs.get(dexOf(market));
  const position = sub?.positions.get(market.spec.coin);
  if (!sub || !position) return null;
  if (position.isolatedRaw !== null) {
    const own = [marginPosition(account, market, position)];
    return isLiquidatable(accountValue(position.isolatedRaw, own), own) ? 'isolated' : null;
  }
  if (!isPooled(account) && !nearLiquidation(world, sub.rawQuote, sub.positions)) return null;
  const { rawQuote, cross } = collateralFor(world, account, dexOf(market));
  return isLiquidatable(accountValue(rawQuote, cross), cross) ? 'cross' : null;
}

/** Binary arithmetic with a wide margin, because this runs at every tick; exact arithmetic decides when it says yes. */
function nearLiquidation(world: World, rawQuote: Decimal, positions: ReadonlyMap<string, Position>): boolean {
  let value = rawQuote.toNumber();
  let needed = 0;
  for (const [coin, position] of positions) {
    const market = world.byCoin.get(coin);
    if (!market || position.isolatedRaw !== null) continue;
    const worth = position.size.toNumber() * market.price;
    value += worth;
    needed += Math.abs(worth) / (2 * market.spec.maxLeverage);
  }
  return value < needed * 1.05 + 1;
}

export const maintenanceOf = (positions: readonly MarginPosition[]): Decimal =>
  positions.reduce((sum, position) => sum.plus(maintenanceMargin(position)), ZERO);
