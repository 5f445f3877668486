import { SECOND_MS } from '#shared/core/time.ts';
import type { FaultScript } from '../../faults/fault-script.ts';
import { CANDLE_INTERVALS } from '../../prices/candle-interval.ts';
import type { Liquidation } from '../../venue/publisher.ts';
import type { LedgerEvent, MarketState, SimOrder, WireFill, WireTrade, World } from '../../venue/world.ts';
import type { SocketSession } from '../socket-session.ts';
import { Sockets } from '../sockets.ts';
import type { WireResponse } from '../wire-protocol.ts';
import { type BookView, bbo, l2Book } from './book-info.ts';
import { aggregated, wireFunding } from './fill-info.ts';
import { allMids, assetContext } from './market-info.ts';
import { wireOrder } from './order-info.ts';
import { answerOfPost, type Post, readPost } from './socket-post.ts';
import { snapshotOf } from './socket-snapshot.ts';
import { admission, bookKey, keyOf, readSubscription, type Subscription } from './subscriptions.ts';

/** The venue closes a socket to which it sent nothing for this long. */
const SILENCE_MS = 60 * SECOND_MS;
const ALL_MIDS_MS = SECOND_MS;
const BOOK_MS = 500;
const CONTEXT_MS = SECOND_MS;
const MAX_SUBSCRIPTIONS = 1_000;
const MAX_MESSAGE_CHARS = 65_536;
const MAX_ECHO_CHARS = 2_000;

/** What a request over the socket needs of the simulator: the answers of HTTP, and later market times. */
export interface PostEndpoint {
  answer(path: '/info' | '/exchange', body: string, userAgent: string): WireResponse;
  after(delayMs: number, run: () => void): void;
}

/** HyperLiquid's socket: `/ws`, one subscription a message. */
export class SocketHub {
  readonly sockets: Sockets;
  readonly #world: () => World;
  readonly #posts: PostEndpoint;
  /** Coin → the forms in which its book was asked for, by key. */
  readonly #books = new Map<string, Map<string, BookView>>();
  /** Fills of the present instant by user, for those who want them put together. */
  #fills = new Map<string, WireFill[]>();

  constructor(world: () => World, faults: FaultScript, posts: PostEndpoint) {
    this.#world = world;
    this.#posts = posts;
    this.sockets = new Sockets(world, faults, SILENCE_MS);
  }

  message(session: SocketSession, text: string): void {
    if (session.closed) return;
    const message = text.length > MAX_MESSAGE_CHARS ? null : parse(text);
    const post = message?.method === 'post' ? readPost(message) : null;
    const subscription = readSubscription(message?.subscription);
    if (message?.method === 'ping') this.sockets.send(session, 'pong', { channel: 'pong' });
    else if (message?.method === 'subscribe' && subscription) this.#subscribe(session, subscription);
    else if (message?.method === 'unsubscribe' && subscription) this.#unsubscribe(session, subscription);
    else if (post) this.#post(session, post, text);
    else this.#unreadable(session, text);
  }

