import * as z from 'zod';
import { Decimal, dec, isDecimalText } from '#shared/core/decimal.ts';
import { initialMargin } from '#shared/core/matching/margin.ts';
import { availableMargin, keepHistory, marginPosition, touch } from '../venue/clearing.ts';
import { cancelOrder, type OrderAnswer, placeOrder } from '../venue/order-desk.ts';
import { scheduledCancelProblem } from '../venue/scheduled-cancel.ts';
import { type Account, dexOf, markOf, positionOf, subOf, type World } from '../venue/world.ts';

const MAX_BATCH = 1_000;
const assetId = z.number().int().min(0);
const cloid = z.string().regex(/^0x[0-9a-fA-F]{32}$/);
const decimalWire = z.string().refine(isDecimalText);

const orderAction = z.looseObject({
  type: z.literal('order'),
  orders: z
    .array(
      z.strictObject({
        a: assetId,
        b: z.boolean(),
        p: decimalWire,
        s: decimalWire,
        r: z.boolean(),
        t: z.strictObject({ limit: z.strictObject({ tif: z.enum(['Alo', 'Ioc', 'Gtc']) }) }),
        c: cloid.nullish(),
      }),
    )
    .min(1)
    .max(MAX_BATCH),
  grouping: z.literal('na'),
  builder: z.looseObject({ b: z.string() }).optional(),
});
const actionSchema = z.discriminatedUnion('type', [
  orderAction,
  z.looseObject({
    type: z.literal('cancel'),
    cancels: z
      .array(z.strictObject({ a: assetId, o: z.number().int() }))
      .min(1)
      .max(MAX_BATCH),
  }),
  z.looseObject({
    type: z.literal('cancelByCloid'),
    cancels: z
      .array(z.strictObject({ asset: assetId, cloid }))
      .min(1)
      .max(MAX_BATCH),
  }),
  z.looseObject({
    type: z.literal('updateLeverage'),
    asset: assetId,
    isCross: z.boolean(),
    leverage: z.number().int(),
  }),
  z.looseObject({
    type: z.literal('updateIsolatedMargin'),
    asset: assetId,
    isBuy: z.boolean(),
    ntli: z.number().int(),
  }),
  z.looseObject({ type: z.literal('scheduleCancel'), time: z.number().int().nullish() }),
  z.looseObject({ type: z.literal('noop') }),
]);
type Action = z.infer<typeof actionSchema>;

export type ActionAnswer =
  | { readonly kind: 'ok'; readonly response: unknown }
  | { readonly kind: 'err'; readonly text: string }
  | { readonly kind: 'unreadable' };

const done: ActionAnswer = { kind: 'ok', response: { type: 'default' } };
const err = (text: string): ActionAnswer => ({ kind: 'err', text });

/** Executes one signed action of an account. */
export function answerAction(
  world: World,
  account: Account,
  raw: unknown,
  envelope: { readonly nonce: number; readonly expiresAfter: number | null },
): ActionAnswer {
  const parsed = actionSchema.safeParse(raw);
  if (!parsed.success) return { kind: 'unreadable' };
  const action = parsed.data;
  switch (action.type) {
    case 'order': {
      const statuses = action.orders.map((order) => place(world, account, action, order, envelope));
      return { kind: 'ok', response: { type: 'order', data: { statuses } } };
    }
    case 'cancel': {
      const statuses = action.cancels.map(({ a, o }) => cancelOne(world, account, a, world.orders.get(o)));
      return { kind: 'ok', response: { type: 'cancel', data: { statuses } } };
    }
    case 'cancelByCloid': {
      const statuses = action.cancels.map((cancel) => {
        const key = `${account.spec.address} ${cancel.cloid.toLowerCase()}`;
        return cancelOne(world, account, cancel.asset, world.byCloid.get(key));
      });
      return { kind: 'ok', response: { type: 'cancel', data: { statuses } } };
    }
    case 'updateLeverage':
      return updateLeverage(world, account, action);
    case 'updateIsolatedMargin':
      return updateIsolatedMargin(world, account, action);
    case 'scheduleCancel':
      return scheduleCancel(world, account, action.time ?? null);
    case 'noop':
      return done;
  }
}

type OrderAction = Extract<Action, { type: 'order' }>;

function place(
  world: World,
  account: Account,
  action: OrderAction,
  order: OrderAction['orders'][number],
  envelope: { readonly nonce: number; readonly expiresAfter: number | null },
): OrderAnswer {
  const market = world.byAsset.get(order.a);
  if (!market) return { error: `Invalid asset. asset=${order.a}` };
  return placeOrder(world, account, {
    market,
    side: order.b ? 'buy' : 'sell',
    size: dec(order.s),
    limitPx: dec(order.p),
    tif: order.t.limit.tif,
    reduceOnly: order.r,
    cloid: order.c?.toLowerCase() ?? null,
    nonce: envelope.nonce,
    expiresAfter: envelope.expiresAfter,
    origin: 'api',
    builder: action.builder?.b ?? null,
  });
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

function updateLeverage(
  world: World,
  account: Account,
  action: Extract<Action, { type: 'updateLeverage' }>,
): ActionAnswer {
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
function updateIsolatedMargin(
  world: World,
  account: Account,
  action: Extract<Action, { type: 'updateIsolatedMargin' }>,
): ActionAnswer {
  const market = world.byAsset.get(action.asset);
  if (!market) return err(`Invalid asset. asset=${action.asset}`);
  const position = positionOf(account, market);
  if (position.isolatedRaw === null) return err('Cannot update margin of a position that is not isolated.');
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
  const problem = atMs === null ? null : scheduledCancelProblem(account.scheduledTriggers, atMs, world.nowMs);
  if (problem !== null) return err(problem);
  account.scheduledCancelAtMs = atMs;
  touch(world, account);
  return done;
}
