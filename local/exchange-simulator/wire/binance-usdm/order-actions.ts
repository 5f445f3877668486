import { Decimal, dec } from '#shared/core/decimal.ts';
import { roundPrice } from '#shared/core/market/tick-rules.ts';
import type { TimeInForce } from '#shared/core/orders/order.ts';
import { cancelOrder, placeOrder, type RefusalCode } from '../../venue/account-orders.ts';
import { touch } from '../../venue/clearing.ts';
import {
  type Account,
  leverageOf,
  type MarketState,
  markOf,
  positionOf,
  type SimOrder,
  type World,
} from '../../venue/world.ts';
import { ApiError, missing } from './api-error.ts';
import { orderAck, orderBy, ordersOf } from './order-answers.ts';
import type { Parameters } from './parameters.ts';

const CLIENT_ID = /^[.A-Z:/a-z0-9_-]{1,36}$/;
/** `marketTakeBound`. */
const MARKET_BOUND = new Decimal('0.05');
const IN_FORCE: Readonly<Record<string, TimeInForce>> = { GTC: 'Gtc', IOC: 'Ioc', GTX: 'Alo' };

/** https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code */
const REFUSED: Readonly<Record<Exclude<RefusalCode, 'no-match'>, readonly [code: number, message: string]>> = {
  'zero-size': [-4003, 'Quantity less than or equal to zero.'],
  lot: [-1111, 'Precision is over the maximum defined for this asset.'],
  tick: [-4014, 'Price not increased by tick size.'],
  'too-far': [-4016, "Limit price can't be higher than allowed."],
  minimum: [-4164, "Order's notional must be no smaller than the minimum (unless you choose reduce only)."],
  'reduce-only': [-2022, 'ReduceOnly Order is rejected.'],
  'would-match': [-5022, 'Due to the order could not be executed as maker, the Post Only order will be rejected.'],
  margin: [-2019, 'Margin is insufficient.'],
  'duplicate-cloid': [-4116, 'ClientOrderId is duplicated.'],
  'builder-fee': [-1000, 'An unknown error occurred while processing the request.'],
  'too-many-open': [-2025, 'Reach max open order limit.'],
  'not-open': [-2011, 'Unknown order sent.'],
};

