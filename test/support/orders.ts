import type { Instrument } from '#shared/core/market/instrument.ts';
import { clientOrderId } from '#shared/core/orders/client-order-id.ts';
import type { ClientOrderId, EndStatus, Order, OrderIntent } from '#shared/core/orders/order.ts';
import type { VenueFill } from '#shared/ports/exchange.ts';
import type { OrderEnd } from '#shared/ports/repositories/orders-repository.ts';
import { anInstrument, lots } from './instruments.ts';

export const EXCHANGE = 'hyperliquid';
export const ACCOUNT = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
export const SYMBOL = 'BTC/USDC:USDC';
export const TAG = '0a1b2c3d';
export const T0 = 1_700_000_000_000;

export const instrument = (over: Partial<Instrument> = {}): Instrument =>
  anInstrument('BTC', { exchange: EXCHANGE, symbol: SYMBOL, ...lots(4), maxLeverage: 50, ...over });

/** An opening buy of 1 at 100, expiring after 30 s; its client order id follows from its epoch and leg. */
export function intent(over: Partial<OrderIntent> = {}): OrderIntent {
  const base = { exchange: EXCHANGE, account: ACCOUNT, symbol: SYMBOL, epoch: 0, leg: 0, ...over };
  return {
    clientOrderId: clientOrderId(TAG, base),
    decisionId: `decision-${base.symbol}-${base.epoch}`,
    orderClass: 'open',
    side: 'buy',
    size: '1',
    limitPrice: '100',
    timeInForce: 'Ioc',
    reduceOnly: false,
    createdAtMs: T0,
    expiresAtMs: T0 + 30_000,
    correlationId: 'corr-1',
    ...base,
  };
}

export const order = (over: Partial<Order> = {}): Order => ({
  ...intent(over),
  status: 'intent',
  venueOrderId: null,
  filledSize: '0',
  averagePrice: null,
  errorCode: null,
  errorMessage: null,
  sentAtMs: null,
  answeredAtMs: null,
  endedAtMs: null,
  venueEndedAtMs: null,
  ...over,
});

/** A buy of 1 at 100 from flat, of an order without a client order id. */
export const fill = (over: Partial<VenueFill> = {}): VenueFill => ({
  symbol: SYMBOL,
  tradeId: 'trade-1',
  venueOrderId: '77',
  clientOrderId: null,
  side: 'buy',
  price: '100',
  size: '1',
  fee: { amount: '0.045', currency: 'USDC' },
  feeQuote: '0.045',
  closedPnlQuote: '0',
  startPosition: '0',
  crossed: true,
  liquidation: false,
  venueTimeMs: T0,
  ...over,
});

/** An end of an order without a fill, that the venue never saw. */
export const orderEnd = (clientOrderId: ClientOrderId, status: EndStatus, over: Partial<OrderEnd> = {}): OrderEnd => ({
  clientOrderId,
  status,
  filledSize: '0',
  averagePrice: null,
  venueEndedAtMs: null,
  errorCode: null,
  errorMessage: null,
  ...over,
});
