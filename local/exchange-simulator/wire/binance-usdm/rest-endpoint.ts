import { createHmac } from 'node:crypto';
import { dec } from '#shared/core/decimal.ts';
import type { Fault, FaultContext } from '../../faults/fault-script.ts';
import type { Account, World } from '../../venue/world.ts';
import type { WireRequest } from '../wire-protocol.ts';
import type { Reply } from '../with-faults.ts';
import {
  accountConfig,
  accountView,
  balanceView,
  incomeOf,
  leverageBrackets,
  positionRisks,
  symbolConfigs,
} from './account-answers.ts';
import { ApiError, missing } from './api-error.ts';
import { type ApiKey, apiKeyOf } from './api-keys.ts';
import {
  aggregateTrade,
  bookTicker,
  depth,
  exchangeInfo,
  klines,
  premiumIndex,
  tickerPrice,
} from './market-answers.ts';
import { cancelAllOf, cancelOne, idOf, newOrder, setLeverage, setMarginType } from './order-actions.ts';
import { orderBy, ordersOf, orderView, userTrade } from './order-answers.ts';
import { Parameters } from './parameters.ts';
import type { RateLimits } from './rate-limits.ts';

/** A request as its route sees it. */
export interface Call {
  readonly world: World;
  readonly parameters: Parameters;
  readonly faults: readonly Fault[];
}

export interface SignedCall extends Call {
  readonly account: Account;
  readonly signedAtMs: number;
  /** `timestamp` + `recvWindow`. */
  readonly expiresAtMs: number;
}

interface Route {
  /** What faults call it, for every protocol alike. */
  readonly type: string;
  readonly weight: number | ((parameters: Parameters) => number);
  readonly open?: (call: Call) => unknown;
  readonly signed?: (call: SignedCall) => unknown;
  readonly trades?: true;
}

const oneOrAll =
  (one: (world: World, market: World['markets'][number]) => unknown) =>
  ({ world, parameters }: Call) =>
    parameters.optional('symbol') === null
      ? world.markets.map((market) => one(world, market))
      : one(world, parameters.market(world));
const perSymbol = (one: number, all: number) => (parameters: Parameters) =>
  parameters.optional('symbol') === null ? all : one;
const klineWeight = (parameters: Parameters): number => {
  const limit = parameters.whole('limit') ?? 500;
  return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1_000 ? 5 : 10;
};
const lateBars = (faults: readonly Fault[]) =>
  new Set(faults.flatMap((fault) => (fault.kind === 'candle-late' ? [fault.openTimeMs] : [])));
const factorOf = (faults: readonly Fault[]) => {
  const wrong = faults.find((fault) => fault.kind === 'money-wrong');
  return dec(wrong?.kind === 'money-wrong' ? wrong.factor : 1);
};
const within = (parameters: Parameters) => {
  const [fromMs, toMs] = [parameters.whole('startTime') ?? 0, parameters.whole('endTime') ?? Number.MAX_SAFE_INTEGER];
  return ({ time }: { readonly time: number }) => time >= fromMs && time <= toMs;
};