/** `POST /fapi/v1/order` for LIMIT and MARKET. */
export function newOrder(
  world: World,
  account: Account,
  parameters: Parameters,
  signedAtMs: number,
  expiresAtMs: number,
) {
  const market = parameters.market(world);
  const type = parameters.oneOf('type', ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT'], 'LIMIT');
  if (type !== 'LIMIT' && type !== 'MARKET') {
    throw new ApiError(
      -4120,
      'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.',
    );
  }
  checkPositionSide(account, parameters);
  const side = parameters.oneOf('side', ['BUY', 'SELL'], 'BUY') === 'BUY' ? 'buy' : 'sell';
  const size = parameters.number('quantity');
  const cloid = parameters.optional('newClientOrderId');
  if (cloid !== null && !CLIENT_ID.test(cloid)) {
    throw new ApiError(-4015, 'Client order id length should be less than 36 chars');
  }
  const limitPx = type === 'LIMIT' ? parameters.number('price') : marketPrice(market, side);
  const tif = type === 'LIMIT' ? IN_FORCE[parameters.text('timeInForce')] : 'Ioc';
  if (tif === undefined) throw new ApiError(-1115, 'Invalid timeInForce.');
  const wanted = parameters.oneOf('reduceOnly', ['true', 'false'], 'false') === 'true';
  // An order that closes more than there is is cut to the position, as the venue does.
  const reduceOnly = wanted;
  const holder = cloid === null ? undefined : world.byCloid.get(`${account.spec.address} ${cloid}`);
  const answer = placeOrder(world, account, {
    market,
    side,
    size,
    limitPx,
    tif,
    reduceOnly,
    cloid,
    nonce: signedAtMs,
    expiresAfter: expiresAtMs,
    origin: 'api',
    builder: null,
    // Ids are unique among open orders only.
    ...(holder && holder.status !== 'open' ? { replaces: holder } : {}),
  });
  if (!('error' in answer)) {
    const oid = 'filled' in answer ? answer.filled.oid : answer.resting.oid;
    return answered(world.orders.get(oid) as SimOrder, parameters);
  }
  const { code } = answer;
  // An IOC order without a match is an order: it is taken, and expires.
  if (code === 'no-match') return answered(newestOf(world, account), parameters);
  const [number, message] = REFUSED[code];
  throw new ApiError(number, message);
}

const newestOf = (world: World, account: Account): SimOrder => ordersOf(world, account, null).at(-1) as SimOrder;

/** An ACK says NEW whatever became of the order. */
function answered(order: SimOrder, parameters: Parameters) {
  const view = orderAck(order);
  if (parameters.oneOf('newOrderRespType', ['ACK', 'RESULT'], 'ACK') === 'RESULT') return view;
  return { ...view, status: 'NEW', executedQty: '0', cumQty: '0' };
}

const marketPrice = (market: MarketState, side: 'buy' | 'sell'): Decimal =>
  dec(
    roundPrice(
      markOf(market).times(side === 'buy' ? MARKET_BOUND.plus(1) : MARKET_BOUND.neg().plus(1)),
      market.spec.priceRule,
      'nearest',
    ),
  );

function checkPositionSide(account: Account, parameters: Parameters): void {
  const positionSide = parameters.optional('positionSide') ?? 'BOTH';
  if ((positionSide === 'BOTH') === (account.mode === 'hedge')) {
    throw new ApiError(-4061, "Order's position side does not match user's setting.");
  }
}

export const idOf = (parameters: Parameters) => {
  const orderId = parameters.whole('orderId');
  const clientOrderId = parameters.optional('origClientOrderId');
  if (orderId === null && clientOrderId === null) throw missing('orderId');
  return { orderId, clientOrderId };
};

export function cancelOne(world: World, account: Account, parameters: Parameters) {
  const market = parameters.market(world);
  const order = orderBy(world, account, market.spec.coin, idOf(parameters));
  if (!cancelOrder(world, order)) throw new ApiError(-2011, 'Unknown order sent.');
  return orderAck(order as SimOrder);
}

export function cancelAllOf(world: World, account: Account, parameters: Parameters) {
  const market = parameters.market(world);
  for (const order of [...market.resting]) {
    if (order.user === account.spec.address) cancelOrder(world, order);
  }
  return { code: 200, msg: 'The operation of cancel all open order is done.' };
}

export function setLeverage(world: World, account: Account, parameters: Parameters) {
  const market = parameters.market(world);
  const value = parameters.whole('leverage');
  if (value === null) throw missing('leverage');
  if (value < 1 || value > market.spec.maxLeverage) throw new ApiError(-4028, `Leverage ${value} is not valid`);
  account.leverage.set(market.spec.coin, { isolated: leverageOf(account, market).isolated, value });
  touch(world, account);
  return { leverage: value, maxNotionalValue: '1000000', symbol: market.spec.coin };
}

export function setMarginType(world: World, account: Account, parameters: Parameters) {
  const market = parameters.market(world);
  const isolated = parameters.oneOf('marginType', ['ISOLATED', 'CROSSED'], 'CROSSED') === 'ISOLATED';
  const { isolated: was, value } = leverageOf(account, market);
  if (was === isolated) throw new ApiError(-4046, 'No need to change margin type.');
  if (!positionOf(account, market).size.isZero()) {
    throw new ApiError(-4048, 'Margin type cannot be changed if there exists position.');
  }
  account.leverage.set(market.spec.coin, { isolated, value });
  touch(world, account);
  return { code: 200, msg: 'success' };
}
