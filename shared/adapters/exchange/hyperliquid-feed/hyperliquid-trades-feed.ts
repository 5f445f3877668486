import { isDue } from '#shared/core/age.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { FeedCounters, FeedHealth, FeedInstrument, PriceFeed, TradeListener } from '#shared/ports/price-feed.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { type DecodedFrame, decodeFrame, type FrameDrop } from './decode-frame.ts';
import { DropLog } from './drop-log.ts';
import type { DecodedTrades } from './fast-trades-decoder.ts';
import { FeedTroubles } from './feed-troubles.ts';
import { fullJitterMs } from './full-jitter.ts';
import { type Subscription, Subscriptions } from './subscriptions.ts';
import type { ConnectWebSocket, WebSocketLike } from './web-socket-like.ts';

export interface TradesFeedDeps {
  readonly clock: Clock;
  /** [0, 1): jitter of reconnections. */
  readonly random: () => number;
  readonly connect: ConnectWebSocket;
  readonly telemetry: Telemetry;
}

export interface TradesFeedOptions {
  readonly exchange: string;
  readonly url: string;
  /** Silence after which the application is pinged. */
  readonly pingAfterMs: number;
  /** Silence (no trades; pongs do not count) after which the connection is dead. */
  readonly livenessMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Data must have flowed this long before the backoff starts from the beginning again. */
  readonly backoffResetMs: number;
  readonly connectTimeoutMs: number;
}

/** Defaults for everything but the address. */
export const TRADES_FEED_DEFAULTS = {
  pingAfterMs: 30_000,
  livenessMs: 60_000,
  backoffMinMs: 1_000,
  backoffMaxMs: 60_000,
  backoffResetMs: 60_000,
  connectTimeoutMs: 10_000,
} as const;

const ANSWER_TIMEOUT_MS = 10_000;
const UNANSWERED_MAX = 3;
const SILENT_LISTED_MAX = 50;
const COIN = /"coin":\s*"([^"\\]{1,32})"/;

type FailureKind = 'not-connected' | 'closed' | 'unanswered' | 'not-sent' | 'silent';

/** HyperLiquid's public trades over one WebSocket. Every trade of a message is delivered; liveness is the age of data. */
export class HyperliquidTradesFeed implements PriceFeed {
  readonly #deps: TradesFeedDeps;
  readonly #options: TradesFeedOptions;
  readonly #subscriptions: Subscriptions;
  readonly #drops = new DropLog();
  readonly #troubles = new FeedTroubles();
  #listener: TradeListener | null = null;
  #socket: WebSocketLike | null = null;
  #open = false;
  #attempt = 0;
  #connectedAtMs: EpochMs = 0;
  /** First and newest data of the present connection. */
  #firstDataMs: EpochMs | null = null;
  #lastDataMs: EpochMs | null = null;
  /** Newest data of any connection. */
  #newestDataMs: EpochMs | null = null;
  #pinged = false;
  #livenessTimer: TimerHandle | null = null;
  #askTimer: TimerHandle | null = null;
  #connectTimer: TimerHandle | null = null;
  readonly #counts = { framesReceived: 0, tradesDelivered: 0, connectsStarted: 0, connectsOpened: 0, pingsSent: 0 };