/** Weights: docs/venues/binance-usdm.md. */
const ROUTES: Readonly<Record<string, Route>> = {
  'GET /fapi/v1/ping': { type: 'ping', weight: 1, open: () => ({}) },
  'GET /fapi/v1/time': { type: 'exchangeStatus', weight: 1, open: ({ world }) => ({ serverTime: world.nowMs }) },
  'GET /fapi/v1/exchangeInfo': { type: 'meta', weight: 1, open: ({ world }) => exchangeInfo(world) },
  'GET /fapi/v1/klines': {
    type: 'candleSnapshot',
    weight: klineWeight,
    open: ({ world, parameters, faults }) => klines(world, parameters, lateBars(faults)),
  },
  'GET /fapi/v1/premiumIndex': { type: 'metaAndAssetCtxs', weight: perSymbol(1, 10), open: oneOrAll(premiumIndex) },
  'GET /fapi/v1/ticker/bookTicker': { type: 'bbo', weight: perSymbol(2, 5), open: oneOrAll(bookTicker) },
  'GET /fapi/v2/ticker/price': { type: 'allMids', weight: perSymbol(1, 2), open: oneOrAll(tickerPrice) },
  'GET /fapi/v1/ticker/price': { type: 'allMids', weight: perSymbol(1, 2), open: oneOrAll(tickerPrice) },
  'GET /fapi/v1/depth': {
    type: 'l2Book',
    weight: 10,
    open: ({ world, parameters }) => depth(world, parameters.market(world), parameters.limit(1_000, 500)),
  },
  'GET /fapi/v1/aggTrades': {
    type: 'trades',
    weight: 20,
    open: ({ world, parameters }) => {
      const { tape } = parameters.market(world);
      return tape.filter(within(parameters)).slice(-parameters.limit(1_000, 500)).map(aggregateTrade);
    },
  },
  'GET /fapi/v1/accountConfig': {
    type: 'userAbstraction',
    weight: 5,
    signed: ({ account }) => accountConfig(account),
  },
  'GET /fapi/v1/symbolConfig': {
    type: 'activeAssetData',
    weight: 5,
    signed: ({ world, account, parameters }) => symbolConfigs(world, account, parameters.optional('symbol')),
  },
  'GET /fapi/v1/leverageBracket': {
    type: 'activeAssetData',
    weight: 1,
    signed: ({ world }) => leverageBrackets(world),
  },
  'GET /fapi/v1/positionSide/dual': {
    type: 'userAbstraction',
    weight: 30,
    signed: ({ account }) => ({ dualSidePosition: account.mode === 'hedge' }),
  },
  'GET /fapi/v1/multiAssetsMargin': {
    type: 'userAbstraction',
    weight: 30,
    signed: ({ account }) => ({ multiAssetsMargin: account.mode === 'multi-assets' }),
  },
  'GET /fapi/v3/account': {
    type: 'clearinghouseState',
    weight: 5,
    signed: ({ world, account, faults }) => accountView(world, account, factorOf(faults)),
  },
  'GET /fapi/v3/balance': {
    type: 'clearinghouseState',
    weight: 5,
    signed: ({ world, account }) => balanceView(world, account),
  },
  'GET /fapi/v3/positionRisk': {
    type: 'clearinghouseState',
    weight: 5,
    signed: ({ world, account, parameters }) => positionRisks(world, account, parameters.optional('symbol')),
  },
  'GET /fapi/v1/order': {
    type: 'orderStatus',
    weight: 1,
    signed: ({ world, account, parameters, faults }) => {
      const symbol = parameters.market(world).spec.coin;
      const order = orderBy(world, account, symbol, idOf(parameters));
      const hidden = faults.some((fault) => fault.kind === 'unknown-oid');
      if (!order || hidden) throw new ApiError(-2013, 'Order does not exist.');
      return orderView(order);
    },
  },
  'GET /fapi/v1/openOrders': {
    type: 'frontendOpenOrders',
    weight: perSymbol(1, 40),
    signed: ({ world, account, parameters }) =>
      ordersOf(world, account, parameters.optional('symbol'))
        .filter(({ status }) => status === 'open')
        .map(orderView),
  },
  'GET /fapi/v1/allOrders': {
    type: 'historicalOrders',
    weight: 5,
    signed: ({ world, account, parameters }) => {
      const fromId = parameters.whole('orderId') ?? 0;
      const orders = ordersOf(world, account, parameters.optional('symbol')).filter(({ oid }) => oid >= fromId);
      return orders.map(orderView).filter(within(parameters)).slice(-parameters.limit(1_000, 500));
    },
  },
  'GET /fapi/v1/userTrades': {
    type: 'userFillsByTime',
    weight: 5,
    signed: ({ account, world, parameters }) => {
      const { coin } = parameters.market(world).spec;
      const [fromId, fromMs] = [parameters.whole('fromId'), parameters.whole('startTime')];
      const limit = parameters.limit(1_000, 500);
      const fills = account.fills
        .filter((fill) => fill.coin === coin && fill.tid >= (fromId ?? 0) && within(parameters)(fill))
        .map(userTrade);
      return fromMs === null && fromId === null ? fills.slice(-limit) : fills.slice(0, limit);
    },
  },
  'GET /fapi/v1/income': {
    type: 'userNonFundingLedgerUpdates',
    weight: 30,
    signed: ({ world, account, parameters }) =>
      incomeOf(world, account, parameters.optional('symbol'), parameters.optional('incomeType'))
        .filter(within(parameters))
        .slice(0, parameters.limit(1_000, 100)),
  },
  'GET /fapi/v1/commissionRate': {
    type: 'userFees',
    weight: 20,
    signed: ({ world, parameters }) => {
      const { spec } = parameters.market(world);
      const { maker, taker } = spec.fees;
      return { symbol: spec.coin, makerCommissionRate: maker.toFixed(), takerCommissionRate: taker.toFixed() };
    },
  },
  'POST /fapi/v1/order': {
    type: 'order',
    weight: 0,
    trades: true,
    signed: ({ world, account, parameters, signedAtMs, expiresAtMs }) =>
      newOrder(world, account, parameters, signedAtMs, expiresAtMs),
  },
  'DELETE /fapi/v1/order': {
    type: 'cancelByCloid',
    weight: 1,
    trades: true,
    signed: ({ world, account, parameters }) => cancelOne(world, account, parameters),
  },
  'DELETE /fapi/v1/allOpenOrders': {
    type: 'cancel',
    weight: 1,
    trades: true,
    signed: ({ world, account, parameters }) => cancelAllOf(world, account, parameters),
  },
  'POST /fapi/v1/leverage': {
    type: 'updateLeverage',
    weight: 1,
    trades: true,
    signed: ({ world, account, parameters }) => setLeverage(world, account, parameters),
  },
  'POST /fapi/v1/marginType': {
    type: 'updateLeverage',
    weight: 1,
    trades: true,
    signed: ({ world, account, parameters }) => setMarginType(world, account, parameters),
  },
};

