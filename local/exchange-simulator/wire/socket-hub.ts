import { isTimeframe, SECOND_MS } from '#shared/core/time.ts';
import type { MarketState, Publisher, SimOrder, WireFill, WireTrade, World } from '../venue/world.ts';
import { bbo, l2Book } from './book-info.ts';
import { type FaultScript, SUBSCRIBE } from './fault-script.ts';
import { allMids, isDex } from './market-info.ts';
import { wireOrder } from './order-info.ts';
import { SocketSession, type SocketSink } from './socket-session.ts';

/** The venue closes a socket to which it sent nothing for this long. */
const SILENCE_MS = 60 * SECOND_MS;
const ALL_MIDS_MS = SECOND_MS;
const BOOK_MS = 500;
const BACKFILL = 30;
const MAX_SESSIONS = 200;
const MAX_SUBSCRIPTIONS = 1_000;
const MAX_MESSAGE_CHARS = 65_536;
const MAX_SNAPSHOT_FILLS = 2_000;

const TYPES = new Set(['trades', 'bbo', 'allMids', 'l2Book', 'candle', 'userFills', 'orderUpdates']);

type Subscription = Readonly<Record<string, unknown>>;
type Outgoing = { readonly session: SocketSession; readonly text: string };

/**
 * All sockets. Frames are collected while the engine works and leave with `flush`, after what they tell was written, so
 * nobody ever hears of something that a crash could undo.
 */
export class SocketHub implements Publisher {
  readonly #world: () => World;
  readonly #faults: FaultScript;
  readonly #sessions = new Map<string, SocketSession>();
  /** Subscription key → sessions: a tick asks for its listeners by key. */
  readonly #listeners = new Map<string, Set<SocketSession>>();
  #outgoing: Outgoing[] = [];
  #closing: { session: SocketSession; code: number; reason: string }[] = [];
  #nextId = 1;

  constructor(world: () => World, faults: FaultScript) {
    this.#world = world;
    this.#faults = faults;
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
    const subscription = message?.subscription as Subscription | undefined;
    const known = subscription !== null && typeof subscription === 'object' && !Array.isArray(subscription);
    if (message?.method === 'ping') this.#send(session, 'pong', { channel: 'pong' });
    else if (message?.method === 'subscribe' && known) this.#subscribe(session, subscription);
    else if (message?.method === 'unsubscribe' && known) this.#unsubscribe(session, subscription);
    else this.#error(session, `Error parsing JSON into valid websocket request: ${text.slice(0, 200)}`);
  }

