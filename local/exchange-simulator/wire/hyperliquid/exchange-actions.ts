import { Decimal, dec } from '#shared/core/decimal.ts';
import { initialMargin } from '#shared/core/matching/margin.ts';
import { cancelOrder, type NewOrder, type OrderAnswer, placeOrder } from '../../venue/account-orders.ts';
import { availableMargin, keepHistory, marginPosition, touch } from '../../venue/clearing.ts';
import { modifyOrder } from '../../venue/modify-order.ts';
import { scheduledCancelProblem } from '../../venue/scheduled-cancel.ts';
import {
  type Account,
  dexOf,
  type MarketState,
  markOf,
  positionOf,
  type SimOrder,
  subOf,
  type World,
} from '../../venue/world.ts';
import { type Action, type ActionOf, type Builder, type OrderWire, requestsOf } from './action-schema.ts';

export type ActionAnswer =
  | { readonly kind: 'ok'; readonly response: unknown }
  | { readonly kind: 'err'; readonly text: string };

interface Envelope {
  readonly nonce: number;
  readonly expiresAfter: number | null;
}

const done: ActionAnswer = { kind: 'ok', response: { type: 'default' } };
const err = (text: string): ActionAnswer => ({ kind: 'err', text });

/** Executes one signed action of an account. */
export function answerAction(world: World, account: Account, action: Action, envelope: Envelope): ActionAnswer {
  account.requestsUsed += requestsOf(action);
  touch(world, account);
  const statuses = (type: string, list: readonly unknown[]): ActionAnswer => ({
    kind: 'ok',
    response: { type, data: { statuses: list } },
  });
  switch (action.type) {
    case 'order': {
      const { builder } = action;
      return statuses(
        'order',
        action.orders.map((order) => place(world, account, order, envelope, builder)),
      );
    }
    case 'modify': {
      const answer = modify(world, account, action.oid, action.order, envelope);
      return 'error' in answer ? err(answer.error) : done;
    }
    case 'batchModify':
      return statuses(
        'order',
        action.modifies.map(({ oid, order }) => modify(world, account, oid, order, envelope)),
      );
    case 'cancel':
      return statuses(
        'cancel',
        action.cancels.map(({ a, o }) => cancelOne(world, account, a, world.orders.get(o))),
      );
    case 'cancelByCloid':
      return statuses(
        'cancel',
        action.cancels.map(({ asset, cloid }) => cancelOne(world, account, asset, orderOf(world, account, cloid))),
      );
    case 'updateLeverage':
      return updateLeverage(world, account, action);
    case 'updateIsolatedMargin':
      return updateIsolatedMargin(world, account, action);
    case 'scheduleCancel':
      return scheduleCancel(world, account, action.time ?? null);
    case 'setReferrer':
    case 'noop':
      return done;
  }
}

const orderOf = (world: World, account: Account, id: number | string): SimOrder | undefined =>
  typeof id === 'number' ? world.orders.get(id) : world.byCloid.get(`${account.spec.address} ${id}`);

function newOrder(market: MarketState, order: OrderWire, envelope: Envelope, builder?: Builder): NewOrder {
  return {
    market,
    side: order.b ? 'buy' : 'sell',
    size: dec(order.s),
    limitPx: dec(order.p),
    tif: order.t.limit.tif,
    reduceOnly: order.r,
    cloid: order.c ?? null,
    nonce: envelope.nonce,
    expiresAfter: envelope.expiresAfter,
    origin: 'api',
    builder: builder ? { address: builder.b, feeTenths: builder.f } : null,
  };
}

/** An answer as it goes over the wire: without the rule's code. */
type WordedAnswer = Exclude<OrderAnswer, { readonly error: string }> | { readonly error: string };
const worded = (answer: OrderAnswer): WordedAnswer => ('error' in answer ? { error: answer.error } : answer);

function place(world: World, account: Account, order: OrderWire, envelope: Envelope, builder?: Builder): WordedAnswer {
  const market = world.byAsset.get(order.a);
  if (!market) return { error: `Invalid asset. asset=${order.a}` };
  return worded(placeOrder(world, account, newOrder(market, order, envelope, builder)));
}

function modify(
  world: World,
  account: Account,
  id: number | string,
  order: OrderWire,
  envelope: Envelope,
): WordedAnswer {
  const market = world.byAsset.get(order.a);
  if (!market) return { error: `Invalid asset. asset=${order.a}` };
  return worded(modifyOrder(world, account, orderOf(world, account, id), newOrder(market, order, envelope)));
}

function cancelOne(
  world: World,
  account: Account,
  asset: number,
  order: Parameters<typeof cancelOrder>[1],
): 'success' | { error: string } {
  const own = order?.user === account.spec.address && world.byAsset.get(asset)?.spec.coin === order.coin;
  if (own && cancelOrder(world, order)) return 'success';
  return { error: `Order was never placed, already canceled, or filled. asset=${asset}` };
}

function updateLeverage(world: World, account: Account, action: ActionOf<'updateLeverage'>): ActionAnswer {
  const market = world.byAsset.get(action.asset);
  if (!market) return err(`Invalid asset. asset=${action.asset}`);
  const { maxLeverage, onlyIsolated, coin } = market.spec;
  if (action.leverage < 1 || action.leverage > maxLeverage) return err('Invalid leverage value.');
  if (action.isCross && onlyIsolated) return err('Cross margin is not allowed for this asset.');
  const position = positionOf(account, market);
  if (!position.size.isZero() && action.isCross !== (position.isolatedRaw === null)) {
    return err('Cannot switch leverage type with open position.');
  }
  const before = account.leverage.get(coin);
  account.leverage.set(coin, { isolated: !action.isCross, value: action.leverage });
  if (
    !position.size.isZero() &&
    position.isolatedRaw === null &&
    availableMargin(world, account, dexOf(market)).isNegative()
  ) {
    if (before) account.leverage.set(coin, before);
    else account.leverage.delete(coin);
    return err('Insufficient margin to decrease leverage.');
  }
  touch(world, account);
  return done;
}

/** `ntli` is signed, in millionths of a quote unit. */
function updateIsolatedMargin(world: World, account: Account, action: ActionOf<'updateIsolatedMargin'>): ActionAnswer {
  const market = world.byAsset.get(action.asset);
  if (!market) return err(`Invalid asset. asset=${action.asset}`);
  const position = positionOf(account, market);
  if (position.isolatedRaw === null) return err('Position does not use isolated margin.');
  const amount = new Decimal(action.ntli).div(1_000_000);
  const raw = position.isolatedRaw.plus(amount);
  const value = raw.plus(position.size.times(markOf(market)));
  const needed = initialMargin(marginPosition(account, market, position));
  const lacking = amount.isPositive() ? amount.gt(availableMargin(world, account, dexOf(market))) : value.lt(needed);
  if (lacking) return err('Insufficient margin.');
  const sub = subOf(account, dexOf(market));
  sub.rawQuote = sub.rawQuote.minus(amount);
  sub.positions.set(market.spec.coin, { ...position, isolatedRaw: raw });
  touch(world, account);
  keepHistory(world, account);
  return done;
}

function scheduleCancel(world: World, account: Account, atMs: number | null): ActionAnswer {
  const problem = scheduledCancelProblem(account.scheduledTriggers, atMs, world.nowMs, account.traded.total);
  if (problem !== null) return err(problem);
  account.scheduledCancelAtMs = atMs;
  touch(world, account);
  return done;
}
