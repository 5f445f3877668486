import { SECOND_MS } from '#shared/core/time.ts';
import { CANDLE_INTERVALS } from '../prices/candle-interval.ts';
import type { Liquidation, Publisher } from '../venue/publisher.ts';
import type { LedgerEvent, MarketState, SimOrder, WireFill, WireTrade, World } from '../venue/world.ts';
import { type BookView, bbo, l2Book } from './book-info.ts';
import { type FaultScript, SUBSCRIBE } from './fault-script.ts';
import { aggregated, wireFunding } from './fill-info.ts';
import type { WireResponse } from './http-wire.ts';
import { allMids, assetContext } from './market-info.ts';
import { wireOrder } from './order-info.ts';
import { answerOfPost, type Post, readPost } from './socket-post.ts';
import { SocketSession, type SocketSink } from './socket-session.ts';
import { snapshotOf } from './socket-snapshot.ts';
import { admission, bookKey, keyOf, readSubscription, type Subscription } from './subscriptions.ts';

/** The venue closes a socket to which it sent nothing for this long. */
const SILENCE_MS = 60 * SECOND_MS;
const ALL_MIDS_MS = SECOND_MS;
const BOOK_MS = 500;
const CONTEXT_MS = SECOND_MS;
const MAX_SESSIONS = 200;
const MAX_SUBSCRIPTIONS = 1_000;
const MAX_MESSAGE_CHARS = 65_536;
const MAX_ECHO_CHARS = 2_000;

type Outgoing = { readonly session: SocketSession; readonly text: string };

/** What a request over the socket needs of the simulator: the answers of HTTP, and later market times. */
export interface PostDoor {
  answer(path: '/info' | '/exchange', body: string, userAgent: string): WireResponse;
  after(delayMs: number, run: () => void): void;
}

/**
 * All sockets. Frames are collected while the engine works and leave with `flush`, after what they tell was written, so
 * nobody ever hears of something that a crash could undo.
 */
export class SocketHub implements Publisher {
  readonly #world: () => World;
  readonly #faults: FaultScript;
  readonly #posts: PostDoor;
  readonly #sessions = new Map<string, SocketSession>();
  /** Subscription key → sessions: a tick asks for its listeners by key. */
  readonly #listeners = new Map<string, Set<SocketSession>>();
  /** Coin → the forms in which its book was asked for, by key. */
  readonly #books = new Map<string, Map<string, BookView>>();
  /** Fills of the present instant by user, for those who want them put together. */
  #fills = new Map<string, WireFill[]>();
  #outgoing: Outgoing[] = [];
  #closing: { session: SocketSession; code: number; reason: string }[] = [];
  #nextId = 1;

  constructor(world: () => World, faults: FaultScript, posts: PostDoor) {
    this.#world = world;
    this.#faults = faults;
    this.#posts = posts;
  }

  /** `id` names the session in the control interface; by default it is numbered. */
  connect(sink: SocketSink, userAgent: string, id: string | null = null): SocketSession | null {
    const nowMs = this.#world().nowMs;
    if (this.#sessions.size >= MAX_SESSIONS || this.#faults.refusesSockets(nowMs)) {
      sink.close(1006, 'refused');
      return null;
    }
    const session = new SocketSession(id ?? `ws-${this.#nextId}`, sink, userAgent, nowMs);
    this.#nextId += 1;
    this.#sessions.set(session.id, session);
    return session;
  }

  disconnect(session: SocketSession): void {
    if (session.closed) return;
    session.closed = true;
    this.#sessions.delete(session.id);
    for (const key of session.subscriptions.keys()) this.#listeners.get(key)?.delete(session);
  }

  /** Closes from the venue's side, after the frames before it. */
  close(session: SocketSession, code: number, reason: string): void {
    if (session.closed) return;
    this.disconnect(session);
    this.#closing.push({ session, code, reason });
  }

