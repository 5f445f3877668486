import { Decimal, decimalText, ZERO } from '#shared/core/decimal.ts';
import { matchOrder, type OrderRefusalCode, type OrderRequest } from '#shared/core/matching/match-order.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { RejectionCode } from '#shared/core/orders/refusal-codes.ts';
import type { SubmitOutcome, VenueOrderStatus } from '#shared/ports/exchange.ts';
import {
  applyExecution,
  bookOf,
  cancelOrphans,
  isOpen,
  lacksMargin,
  nextId,
  type PaperDesk,
  type PaperMarket,
  type PaperOrder,
  positionOf,
  rulesOf,
  setStatus,
} from './paper-desk.ts';

export interface PaperRequest extends OrderRequest {
  readonly clientOrderId: ClientOrderId;
  readonly symbol: string;
}

/** As on HyperLiquid. */
const OPEN_ORDERS_MAX = 1_000;

/** Our code of a refusal, and HyperLiquid's word for the order that it then remembers. */
const REFUSALS: Readonly<Record<OrderRefusalCode | 'margin', readonly [code: RejectionCode, venueStatus: string]>> = {
  'zero-size': ['lot-size', 'rejected'],
  lot: ['lot-size', 'rejected'],
  tick: ['tick-size', 'tickRejected'],
  'too-far': ['price-too-far', 'oracleRejected'],
  minimum: ['min-notional', 'minTradeNtlRejected'],
  'reduce-only': ['reduce-only-would-increase', 'reduceOnlyRejected'],
  'would-match': ['post-only-would-match', 'badAloPxRejected'],
  'no-match': ['ioc-no-match', 'iocCancelRejected'],
  margin: ['insufficient-margin', 'perpMarginRejected'],
};

const CODES = new Map(Object.values(REFUSALS).map(([code, venueStatus]) => [venueStatus, code]));

/** Our code for why a paper order ended, from the word that is stored with it; undefined for one that says no more than its status. */
export const endCodeOf = (venueStatus: string): string | undefined =>
  venueStatus === 'canceled' ? 'cancelled' : CODES.get(venueStatus);

const rejected = (code: RejectionCode, message: string): SubmitOutcome => ({ kind: 'rejected', code, message });

/** Accepts or refuses one order against the book of the moment, and executes what matches at once. */
export function placeOrder(desk: PaperDesk, request: PaperRequest): SubmitOutcome {
  const market = desk.markets.get(request.symbol);
  if (!market) return rejected('configuration', `the paper venue has no instrument ${request.symbol}`);
  if (!market.isActive) return rejected('not-tradable', `${request.symbol} is not traded`);
  if (market.markPrice === null) return rejected('not-tradable', `no price of ${request.symbol} was stored yet`);
  if (desk.resting.filter(isOpen).length >= OPEN_ORDERS_MAX) {
    return rejected('too-many-open-orders', `more than ${OPEN_ORDERS_MAX} open orders`);
  }
  const held = positionOf(desk, request.symbol).size;
  const result = matchOrder(request, rulesOf(market), held, market.markPrice, bookOf(desk, market));
  if (result.kind === 'refused') return refuse(desk, request, result.refusal.code, result.refusal.message);
  const price = request.timeInForce === 'Ioc' ? market.markPrice : request.limitPrice;
  if (lacksMargin(desk, market, request, request.size, price)) {
    return refuse(desk, request, 'margin', 'insufficient margin to place the order');
  }
  return accept(desk, market, request, result);
}

type Accepted = Extract<ReturnType<typeof matchOrder>, { kind: 'accepted' }>;

function accept(desk: PaperDesk, market: PaperMarket, request: PaperRequest, match: Accepted): SubmitOutcome {
  const order = newOrder(desk, request, 'open', 'open');
  let cost = ZERO;
  for (const execution of match.executions) {
    applyExecution(desk, market, order, execution, { matchedTradeId: null, liquidation: false });
    cost = cost.plus(execution.price.times(execution.size));
  }
  if (isOpen(order) && match.resting.isZero()) setStatus(desk, order, 'cancelled', 'canceled');
  if (match.executions.length > 0) cancelOrphans(desk, order.symbol);
  const { venueOrderId, filled } = order;
  return {
    kind: 'accepted',
    venueOrderId,
    state: filled.isZero() ? 'resting' : 'filled',
    filledSize: decimalText(filled),
    averagePrice: filled.isZero() ? null : decimalText(cost.div(filled).toSignificantDigits(17)),
  };
}

/** A refused order is remembered: its id is used up, and whoever asks for it learns why. */
function refuse(
  desk: PaperDesk,
  request: PaperRequest,
  refusal: keyof typeof REFUSALS,
  message: string,
): SubmitOutcome {
  const [code, venueStatus] = REFUSALS[refusal];
  newOrder(desk, request, 'rejected', venueStatus);
  return rejected(code, message);
}

function newOrder(
  desk: PaperDesk,
  request: Omit<PaperRequest, 'clientOrderId'> & { readonly clientOrderId: ClientOrderId | null },
  status: VenueOrderStatus,
  venueStatus: string,
): PaperOrder {
  const { clientOrderId, symbol, side, size, limitPrice, timeInForce, reduceOnly } = request;
  const order: PaperOrder = {
    venueOrderId: nextId(desk),
    clientOrderId,
    symbol,
    side,
    size,
    limitPrice,
    timeInForce,
    reduceOnly,
    acceptedAtMs: desk.nowMs,
    filled: ZERO,
    status,
    venueStatus,
    statusAtMs: desk.nowMs,
  };
  desk.changedOrders.add(order);
  return order;
}

/** Closes a position at the mark in the venue's own name. */
export function liquidate(desk: PaperDesk, market: PaperMarket, markPrice: Decimal): void {
  const { size } = positionOf(desk, market.symbol);
  const order = newOrder(
    desk,
    {
      clientOrderId: null,
      symbol: market.symbol,
      side: size.isPositive() ? 'sell' : 'buy',
      size: size.abs(),
      limitPrice: markPrice,
      timeInForce: 'Ioc',
      reduceOnly: true,
    },
    'open',
    'open',
  );
  const execution = { price: markPrice, size: Decimal.abs(size), maker: false };
  applyExecution(desk, market, order, execution, { matchedTradeId: null, liquidation: true });
}
