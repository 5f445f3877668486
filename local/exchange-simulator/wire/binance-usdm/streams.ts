import { createHmac } from 'node:crypto';
import type { Publisher } from '../../venue/publisher.ts';
import {
  type MarketState,
  markOf,
  type SimOrder,
  type WireFill,
  type WireTrade,
  type World,
} from '../../venue/world.ts';
import type { SocketSession } from '../socket-session.ts';
import type { Sockets } from '../sockets.ts';
import { aggregateTrade, bookTicker, premiumIndex } from './market-answers.ts';
import { orderAck, statusOf } from './order-answers.ts';

/** Streams of each path; one asked for on another is acknowledged, and silent. */
const KINDS = {
  public: ['bookTicker', 'trade'],
  market: ['aggTrade', 'markPrice', 'markPrice@1s', 'kline_1m'],
  private: [],
} as const;
type Path = keyof typeof KINDS;
const MARK_MS = 1_000;
const KLINE_MS = 250;
const STREAMS_MAX = 1_024;
const MESSAGES_PER_SECOND = 10;

interface Session {
  readonly path: Path;
  /** `/stream` wraps as `{stream, data}`, `/ws` does not. */
  readonly wrapped: boolean;
  readonly messages: number[];
}

const keyOf = (stream: string, wrapped: boolean): string => `${wrapped ? 'wrapped' : 'raw'} ${stream}`;

/** Socket of Binance USD-M: https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams */
export class Streams implements Pick<Publisher, 'trade' | 'fill' | 'orderUpdate'> {
  readonly #world: () => World;
  readonly #sockets: Sockets;
  readonly #sessions = new WeakMap<SocketSession, Session>();

  constructor(world: () => World, sockets: Sockets) {
    this.#world = world;
    this.#sockets = sockets;
  }

  /** `/market/ws`, `/public/stream?streams=a/b`, `/private/ws/<listenKey>`; without a path it is public. */
  opened(session: SocketSession, url: string): void {
    const [path = '', query = ''] = url.split('?');
    const [, first = '', ...rest] = path.split('/');
    const kind: Path = first in KINDS ? (first as Path) : 'public';
    const form = first in KINDS ? (rest[0] ?? 'ws') : first;
    const own: Session = { path: kind, wrapped: form === 'stream', messages: [] };
    this.#sessions.set(session, own);
    const named = new URLSearchParams(query);
    const listenKey = named.get('listenKey') ?? (kind === 'private' ? rest[1] : undefined);
    if (listenKey) this.#sockets.listen(session, `user ${listenKey}`, { listenKey });
    const streams = named.get('streams')?.split('/') ?? (kind === 'private' ? [] : rest.slice(1));
    for (const stream of streams) this.#listen(session, own, stream);
  }

  message(session: SocketSession, text: string): void {
    const own = this.#sessions.get(session);
    if (own === undefined) return;
    const nowMs = this.#world().nowMs;
    while (own.messages[0] !== undefined && own.messages[0] <= nowMs - 1_000) own.messages.shift();
    own.messages.push(nowMs);
    if (own.messages.length > MESSAGES_PER_SECOND) {
      this.#sockets.close(session, 1008, 'Too many requests');
      return;
    }
    const request = parse(text);
    if (request === null) {
      this.#sockets.close(session, 1008, 'Invalid JSON');
      return;
    }
    const { id, method } = request;
    const streams = Array.isArray(request.params) ? request.params.map(String) : [];
    const answer = (rest: object) => this.#sockets.send(session, 'response', { ...rest, id });
    if (method === 'LIST_SUBSCRIPTIONS')
      answer({ result: [...session.subscriptions.keys()].map((k) => k.split(' ')[1]) });
    else if (method !== 'SUBSCRIBE' && method !== 'UNSUBSCRIBE') {
      answer({ error: { code: 2, msg: 'Invalid request: unknown method' } });
    } else if (streams.some((stream) => this.#sockets.refuses(session, coinOf(stream)))) {
      answer({ error: { code: 2, msg: `Invalid request: invalid stream ${streams[0]}` } });
    } else if (session.subscriptions.size + streams.length > STREAMS_MAX && method === 'SUBSCRIBE') {
      answer({ error: { code: 2, msg: 'Invalid request: too many streams' } });
    } else {
      for (const stream of streams) {
        if (method === 'SUBSCRIBE') this.#listen(session, own, stream);
        else this.#sockets.unlisten(session, keyOf(stream, own.wrapped));
      }
      answer({ result: null });
    }
  }

  #listen(session: SocketSession, own: Session, stream: string): void {
    const kind = stream.slice(stream.indexOf('@') + 1);
    // What another path carries is acknowledged and never comes.
    const key = (KINDS[own.path] as readonly string[]).includes(kind) ? keyOf(stream, own.wrapped) : `silent ${stream}`;
    this.#sockets.listen(session, key, { stream });
  }

