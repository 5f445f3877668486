import type { SimulatorOptions } from '../../simulator-options.ts';
import { Sockets } from '../sockets.ts';
import type { OpenWire, WireRequest } from '../wire-protocol.ts';
import { type FaultWords, type Reply, withFaults } from '../with-faults.ts';
import { ApiError, replyOf } from './api-error.ts';
import { apiKeyOf } from './api-keys.ts';
import { usdmMarketSpecs } from './market-specs.ts';
import { RateLimits } from './rate-limits.ts';
import { answerRest, faultContext } from './rest-endpoint.ts';
import { listenKeyOf, Streams } from './streams.ts';

const LISTEN_KEY = '/fapi/v1/listenKey';

/** A fault's refusal names the number, as in `-2019 Margin is insufficient.`; without one it is "new order rejected". */
function refusal(text: string): Reply {
  const [, code = '-2010', message = text] = /^(-\d{4})\s+(.*)$/.exec(text) ?? [];
  return replyOf(new ApiError(Number(code), message));
}

const UNKNOWN = 'Unknown error, please check your request or try again later.';
const WORDS: Omit<FaultWords, 'refused'> = {
  limited: replyOf(new ApiError(-1003, 'Too many requests; current limit of IP is 2400 requests per minute.', 429)),
  failed: (status) => replyOf(new ApiError(-1000, UNKNOWN, status)),
};

/** Binance USD-M: REST below `/fapi`, streams below `/public`, `/market` and `/private`. */
export const openUsdmWire: OpenWire = ({ world, faults, after }) => {
  const limits = new RateLimits();
  const sockets = new Sockets(world, faults, Number.POSITIVE_INFINITY);
  const streams = new Streams(world, sockets);
  const answered = (request: WireRequest, hits: ReturnType<typeof faults.hits>): Reply => {
    try {
      if (request.path === LISTEN_KEY) return listenKey(request);
      return answerRest(world(), request, hits, limits);
    } catch (error) {
      if (error instanceof ApiError) return replyOf(error);
      throw error;
    }
  };
  return {
    sockets,
    socketPath: '',
    http(request) {
      const context = faultContext(request);
      const hits = faults.hits(context, world().nowMs);
      const refused: FaultWords['refused'] = ({ text }) => (context.path === '/exchange' ? refusal(text) : null);
      return withFaults(hits, () => answered(request, hits), { ...WORDS, refused }, after);
    },
    acceptsSocket: (path) => /^\/((public|market|private)\/)?(ws|stream)(\/|$)/.test(path),
    opened: (session, url) => streams.opened(session, url),
    message: (session, text) => streams.message(session, text),
    beforeFlush() {},
    trade: (market, trade) => streams.trade(market, trade),
    fill: (user, fill) => streams.fill(user, fill),
    orderUpdate: (order) => streams.orderUpdate(order),
    funding() {},
    liquidation() {},
  };
};

/** Needs the key, and no signature. */
function listenKey({ headers = {} }: WireRequest): Reply {
  const key = apiKeyOf(headers['x-mbx-apikey']);
  if (key === undefined) throw new ApiError(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
  return { status: 200, body: JSON.stringify({ listenKey: listenKeyOf(key.account) }) };
}

/** Options of a simulator that is Binance USD-M. */
export const USDM_SIMULATOR: Pick<SimulatorOptions, 'markets' | 'symbolOf' | 'openWire'> = {
  markets: usdmMarketSpecs(),
  symbolOf: (venueSymbol) => `${venueSymbol.replace(/USDT$/, '')}/USDT:USDT`,
  openWire: openUsdmWire,
};
