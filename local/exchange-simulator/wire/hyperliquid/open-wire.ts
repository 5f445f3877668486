import type { OpenWire } from '../wire-protocol.ts';
import { answerHttp } from './http-wire.ts';
import { SignerBook } from './l1-signature.ts';
import { SocketHub } from './socket-hub.ts';

/** HyperLiquid: `/info`, `/exchange` and the socket at `/ws`. */
export const openHyperliquidWire: OpenWire = ({ world, faults, after, testnet }) => {
  const signing = { source: testnet ? 'b' : 'a', signers: new SignerBook() } as const;
  const http: ReturnType<OpenWire>['http'] = (request) =>
    answerHttp(
      world(),
      (context) => faults.hits(context, world().nowMs),
      signing,
      request,
      (late) => after(late.delayMs, late.run),
    );
  const hub = new SocketHub(world, faults, {
    answer: (path, body, userAgent) => http({ path, body, headers: { 'user-agent': userAgent } }),
    after,
  });
  return {
    sockets: hub.sockets,
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