  trade(market: MarketState, trade: WireTrade): void {
    const world = this.#world();
    const { coin } = market.spec;
    const name = coin.toLowerCase();
    const head = { E: world.nowMs, s: coin };
    const to = (stream: string, everyMs: number, make: () => object) => {
      const full = `${name}@${stream}`;
      this.#sockets.broadcast(stream, keyOf(full, false), coin, everyMs, make);
      this.#sockets.broadcast(stream, keyOf(full, true), coin, everyMs, () => ({ stream: full, data: make() }));
    };
    to('aggTrade', 0, () => ({ e: 'aggTrade', ...head, ...aggregateTrade(trade) }));
    to('trade', 0, () => ({
      ...{
        e: 'trade',
        ...head,
        t: trade.tid,
        p: trade.px,
        q: trade.sz,
        T: trade.time,
        X: 'MARKET',
        m: trade.side === 'A',
      },
    }));
    to('bookTicker', 0, () => {
      const { bidPrice: b, bidQty: B, askPrice: a, askQty: A, lastUpdateId: u } = bookTicker(world, market);
      return { e: 'bookTicker', u, ...head, b, B, a, A, T: world.nowMs };
    });
    const mark = () => {
      const { markPrice: p, indexPrice: i, lastFundingRate: r, nextFundingTime: T } = premiumIndex(world, market);
      return { e: 'markPriceUpdate', ...head, p, ap: p, i, P: p, r, T };
    };
    to('markPrice', 3 * MARK_MS, mark);
    to('markPrice@1s', MARK_MS, mark);
    to('kline_1m', KLINE_MS, () => {
      const bar = market.candles.running('1m');
      if (bar === null) return { e: 'kline', ...head };
      const { t, T, o, h, l, c, v, n } = market.candles.wire('1m', bar);
      return { e: 'kline', ...head, k: { t, T, s: coin, i: '1m', o, h, l, c, v, n, x: false, q: '0', V: '0', Q: '0' } };
    });
  }

  fill(user: string, fill: WireFill): void {
    const order = this.#world().orders.get(fill.oid);
    if (order !== undefined) this.#toUser(user, this.#update(order, 'TRADE', fill));
  }

  orderUpdate(order: SimOrder): void {
    const word = { NEW: 'NEW', CANCELED: 'CANCELED', EXPIRED: 'EXPIRED' }[statusOf(order)];
    if (word !== undefined) this.#toUser(order.user, this.#update(order, word, null));
  }

  #update(order: SimOrder, what: string, fill: WireFill | null) {
    const world = this.#world();
    const view = orderAck(order);
    const market = world.byCoin.get(order.coin);
    return {
      e: 'ORDER_TRADE_UPDATE',
      E: world.nowMs,
      T: world.nowMs,
      o: {
        s: order.coin,
        c: view.clientOrderId,
        S: view.side,
        o: view.type,
        f: view.timeInForce,
        q: view.origQty,
        p: view.price,
        ap: order.filled.isZero() ? '0' : order.cost.div(order.filled).toFixed(8),
        sp: '0',
        x: what,
        X: view.status,
        i: order.oid,
        l: fill?.sz ?? '0',
        z: view.executedQty,
        L: fill?.px ?? '0',
        N: 'USDT',
        n: fill?.fee ?? '0',
        T: world.nowMs,
        t: fill?.tid ?? 0,
        m: fill !== null && !fill.crossed,
        R: order.reduceOnly,
        ps: 'BOTH',
        rp: fill?.closedPnl ?? '0',
        mp: market === undefined ? '0' : markOf(market).toFixed(),
      },
    };
  }

  #toUser(user: string, event: object): void {
    this.#sockets.broadcast('user', `user ${listenKeyOf(user)}`, undefined, 0, () => event);
  }
}

/** One for an account: an active one is returned again. */
export const listenKeyOf = (account: string): string =>
  createHmac('sha256', 'listen key').update(account).digest('hex');

const coinOf = (stream: string): string => (stream.split('@')[0] ?? '').toUpperCase();

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
