import { isDue } from '#shared/core/age.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { FeedCounters, FeedHealth, FeedInstrument, PriceFeed, TradeListener } from '#shared/ports/price-feed.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { countDrop, type DropCode } from '#shared/telemetry/count-drop.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { DropLog } from './drop-log.ts';
import { FeedTroubles } from './feed-troubles.ts';
import { fullJitterMs } from './full-jitter.ts';
import { Subscriptions } from './subscriptions.ts';
import type { DecodedTrades, FrameDrop, TradesProtocol } from './trades-protocol.ts';
import type { ConnectWebSocket, WebSocketLike } from './web-socket-like.ts';

export interface TradesFeedDeps {
  readonly clock: Clock;
  /** [0, 1): jitter of reconnections. */
  readonly random: () => number;
  readonly connect: ConnectWebSocket;
  readonly telemetry: Telemetry;
  readonly protocol: TradesProtocol;
}

export interface TradesFeedOptions {
  readonly exchange: string;
  readonly url: string;
  /** Silence after which the venue is pinged, where its protocol has a ping. */
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

type FailureKind = 'not-connected' | 'closed' | 'unanswered' | 'not-sent' | 'silent';

/** A venue's public trades over one WebSocket. Every trade of a message is delivered; liveness is the age of data. */
export class TradesFeed implements PriceFeed {
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
    this.#subscriptions = new Subscriptions(deps.protocol.subscriptionsMax, {
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
    if (this.#request('unsubscribe', removed)) this.#ask();
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
      trouble: this.#troubles.worst(new Set(this.#subscriptions.symbolByVenueSymbol.values())),
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
    const due = this.#subscriptions.due(nowMs);
    for (const s of due) {
      if (s.state !== 'sent') continue;
      s.failures += 1;
      if (s.failures >= UNANSWERED_MAX) {
        this.#fail('unanswered', `no answer to the subscription of ${s.instrument.venueSymbol}`);
        return;
      }
    }
    if (
      !this.#request(
        'subscribe',
        due.map((s) => s.instrument.venueSymbol),
      )
    )
      return;
    for (const s of due) this.#subscriptions.markSent(s, nowMs);
    const next = this.#subscriptions.nextDueMs();
    if (next !== null) this.#askTimer = this.#deps.clock.setTimer(next - nowMs, () => this.#ask());
  }

  #request(method: 'subscribe' | 'unsubscribe', venueSymbols: readonly string[]): boolean {
    if (venueSymbols.length === 0) return true;
    return this.#deps.protocol.requests(method, venueSymbols).every((text) => this.#send(text));
  }

  #send(text: string): boolean {
    try {
      this.#socket?.send(text);
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
    const { ping } = this.#deps.protocol;
    if (silentMs >= pingAfterMs && !this.#pinged) {
      if (ping !== null && !this.#send(ping)) return;
      this.#pinged = true;
      if (ping !== null) this.#counts.pingsSent += 1;
    }
    // A symbol alone may have been forgotten by the venue: asking again brings its backfill, which shows whether it was.
    const silent = this.#subscriptions.takeSilent(nowMs);
    if (
      !this.#request(
        'unsubscribe',
        silent.map((s) => s.instrument.venueSymbol),
      )
    )
      return;
    for (const s of silent) s.state = 'unsent';
    this.#ask();
    if (this.#open) this.#watch((this.#pinged ? livenessMs : pingAfterMs) - silentMs);
  }

  #received(text: string): void {
    this.#counts.framesReceived += 1;
    const frame = this.#deps.protocol.decode(text, this.#subscriptions.symbolByVenueSymbol);
    switch (frame.kind) {
      case 'trades':
        for (const drop of frame.drops) this.#dropped(drop);
        for (const group of frame.groups) this.#deliver(group);
        return;
      case 'subscribed':
        for (const venueSymbol of frame.venueSymbols) this.#answered(venueSymbol);
        return;
      case 'refused':
        this.#refused(frame.venueSymbols, frame.message);
        return;
      case 'dropped':
        this.#dropped(frame.drop);
        return;
      case 'noted':
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

  #answered(venueSymbol: string): void {
    const subscription = this.#subscriptions.ofVenueSymbol(venueSymbol);
    // Unsent: the answer is to an older request, and the next one goes out at once.
    if (subscription === undefined || subscription.state === 'unsent') return;
    this.#subscriptions.markActive(subscription);
    this.#troubles.accepted(subscription.instrument.symbol);
  }

  #refused(venueSymbols: readonly string[], message: string): void {
    const nowMs = this.#deps.clock.nowMs();
    this.#drop('venue-error', message);
    const named = venueSymbols.flatMap((venueSymbol) => this.#subscriptions.ofVenueSymbol(venueSymbol) ?? []);
    if (named.length === 0) this.#troubles.refused(null, message, nowMs);
    for (const subscription of named) {
      this.#troubles.refused(subscription.instrument.symbol, message, nowMs);
      this.#subscriptions.markRefused(subscription, nowMs);
    }
    if (named.length > 0) this.#ask();
  }

  /** What was dropped may have been trades: their symbol has a hole unless the next batch proves otherwise. */
  #dropped({ reason, sample, suspects }: FrameDrop): void {
    this.#drop(reason, sample);
    const subscriptions =
      suspects === 'all'
        ? this.#subscriptions.all()
        : suspects.flatMap((venueSymbol) => this.#subscriptions.ofVenueSymbol(venueSymbol) ?? []);
    for (const s of subscriptions) s.resuming = true;
  }

  #drop(reason: DropCode<'feed'>, sample: string): void {
    const count = this.#drops.add(reason, sample, this.#deps.clock.nowMs());
    countDrop(this.#deps.telemetry, 'feed', reason);
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