  #unreadable(session: SocketSession, text: string): void {
    this.#error(session, `Error parsing JSON into valid websocket request: ${text.slice(0, MAX_ECHO_CHARS)}`);
  }

  #post(session: SocketSession, post: Post, text: string): void {
    const response = this.#posts.answer(post.path, post.body, session.userAgent);
    if (response.kind === 'no-answer') return;
    const answer = answerOfPost(post, response);
    const reply = () => {
      if (session.closed) return;
      if (answer === null) this.#unreadable(session, text);
      else this.sockets.send(session, 'post', { channel: 'post', data: answer });
    };
    if (response.delayMs > 0) this.#posts.after(response.delayMs, reply);
    else reply();
  }

  #subscribe(session: SocketSession, subscription: Subscription): void {
    const key = keyOf(subscription);
    const admitted = admission(this.#world(), subscription);
    const problem = this.#problem(session, key, subscription, admitted);
    if (admitted === 'closed') this.sockets.close(session, 1006, 'no such book');
    else if (problem !== null) this.#error(session, problem);
    else this.#listen(session, key, subscription);
  }

  #listen(session: SocketSession, key: string, subscription: Subscription): void {
    this.sockets.listen(session, key, subscription);
    if (subscription.type === 'l2Book') {
      const { coin, ...view } = subscription;
      const views = this.#books.get(coin) ?? new Map<string, BookView>();
      this.#books.set(coin, views.set(bookKey(coin, view), view));
    }
    this.#response(session, 'subscribe', subscription);
    const snapshot = snapshotOf(this.#world(), subscription);
    if (snapshot === null) return;
    session.lastSentMsByKey.set(key, this.#world().nowMs);
    this.sockets.send(session, snapshot.channel, snapshot);
  }

  #problem(session: SocketSession, key: string, subscription: Subscription, admitted: string): string | null {
    const text = JSON.stringify(subscription);
    if (admitted === 'invalid' || this.sockets.refuses(session, 'coin' in subscription ? subscription.coin : ''))
      return `Invalid subscription ${text}`;
    if (session.subscriptions.has(key)) return `Already subscribed: ${text}`;
    const full = session.subscriptions.size >= MAX_SUBSCRIPTIONS;
    return full ? `Cannot track more than ${MAX_SUBSCRIPTIONS} total subscriptions.` : null;
  }

  #unsubscribe(session: SocketSession, subscription: Subscription): void {
    const key = keyOf(subscription);
    if (!this.sockets.unlisten(session, key)) {
      this.#error(session, `Already unsubscribed: ${JSON.stringify(subscription)}`);
      return;
    }
    this.#response(session, 'unsubscribe', subscription);
  }

  #response(session: SocketSession, method: string, subscription: Subscription): void {
    const data = { method, subscription };
    this.sockets.send(session, 'subscriptionResponse', { channel: 'subscriptionResponse', data });
  }

  #error(session: SocketSession, data: string): void {
    this.sockets.send(session, 'error', { channel: 'error', data });
  }

  trade(market: MarketState, trade: WireTrade): void {
    const world = this.#world();
    const { coin } = market.spec;
    const to = (channel: string, key: string, everyMs: number, make: () => unknown) =>
      this.sockets.broadcast(channel, key, coin, everyMs, () => ({ channel, data: make() }));
    to('trades', `trades ${coin}`, 0, () => [trade]);
    to('bbo', `bbo ${coin}`, 0, () => bbo(world, market));
    to('activeAssetCtx', `activeAssetCtx ${coin}`, CONTEXT_MS, () => ({ coin, ctx: assetContext(world, market) }));
    for (const [key, view] of this.#books.get(coin) ?? []) {
      to('l2Book', key, BOOK_MS, () => l2Book(world, market, view));
    }
    for (const interval of CANDLE_INTERVALS) {
      to('candle', `candle ${coin} ${interval}`, 0, () => {
        const bar = market.candles.running(interval);
        return bar && market.candles.wire(interval, bar);
      });
    }
    const dex = market.spec.dex ?? '';
    to('allMids', `allMids ${dex}`, ALL_MIDS_MS, () => ({
      ...(dex === '' ? {} : { dex }),
      mids: allMids(world, dex),
    }));
  }

  fill(user: string, fill: WireFill): void {
    this.#toUser('userFills', `userFills ${user}`, fill.coin, { user, fills: [fill] });
    this.#toUser('user', `userEvents ${user}`, fill.coin, { fills: [fill] });
    if (!this.sockets.hasListeners(`userFills ${user} aggregated`)) return;
    this.#fills.set(user, [...(this.#fills.get(user) ?? []), fill]);
  }

  orderUpdate(order: SimOrder): void {
    const { user, coin, oid, status } = order;
    const data = [{ order: wireOrder(order), status, statusTimestamp: order.statusAtMs }];
    this.#toUser('orderUpdates', `orderUpdates ${user}`, coin, data);
    // `canceled` is the user's own doing.
    if (!/Canceled$|^scheduledCancel$/.test(status)) return;
    this.#toUser('user', `userEvents ${user}`, coin, { nonUserCancel: [{ coin, oid }] });
  }

  funding(user: string, payments: readonly LedgerEvent[]): void {
    const fundings = payments.map(wireFunding);
    this.#toUser('userFundings', `userFundings ${user}`, undefined, { user, fundings });
    for (const funding of fundings) this.#toUser('user', `userEvents ${user}`, undefined, { funding });
  }

  liquidation(user: string, liquidation: Liquidation): void {
    this.#toUser('user', `userEvents ${user}`, undefined, { liquidation });
  }

  #toUser(channel: string, key: string, coin: string | undefined, data: unknown): void {
    this.sockets.broadcast(channel, key, coin, 0, () => ({ channel, data }));
  }

  /** Fills of one order and instant go out as one to those who want them so. */
  beforeFlush(): void {
    for (const [user, fills] of this.#fills) {
      const data = { user, fills: aggregated(fills) };
      this.#toUser('userFills', `userFills ${user} aggregated`, fills[0]?.coin, data);
    }
    if (this.#fills.size > 0) this.#fills = new Map();
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
