import type { HttpMethod } from '../resilience/exchange-transport.ts';

interface UsdmRequest {
  readonly method: HttpMethod;
  readonly path: string;
  /** Against 2,400 a minute and address; docs/venues/binance-usdm.md has the pages. */
  readonly weight: number;
}

const get = (path: string, weight: number): UsdmRequest => ({ method: 'GET', path: `/fapi/${path}`, weight });
const post = (path: string, weight: number): UsdmRequest => ({ method: 'POST', path: `/fapi/${path}`, weight });

/** Every request that is made, by its name in metrics and errors. */
export const REQUESTS = {
  time: get('v1/time', 1),
  exchangeInfo: get('v1/exchangeInfo', 1),
  klines: get('v1/klines', 10),
  premiumIndex: get('v1/premiumIndex', 10),
  accountConfig: get('v1/accountConfig', 5),
  account: get('v3/account', 5),
  positionRisk: get('v3/positionRisk', 5),
  openOrders: get('v1/openOrders', 40),
  allOrders: get('v1/allOrders', 5),
  userTrades: get('v1/userTrades', 5),
  income: get('v1/income', 30),
  queryOrder: get('v1/order', 1),
  // Counted by the order limits, and not by weight.
  order: post('v1/order', 0),
  cancelOrder: { method: 'DELETE', path: '/fapi/v1/order', weight: 1 },
  leverage: post('v1/leverage', 1),
  marginType: post('v1/marginType', 1),
} as const satisfies Record<string, UsdmRequest>;
export type RequestName = keyof typeof REQUESTS;
export const CALLS: readonly string[] = Object.keys(REQUESTS);

/** Weight of candles by how many are asked for. */
export const klinesWeight = (limit: number): number => (limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1000 ? 5 : 10);
