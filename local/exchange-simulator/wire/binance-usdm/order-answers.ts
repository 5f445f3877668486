import { dec } from '#shared/core/decimal.ts';
import type { Account, SimOrder, WireFill, World } from '../../venue/world.ts';

/** Orders that the venue never took: they leave nothing behind. */
const isKnown = ({ status }: SimOrder): boolean => !/Rejected$/.test(status) || status === 'iocCancelRejected';

export const ordersOf = (world: World, account: Account, symbol: string | null): readonly SimOrder[] =>
  [...world.orders.values()].filter(
    (order) => order.user === account.spec.address && (symbol === null || order.coin === symbol) && isKnown(order),
  );

/** Of several orders with one client id: the newest. */
export const orderBy = (
  world: World,
  account: Account,
  symbol: string,
  id: { readonly orderId: number | null; readonly clientOrderId: string | null },
): SimOrder | undefined =>
  ordersOf(world, account, symbol).findLast(
    (order) => order.oid === id.orderId || (id.orderId === null && order.cloid === id.clientOrderId),
  );

/** What becomes of an IOC order's rest, and of one that a position's end took along, is an expiry; a cancel is the client's doing. */
export function statusOf({ status, filled, tif }: SimOrder): string {
  if (status === 'open') return filled.isZero() ? 'NEW' : 'PARTIALLY_FILLED';
  if (status === 'filled') return 'FILLED';
  return status === 'canceled' && tif !== 'Ioc' ? 'CANCELED' : 'EXPIRED';
}

const TIME_IN_FORCE = { Gtc: 'GTC', Ioc: 'IOC', Alo: 'GTX' } as const;

/** What placing and cancelling answer: without average price and quote since 2026-06-30. */
export const orderAck = (order: SimOrder) => ({
  clientOrderId: order.cloid ?? `web_${order.oid}`,
  cumQty: order.filled.toFixed(),
  executedQty: order.filled.toFixed(),
  orderId: order.oid,
  origQty: order.origSz.toFixed(),
  price: order.limitPx.toFixed(),
  reduceOnly: order.reduceOnly,
  side: order.side === 'buy' ? 'BUY' : 'SELL',
  positionSide: 'BOTH',
  status: statusOf(order),
  stopPrice: '0.00',
  closePosition: false,
  symbol: order.coin,
  timeInForce: TIME_IN_FORCE[order.tif as keyof typeof TIME_IN_FORCE],
  type: 'LIMIT',
  origType: 'LIMIT',
  updateTime: order.statusAtMs,
  workingType: 'CONTRACT_PRICE',
  priceProtect: false,
  priceMatch: 'NONE',
  selfTradePreventionMode: 'EXPIRE_MAKER',
  goodTillDate: 0,
});

/** What queries answer. */
export const orderView = (order: SimOrder) => ({
  ...orderAck(order),
  avgPrice: order.filled.isZero() ? '0.00000' : order.cost.div(order.filled).toFixed(8),
  cumQuote: order.cost.toFixed(8),
  time: order.acceptedAtMs,
});

/** Knows neither the client's id nor where the position stood. */
export const userTrade = (fill: WireFill) => ({
  symbol: fill.coin,
  id: fill.tid,
  orderId: fill.oid,
  side: fill.side === 'B' ? 'BUY' : 'SELL',
  price: fill.px,
  qty: fill.sz,
  realizedPnl: fill.closedPnl,
  quoteQty: dec(fill.px).times(fill.sz).toFixed(8),
  commission: fill.fee,
  commissionAsset: 'USDT',
  time: fill.time,
  positionSide: 'BOTH',
  maker: !fill.crossed,
  buyer: fill.side === 'B',
});
