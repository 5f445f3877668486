import type { SimOrder, World } from '../../venue/world.ts';
import { wireDecimal } from '../../wire-number.ts';

const MAX_ROWS = 2_000;

/** The short form of `openOrders` and `orderUpdates`. */
export const wireOrder = (order: SimOrder) => ({
  coin: order.coin,
  side: order.side === 'buy' ? 'B' : 'A',
  limitPx: wireDecimal(order.limitPx),
  sz: wireDecimal(order.remaining),
  oid: order.oid,
  timestamp: order.acceptedAtMs,
  origSz: wireDecimal(order.origSz),
  ...(order.reduceOnly ? { reduceOnly: true } : {}),
  ...(order.cloid === null ? {} : { cloid: order.cloid }),
});

/** The long form of `frontendOpenOrders` and `orderStatus`. */
export const frontendOrder = (order: SimOrder) => ({
  ...wireOrder(order),
  triggerCondition: 'N/A',
  isTrigger: false,
  triggerPx: '0.0',
  children: [],
  isPositionTpsl: false,
  reduceOnly: order.reduceOnly,
  orderType: 'Limit',
  tif: order.tif,
  cloid: order.cloid,
});

const statusOf = (order: SimOrder) => ({
  order: frontendOrder(order),
  status: order.status,
  statusTimestamp: order.statusAtMs,
});

export function openOrders(world: World, user: string, dex: string): SimOrder[] {
  return world.markets
    .filter((market) => (market.spec.dex ?? '') === dex)
    .flatMap((market) => [...market.resting].filter((order) => order.user === user))
    .sort((a, b) => b.oid - a.oid);
}

/** `isHidden`: a fault lets the venue not know the order. */
export function orderStatus(world: World, user: string, oid: number | string | undefined, isHidden: boolean): unknown {
  const found =
    typeof oid === 'string' && oid.startsWith('0x')
      ? world.byCloid.get(`${user} ${oid.toLowerCase()}`)
      : world.orders.get(Number(oid));
  if (!found || found.user !== user || isHidden) return { status: 'unknownOid' };
  return { status: 'order', order: statusOf(found) };
}

/**
 * A row for each status that an order had, newest first: an accepted one was open, whole, before anything else. The order that it
 * was is shown with what was left of it then.
 */
export function historicalOrders(world: World, user: string): unknown[] {
  const own = [...world.orders.values()].filter((order) => order.user === user).slice(-MAX_ROWS);
  const rows = own.flatMap((order) => {
    const last = statusOf(order);
    if (order.status === 'open' || order.status.endsWith('Rejected')) return [last];
    const opened = { ...last.order, sz: wireDecimal(order.origSz) };
    return [{ order: opened, status: 'open', statusTimestamp: order.acceptedAtMs }, last];
  });
  return rows
    .map((row, i) => ({ row, i }))
    .sort((a, b) => b.row.statusTimestamp - a.row.statusTimestamp || b.i - a.i)
    .slice(0, MAX_ROWS)
    .map(({ row }) => row);
}