const routeOf = ({ method = 'GET', path }: WireRequest): Route | undefined => ROUTES[`${method} ${path}`];

/** As every protocol names it: reads are `/info`, what is signed to trade `/exchange`. */
export function faultContext(request: WireRequest): FaultContext {
  const route = routeOf(request);
  const headers = request.headers ?? {};
  const key = apiKeyOf(headers['x-mbx-apikey']);
  return {
    path: route?.trades ? '/exchange' : '/info',
    type: route?.type ?? '',
    user: key?.account,
    coin: new URLSearchParams(request.query ?? '').get('symbol') ?? undefined,
    observer: headers['x-observer-id'],
    userAgent: headers['user-agent'],
  };
}

const json = (value: unknown, limits: RateLimits): Reply => ({
  status: 200,
  body: JSON.stringify(value),
  headers: limits.headers(),
});

/** @throws ApiError for everything that a client can get wrong. */
export function answerRest(world: World, request: WireRequest, faults: readonly Fault[], limits: RateLimits): Reply {
  const route = routeOf(request);
  if (route === undefined) return { status: 404, body: '' };
  const parameters = new Parameters(request.query ?? '', request.body);
  limits.spend(typeof route.weight === 'number' ? route.weight : route.weight(parameters), world.nowMs);
  if (route.open) return json(withOddRow(route.open({ world, parameters, faults }), faults), limits);
  const key = keyOf(request, faults);
  const times = signedTimes(world, request, parameters, key);
  if (route.trades && !key.mayTrade) throw BAD_KEY();
  if (route.type === 'order') limits.order(world.nowMs);
  const account = world.accounts.get(key.account);
  if (!account || !route.signed) throw BAD_KEY();
  return json(withOddRow(route.signed({ world, parameters, faults, account, ...times }), faults), limits);
}

const withOddRow = (answer: unknown, faults: readonly Fault[]): unknown => {
  const odd = faults.flatMap((fault) => (fault.kind === 'odd-row' ? [fault.row] : []));
  return Array.isArray(answer) ? [...answer, ...odd] : answer;
};

const BAD_KEY = () => new ApiError(-2015, 'Invalid API-key, IP, or permissions for action.', 401);

function keyOf({ headers = {} }: WireRequest, faults: readonly Fault[]): ApiKey {
  const text = headers['x-mbx-apikey'];
  if (text === undefined) throw new ApiError(-2014, 'API-key format invalid.', 401);
  const key = apiKeyOf(text);
  if (key === undefined || faults.some((fault) => fault.kind === 'dead-agent')) throw BAD_KEY();
  return key;
}

/** The signature is of the bytes sent: query and body, joined without anything, up to `signature` itself. */
function signedTimes(world: World, { query = '', body }: WireRequest, parameters: Parameters, { secret }: ApiKey) {
  const signature = parameters.text('signature');
  const payload = `${query}${body}`.replace(/&?signature=[0-9a-fA-F]*$/, '');
  const wanted = createHmac('sha256', secret).update(payload).digest('hex');
  if (signature.toLowerCase() !== wanted) throw new ApiError(-1022, 'Signature for this request is not valid.');
  const signedAtMs = parameters.whole('timestamp');
  if (signedAtMs === null) throw missing('timestamp');
  const recvWindow = parameters.whole('recvWindow') ?? 5_000;
  if (recvWindow > 60_000) throw new ApiError(-1131, 'recvWindow must be less than 60000.');
  if (signedAtMs >= world.nowMs + 1_000) {
    throw new ApiError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
  }
  if (world.nowMs - signedAtMs > recvWindow) {
    world.counters.expired += 1;
    throw new ApiError(-1021, 'Timestamp for this request is outside of the recvWindow.');
  }
  return { signedAtMs, expiresAtMs: signedAtMs + recvWindow };
}