  closeAll(code: number, reason: string): number {
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) this.close(session, code, reason);
    return sessions.length;
  }

  message(session: SocketSession, text: string): void {
    if (session.closed) return;
    session.messagesReceived += 1;
    const message = text.length > MAX_MESSAGE_CHARS ? null : parse(text);
    const post = message?.method === 'post' ? readPost(message) : null;
    const subscription = readSubscription(message?.subscription);
    if (message?.method === 'ping') this.#send(session, 'pong', { channel: 'pong' });
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
      else this.#send(session, 'post', { channel: 'post', data: answer });
    };
    if (response.delayMs > 0) this.#posts.after(response.delayMs, reply);
    else reply();
  }

  #subscribe(session: SocketSession, subscription: Subscription): void {
    const key = keyOf(subscription);
    const admitted = admission(this.#world(), subscription);
    const problem = this.#problem(session, key, subscription, admitted);
    if (admitted === 'closed') this.close(session, 1006, 'no such book');
    else if (problem !== null) this.#error(session, problem);
    else this.#listen(session, key, subscription);
  }

  #listen(session: SocketSession, key: string, subscription: Subscription): void {
    session.subscriptions.set(key, subscription);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(session));
    if (subscription.type === 'l2Book') {
      const { coin, ...view } = subscription;
      const views = this.#books.get(coin) ?? new Map<string, BookView>();
      this.#books.set(coin, views.set(bookKey(coin, view), view));
    }
    this.#response(session, 'subscribe', subscription);
    const snapshot = snapshotOf(this.#world(), subscription);
    if (snapshot === null) return;
    session.lastSentMsByKey.set(key, this.#world().nowMs);
    this.#send(session, snapshot.channel, snapshot);
  }

  #problem(session: SocketSession, key: string, subscription: Subscription, admitted: string): string | null {
    const text = JSON.stringify(subscription);
    if (admitted === 'invalid' || this.#refuses(session, subscription)) return `Invalid subscription ${text}`;
    if (session.subscriptions.has(key)) return `Already subscribed: ${text}`;
    const full = session.subscriptions.size >= MAX_SUBSCRIPTIONS;
    return full ? `Cannot track more than ${MAX_SUBSCRIPTIONS} total subscriptions.` : null;
  }

  #refuses(session: SocketSession, subscription: Subscription): boolean {
    const coin = 'coin' in subscription ? subscription.coin : '';
    const context = { path: '/ws' as const, type: SUBSCRIBE, coin, userAgent: session.userAgent };
    return this.#faults.hits(context, this.#world().nowMs).length > 0;
  }

  #unsubscribe(session: SocketSession, subscription: Subscription): void {
    const key = keyOf(subscription);
    if (!session.subscriptions.delete(key)) {
      this.#error(session, `Already unsubscribed: ${JSON.stringify(subscription)}`);
      return;
    }
    this.#listeners.get(key)?.delete(session);
    this.#response(session, 'unsubscribe', subscription);
  }

  #response(session: SocketSession, method: string, subscription: Subscription): void {
    const data = { method, subscription };
    this.#send(session, 'subscriptionResponse', { channel: 'subscriptionResponse', data });
  }

  #error(session: SocketSession, data: string): void {
    this.#send(session, 'error', { channel: 'error', data });
  }

  trade(market: MarketState, trade: WireTrade): void {
    const world = this.#world();
    const { coin } = market.spec;
    const to = (channel: string, key: string, everyMs: number, make: () => unknown) =>
      this.#broadcast(channel, key, coin, everyMs, () => ({ channel, data: make() }));
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
    if (!this.#listeners.get(`userFills ${user} aggregated`)?.size) return;
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
    this.#broadcast(channel, key, coin, 0, () => ({ channel, data }));
  }

  #broadcast(channel: string, key: string, coin: string | undefined, everyMs: number, make: () => unknown): void {
    const listeners = this.#listeners.get(key);
    if (!listeners || listeners.size === 0) return;
    const nowMs = this.#world().nowMs;
    let text: string | null = null;
    for (const session of listeners) {
      if (everyMs > 0) {
        const last = session.lastSentMsByKey.get(key);
        if (last !== undefined && nowMs - last < everyMs) continue;
        session.lastSentMsByKey.set(key, nowMs);
      }
      text ??= JSON.stringify(make());
      this.#enqueue(session, channel, coin, text);
    }
  }

  #send(session: SocketSession, channel: string, message: unknown): void {
    this.#enqueue(session, channel, undefined, JSON.stringify(message));
  }

  #enqueue(session: SocketSession, channel: string, coin: string | undefined, text: string): void {
    const nowMs = this.#world().nowMs;
    const context = { path: '/ws' as const, type: channel, coin, userAgent: session.userAgent };
    const hits = this.#faults.hits(context, nowMs);
    if (hits.some((fault) => fault.kind === 'ws-mute')) return;
    session.lastSentMs = nowMs;
    const reorder = hits.find((fault) => fault.kind === 'ws-reorder');
    if (reorder?.kind === 'ws-reorder' && session.held === null) {
      session.held = { text, untilMs: nowMs + (reorder.holdMs ?? 500) };
      return;
    }
    this.#outgoing.push({ session, text });
    if (hits.some((fault) => fault.kind === 'ws-duplicate')) this.#outgoing.push({ session, text });
    this.#releaseHeld(session);
  }

  #releaseHeld(session: SocketSession): void {
    if (session.held === null) return;
    this.#outgoing.push({ session, text: session.held.text });
    session.held = null;
  }

  /** Market time at which a held frame or a silent socket is due; null without sockets. */
  nextAtMs(): number | null {
    let next: number | null = null;
    for (const session of this.#sessions.values()) {
      next = Math.min(
        next ?? Number.POSITIVE_INFINITY,
        session.lastSentMs + SILENCE_MS,
        session.held?.untilMs ?? Number.POSITIVE_INFINITY,
      );
    }
    return next;
  }

  /** Releases held frames and closes sockets that heard nothing for 60 s. */
  runDue(): void {
    const nowMs = this.#world().nowMs;
    for (const session of [...this.#sessions.values()]) {
      if (session.held !== null && session.held.untilMs <= nowMs) this.#releaseHeld(session);
      if (nowMs - session.lastSentMs < SILENCE_MS) continue;
      // A mute socket looks alive to the other side: that is the fault.
      if (this.#faults.mutesSockets(nowMs)) session.lastSentMs = nowMs;
      else this.close(session, 1006, 'nothing sent for 60 s');
    }
  }

  /** Hands the collected frames to the sockets, in order, then the closes. */
  flush(): void {
    for (const [user, fills] of this.#fills) {
      const data = { user, fills: aggregated(fills) };
      this.#toUser('userFills', `userFills ${user} aggregated`, fills[0]?.coin, data);
    }
    if (this.#fills.size > 0) this.#fills = new Map();
    const outgoing = this.#outgoing;
    const closing = this.#closing;
    if (outgoing.length === 0 && closing.length === 0) return;
    this.#outgoing = [];
    this.#closing = [];
    for (const { session, text } of outgoing) {
      session.framesSent += 1;
      session.sink.frame(text);
    }
    for (const { session, code, reason } of closing) session.sink.close(code, reason);
  }

  /** Frames sent since the start, per open session. */
  framesSent(): Record<string, number> {
    return Object.fromEntries([...this.#sessions.values()].map((session) => [session.id, session.framesSent]));
  }

  /** Messages of the client since the start, per open session. */
  messagesReceived(): Record<string, number> {
    return Object.fromEntries([...this.#sessions.values()].map((session) => [session.id, session.messagesReceived]));
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