  constructor(deps: TradesFeedDeps, options: TradesFeedOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#subscriptions = new Subscriptions({
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      silenceMs: options.livenessMs,
      silenceMaxMs: 16 * options.livenessMs,
      refusedMinMs: 5_000,
      refusedMaxMs: 300_000,
    });
  }

  start(listener: TradeListener): void {
    if (this.#listener) throw new Error('the feed has been started already');
    this.#listener = listener;
    this.#connect();
  }

  setInstruments(instruments: readonly FeedInstrument[]): void {
    const { removed, refused } = this.#subscriptions.replace(instruments);
    if (refused > 0) this.#drop('too-many-symbols', `${refused} symbols beyond the venue's limit`);
    if (!this.#listener) return;
    if (this.#socket === null && this.#connectTimer === null) this.#connect();
    if (!this.#open) return;
    for (const coin of removed) if (!this.#send('unsubscribe', coin)) return;
    this.#ask();
  }

  stop(): Promise<void> {
    this.#listener = null;
    this.#disconnect();
    return Promise.resolve();
  }

  health(): FeedHealth {
    const nowMs = this.#deps.clock.nowMs();
    const silent = [...this.#subscriptions.all()]
      .filter((s) => s.lastDataMs === null || isDue(s.lastDataMs, nowMs, this.#options.livenessMs))
      .map((s) => ({ symbol: s.instrument.symbol, ageMs: s.lastDataMs === null ? null : nowMs - s.lastDataMs }));
    return {
      mode: 'websocket',
      connected: this.#open,
      dataAgeMs: this.#newestDataMs === null ? null : nowMs - this.#newestDataMs,
      silentSymbols: silent.slice(0, SILENT_LISTED_MAX),
      symbolCount: this.#subscriptions.size,
      failedAttempts: this.#dataFlowed() ? 0 : this.#attempt,
      trouble: this.#troubles.worst(new Set(this.#subscriptions.symbolByCoin.values())),
    };
  }

  counters(): FeedCounters {
    return { ...this.#counts, drops: this.#drops.counts() };
  }

  dropSamples() {
    return this.#drops.samples();
  }

  #connect(): void {
    this.#connectTimer = null;
    // Without symbols there is nothing to hear, and silence would count as death.
    if (this.#subscriptions.size === 0) return;
    this.#counts.connectsStarted += 1;
    this.#subscriptions.reset();
    this.#firstDataMs = null;
    this.#lastDataMs = null;
    let socket: WebSocketLike;
    try {
      socket = this.#deps.connect(this.#options.url);
    } catch (error) {
      this.#fail('not-connected', `cannot connect: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    this.#socket = socket;
    socket.onOpen = () => this.#opened();
    socket.onMessage = (text) => this.#received(text);
    socket.onClose = (reason) => this.#fail('closed', reason);
    this.#connectTimer = this.#deps.clock.setTimer(this.#options.connectTimeoutMs, () =>
      this.#fail('not-connected', 'connect timeout'),
    );
  }

  #opened(): void {
    this.#connectTimer?.cancel();
    this.#connectTimer = null;
    this.#open = true;
    this.#counts.connectsOpened += 1;
    this.#connectedAtMs = this.#deps.clock.nowMs();
    this.#deps.telemetry.log('info', logEvents.feedConnected, {
      symbols: this.#subscriptions.size,
      attempt: this.#attempt,
    });
    this.#ask();
    this.#watch(this.#options.pingAfterMs);
  }

  /** Sends every subscription that is due and comes back for those that stay unanswered. */
  #ask(): void {
    this.#askTimer?.cancel();
    this.#askTimer = null;
    const nowMs = this.#deps.clock.nowMs();
    for (const s of this.#subscriptions.due(nowMs)) {
      if (s.state === 'sent') {
        s.failures += 1;
        if (s.failures >= UNANSWERED_MAX) {
          this.#fail('unanswered', `no answer to the subscription of ${s.instrument.coin}`);
          return;
        }
      }
      if (!this.#send('subscribe', s.instrument.coin)) return;
      this.#subscriptions.markSent(s, nowMs);
    }
    const next = this.#subscriptions.nextDueMs();
    if (next !== null) this.#askTimer = this.#deps.clock.setTimer(next - nowMs, () => this.#ask());
  }

  #send(method: 'subscribe' | 'unsubscribe' | 'ping', coin = ''): boolean {
    const message = method === 'ping' ? { method } : { method, subscription: { type: 'trades', coin } };
    try {
      this.#socket?.send(JSON.stringify(message));
      return true;
    } catch (error) {
      this.#fail('not-sent', `cannot send: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  #watch(delayMs: number): void {
    this.#livenessTimer?.cancel();
    this.#livenessTimer = this.#deps.clock.setTimer(delayMs, () => this.#checkLiveness());
  }

  #checkLiveness(): void {
    const { pingAfterMs, livenessMs } = this.#options;
    const nowMs = this.#deps.clock.nowMs();
    const heardAtMs = this.#lastDataMs ?? this.#connectedAtMs;
    const silentMs = nowMs - heardAtMs;
    if (isDue(heardAtMs, nowMs, livenessMs)) {
      this.#fail('silent', `no data for ${silentMs} ms`);
      return;
    }
    if (silentMs >= pingAfterMs && !this.#pinged) {
      if (!this.#send('ping')) return;
      this.#pinged = true;
      this.#counts.pingsSent += 1;
    }
    // A symbol alone may have been forgotten by the venue: asking again brings its backfill, which shows whether it was.
    for (const s of this.#subscriptions.takeSilent(nowMs)) {
      if (!this.#send('unsubscribe', s.instrument.coin)) return;
      s.state = 'unsent';
    }
    this.#ask();
    if (this.#open) this.#watch((this.#pinged ? livenessMs : pingAfterMs) - silentMs);
  }

  #received(text: string): void {
    this.#counts.framesReceived += 1;
    const frame: DecodedFrame = decodeFrame(text, this.#options.exchange, this.#subscriptions.symbolByCoin);
    switch (frame.kind) {
      case 'trades':
        for (const drop of frame.drops) this.#dropped(drop);
        for (const group of frame.groups) this.#deliver(group);
        return;
      case 'subscribed':
        this.#answered(frame.coin);
        return;
      case 'error':
        this.#refused(frame.message);
        return;
      case 'dropped':
        this.#dropped(frame.drop);
        return;
      case 'pong':
      case 'unsubscribed':
        return;
    }
  }

  #deliver(group: DecodedTrades): void {
    const nowMs = this.#deps.clock.nowMs();
    const subscription = this.#subscriptions.ofSymbol(group.symbol);
    if (!subscription || !this.#listener) return;
    this.#firstDataMs ??= nowMs;
    this.#lastDataMs = nowMs;
    this.#newestDataMs = nowMs;
    this.#pinged = false;
    const resumed = subscription.resuming;
    subscription.resuming = false;
    this.#subscriptions.markData(subscription, nowMs, !resumed);
    this.#troubles.flowed(group.symbol);
    this.#counts.tradesDelivered += group.ticks.length;
    this.#listener({ symbol: group.symbol, ticks: group.ticks, resumed, receivedAtMs: nowMs });
  }

  #answered(coin: string): void {
    const subscription = this.#subscriptions.ofCoin(coin);
    if (subscription?.state !== 'sent') return;
    this.#subscriptions.markActive(subscription);
    this.#troubles.accepted(subscription.instrument.symbol);
  }

  #refused(message: string): void {
    const coin = COIN.exec(message)?.[1];
    const subscription = coin === undefined ? undefined : this.#subscriptions.ofCoin(coin);
    if (message.startsWith('Already unsubscribed')) return;
    if (message.startsWith('Already subscribed')) {
      if (subscription) this.#subscriptions.markActive(subscription);
      return;
    }
    this.#drop('venue-error', message);
    this.#troubles.refused(subscription?.instrument.symbol ?? null, message, this.#deps.clock.nowMs());
    if (!subscription) return;
    this.#subscriptions.markRefused(subscription, this.#deps.clock.nowMs());
    this.#ask();
  }

  /** What was dropped may have been trades: their symbol has a hole unless the next batch proves otherwise. */
  #dropped(drop: FrameDrop): void {
    this.#drop(drop.reason, drop.sample);
    if (drop.reason === 'unknown-coin' || drop.reason === 'unexpected-channel') return;
    const head = drop.sample.slice(0, 500);
    const coin = COIN.exec(head)?.[1];
    const named = coin === undefined ? undefined : this.#subscriptions.ofCoin(coin);
    const suspects: Iterable<Subscription> = named
      ? [named]
      : coin === undefined && head.includes('"trades"')
        ? this.#subscriptions.all()
        : [];
    for (const s of suspects) s.resuming = true;
  }

  #drop(reason: string, sample: string): void {
    const count = this.#drops.add(reason, sample, this.#deps.clock.nowMs());
    this.#deps.telemetry.count(metrics.inputsDropped, 1, { what: 'feed', code: reason });
    if (count === 1 || count % 1000 === 0) {
      this.#deps.telemetry.log('warn', logEvents.inputDropped, {
        what: 'feed',
        code: reason,
        count,
        sample: sample.slice(0, 200),
      });
    }
  }

  #dataFlowed(): boolean {
    if (this.#firstDataMs === null || this.#lastDataMs === null) return false;
    return this.#lastDataMs - this.#firstDataMs >= this.#options.backoffResetMs;
  }

  #fail(kind: FailureKind, reason: string): void {
    if (!this.#listener) return;
    if (this.#dataFlowed()) this.#attempt = 0;
    this.#troubles.failed(kind, reason, this.#deps.clock.nowMs());
    this.#disconnect();
    const { backoffMinMs, backoffMaxMs } = this.#options;
    const delayMs = fullJitterMs(this.#attempt, backoffMinMs, backoffMaxMs, this.#deps.random);
    this.#attempt += 1;
    this.#deps.telemetry.count(metrics.feedReconnects, 1, { exchange: this.#options.exchange, reason: kind });
    this.#deps.telemetry.log('warn', logEvents.feedDisconnected, { reason, attempt: this.#attempt, delayMs });
    this.#connectTimer = this.#deps.clock.setTimer(delayMs, () => this.#connect());
  }

  #disconnect(): void {
    for (const timer of [this.#livenessTimer, this.#askTimer, this.#connectTimer]) timer?.cancel();
    this.#livenessTimer = null;
    this.#askTimer = null;
    this.#connectTimer = null;
    const socket = this.#socket;
    this.#socket = null;
    this.#open = false;
    this.#pinged = false;
    if (!socket) return;
    socket.onOpen = null;
    socket.onMessage = null;
    socket.onClose = null;
    socket.close();
  }
}