  #subscribe(session: SocketSession, subscription: Subscription): void {
    const key = keyOf(subscription);
    const problem = this.#problem(session, key, subscription);
    if (key === null || problem !== null) {
      this.#error(session, problem ?? 'Invalid subscription');
      return;
    }
    session.subscriptions.set(key, subscription);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(session));
    this.#response(session, 'subscribe', subscription);
    this.#snapshot(session, key, subscription);
  }

  #problem(session: SocketSession, key: string | null, subscription: Subscription): string | null {
    const text = JSON.stringify(subscription);
    if (key === null || !this.#exists(subscription) || this.#refuses(session, subscription))
      return `Invalid subscription ${text}`;
    if (session.subscriptions.has(key)) return `Already subscribed: ${text}`;
    const full = session.subscriptions.size >= MAX_SUBSCRIPTIONS;
    return full ? 'Cannot track more than 1000 total subscriptions.' : null;
  }

  #refuses(session: SocketSession, { coin }: Subscription): boolean {
    const context = { path: '/ws' as const, type: SUBSCRIBE, coin: String(coin ?? ''), userAgent: session.userAgent };
    return this.#faults.hits(context, this.#world().nowMs).length > 0;
  }

  #unsubscribe(session: SocketSession, subscription: Subscription): void {
    const key = keyOf(subscription);
    if (key === null || !session.subscriptions.delete(key)) {
      this.#error(session, `Already unsubscribed: ${JSON.stringify(subscription)}`);
      return;
    }
    this.#listeners.get(key)?.delete(session);
    this.#response(session, 'unsubscribe', subscription);
  }

  #response(session: SocketSession, method: string, subscription: Subscription): void {
    const extra = subscription.type === 'l2Book' ? { nSigFigs: null, mantissa: null } : {};
    const normalised = { ...extra, ...subscription };
    const data = { method, subscription: normalised };
    this.#send(session, 'subscriptionResponse', { channel: 'subscriptionResponse', data });
  }

  #error(session: SocketSession, data: string): void {
    this.#send(session, 'error', { channel: 'error', data });
  }

  #exists(subscription: Subscription): boolean {
    const { type, coin, interval, user, dex } = subscription;
    if (type === 'allMids') return dex === undefined || (typeof dex === 'string' && isDex(dex));
    if (type === 'userFills' || type === 'orderUpdates') return /^0x[0-9a-fA-F]{40}$/.test(String(user));
    if (!this.#world().byCoin.has(String(coin))) return false;
    return type !== 'candle' || isTimeframe(String(interval));
  }

  #snapshot(session: SocketSession, key: string, subscription: Subscription): void {
    const world = this.#world();
    const market = world.byCoin.get(String(subscription.coin));
    const nowMs = world.nowMs;
    if (subscription.type === 'allMids') {
      session.lastSentMsByKey.set(key, nowMs);
      this.#send(session, 'allMids', midsFrame(world, String(subscription.dex ?? '')));
    } else if (subscription.type === 'userFills') {
      const user = String(subscription.user).toLowerCase();
      const fills = (world.accounts.get(user)?.fills ?? []).slice(-MAX_SNAPSHOT_FILLS).reverse();
      this.#send(session, 'userFills', { channel: 'userFills', data: { isSnapshot: true, user, fills } });
    } else if (market && market.lastTradeMs > 0) {
      session.lastSentMsByKey.set(key, nowMs);
      const { type } = subscription;
      if (type === 'trades') {
        const backfill = market.tape.slice(-BACKFILL);
        if (backfill.length > 0) this.#send(session, 'trades', { channel: 'trades', data: backfill });
      } else if (type === 'bbo') this.#send(session, 'bbo', { channel: 'bbo', data: bbo(world, market) });
      else if (type === 'l2Book') this.#send(session, 'l2Book', { channel: 'l2Book', data: l2Book(world, market) });
    }
  }

  trade(market: MarketState, trade: WireTrade): void {
    const world = this.#world();
    const { coin } = market.spec;
    const to = (key: string, everyMs: number, make: () => unknown) => this.#broadcast(key, coin, everyMs, make);
    to(`trades ${coin}`, 0, () => ({ channel: 'trades', data: [trade] }));
    to(`bbo ${coin}`, 0, () => ({ channel: 'bbo', data: bbo(world, market) }));
    to(`l2Book ${coin}`, BOOK_MS, () => ({ channel: 'l2Book', data: l2Book(world, market) }));
    for (const timeframe of CANDLE_KEYS) {
      to(`candle ${coin} ${timeframe}`, 0, () => {
        const bar = market.candles.running(timeframe);
        return { channel: 'candle', data: bar && market.candles.wire(timeframe, bar) };
      });
    }
    const dex = market.spec.dex ?? '';
    to(`allMids ${dex}`, ALL_MIDS_MS, () => midsFrame(world, dex));
  }

  fill(user: string, fill: WireFill): void {
    const make = () => ({ channel: 'userFills', data: { user, fills: [fill] } });
    this.#broadcast(`userFills ${user}`, fill.coin, 0, make);
  }

  orderUpdate(order: SimOrder): void {
    const data = [{ order: wireOrder(order), status: order.status, statusTimestamp: order.statusAtMs }];
    this.#broadcast(`orderUpdates ${order.user}`, order.coin, 0, () => ({ channel: 'orderUpdates', data }));
  }

  #broadcast(key: string, coin: string, everyMs: number, make: () => unknown): void {
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
      this.#enqueue(session, key.slice(0, key.indexOf(' ')), coin, text);
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

const CANDLE_KEYS = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '8h', '12h', '1d'] as const;

const midsFrame = (world: World, dex: string) => ({
  channel: 'allMids',
  data: { ...(dex === '' ? {} : { dex }), mids: allMids(world, dex) },
});

function keyOf(subscription: Subscription): string | null {
  const { type, coin, interval, user, dex } = subscription;
  if (typeof type !== 'string' || !TYPES.has(type)) return null;
  if (type === 'allMids') return `allMids ${String(dex ?? '')}`;
  if (type === 'userFills' || type === 'orderUpdates') return `${type} ${String(user).toLowerCase()}`;
  return type === 'candle' ? `candle ${String(coin)} ${String(interval)}` : `${type} ${String(coin)}`;
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
