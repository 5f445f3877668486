import { unifiedSymbol } from '#shared/adapters/exchange/hyperliquid/hyperliquid-symbols.ts';
import type { SimulatorOptions } from '../../simulator-options.ts';
import type { OpenWire } from '../wire-protocol.ts';
import { answerHttp } from './http-wire.ts';
import { SignerBook } from './l1-signature.ts';
import { marketSpecs } from './market-specs.ts';
import { SocketHub } from './socket-hub.ts';

/** Options of a simulator that is HyperLiquid. */
export const HYPERLIQUID_SIMULATOR: Pick<SimulatorOptions, 'markets' | 'symbolOf'> & { openWire: OpenWire } = {
  markets: marketSpecs(),
  symbolOf: unifiedSymbol,
  openWire: (parts) => openHyperliquidWire(parts),
};

/** HyperLiquid: `/info`, `/exchange` and the socket at `/ws`. */
export const openHyperliquidWire: OpenWire = ({ world, faults, after, testnet }) => {
  const signing = { source: testnet ? 'b' : 'a', signers: new SignerBook() } as const;
  const http: ReturnType<OpenWire>['http'] = (request) =>
    answerHttp(world(), (context) => faults.hits(context, world().nowMs), signing, request, after);
  const hub = new SocketHub(world, faults, {
    answer: (path, body, userAgent) => http({ path, body, headers: { 'user-agent': userAgent } }),
    after,
  });
  return {
    sockets: hub.sockets,
    socketPath: '/ws',
    http,
    acceptsSocket: (path) => path === '/ws',
    opened() {},
    message: (session, text) => hub.message(session, text),
    beforeFlush: () => hub.beforeFlush(),
    trade: (market, trade) => hub.trade(market, trade),
    fill: (user, fill) => hub.fill(user, fill),
    orderUpdate: (order) => hub.orderUpdate(order),
    funding: (user, payments) => hub.funding(user, payments),
    liquidation: (user, liquidation) => hub.liquidation(user, liquidation),
  };
};
