import { isDue } from '#shared/core/age.ts';
import { isPositiveText } from '#shared/core/decimal.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type {
  FeedCounters,
  FeedHealth,
  FeedInstrument,
  FeedTrouble,
  PriceFeed,
  TradeListener,
} from '#shared/ports/price-feed.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { countDrop, type DropCode } from '#shared/telemetry/count-drop.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { DropLog } from './drop-log.ts';
import { fullJitterMs } from './full-jitter.ts';
import type { RequestText } from './request-text.ts';

/** One request for the prices of several symbols. */
export interface PricePoll {
  /** Names it in logs. */
  readonly name: string;
  readonly path: string;
  /** JSON to post; null asks with GET. */
  readonly body: string | null;
  /** Symbols by the key of their price in the answer. */
  readonly symbols: ReadonlyMap<string, string>;
}

/** A venue's prices over REST, as far as venues differ. */
export interface PollingProtocol {
  polls(instruments: readonly FeedInstrument[]): readonly PricePoll[];
  /** Prices by key, unchecked; null when the answer is none. */
  prices(answer: unknown): Readonly<Record<string, unknown>> | null;
}

export interface PollingFeedDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly request: RequestText;
  readonly telemetry: Telemetry;
  readonly protocol: PollingProtocol;
}

export interface PollingFeedOptions {
  readonly exchange: string;
  /** The venue's base address through each proxy; the next one is taken after a failure. */
  readonly baseUrls: readonly string[];
  /** Origin header for the proxy; null sends none. */
  readonly origin: string | null;
  /** From the start of one round of requests to the start of the next. */
  readonly pollIntervalMs: number;
  /** Requests in a round at most; more of them take turns. */
  readonly pollBatchSize: number;
  readonly timeoutMs: number;
  /** Prices that pause for longer leave a hole. */
  readonly livenessMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

const RETRY_AFTER_MAX_MS = 300_000;
const SILENT_LISTED_MAX = 50;

class PollError extends Error {
  readonly rateLimited: boolean;
  readonly retryAfterMs: number;
  constructor(message: string, rateLimited: boolean, retryAfterMs: number) {
    super(message);
    this.rateLimited = rateLimited;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Prices asked for over REST, for networks where only an HTTP proxy is reachable. One price, one tick of size 0. */
export class PollingFeed implements PriceFeed {
  readonly #deps: PollingFeedDeps;
  readonly #options: PollingFeedOptions;
  readonly #drops = new DropLog();
  #listener: TradeListener | null = null;
  #polls: readonly PricePoll[] = [];
  #symbolCount = 0;
  readonly #lastDataMs = new Map<string, EpochMs>();
  #newestDataMs: EpochMs | null = null;
  #turn = 0;
  #urlIndex = 0;
  #failures = 0;
  #trouble: FeedTrouble | null = null;
  #timer: TimerHandle | null = null;
  readonly #counts = { framesReceived: 0, tradesDelivered: 0, connectsStarted: 0, connectsOpened: 0, pingsSent: 0 };

  constructor(deps: PollingFeedDeps, options: PollingFeedOptions) {
    if (options.baseUrls.length === 0) throw new Error('polling needs at least one address');
    this.#deps = deps;
    this.#options = options;
  }

  start(listener: TradeListener): void {
    if (this.#listener) throw new Error('the feed has been started already');
    this.#listener = listener;
    this.#schedule(0);
  }

  setInstruments(instruments: readonly FeedInstrument[]): void {
    this.#polls = this.#deps.protocol.polls(instruments);
    this.#symbolCount = instruments.length;
    const wanted = new Set(instruments.map((i) => i.symbol));
    for (const symbol of this.#lastDataMs.keys()) if (!wanted.has(symbol)) this.#lastDataMs.delete(symbol);
  }

  stop(): Promise<void> {
    this.#listener = null;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  health(): FeedHealth {
    const nowMs = this.#deps.clock.nowMs();
    const silent = this.#polls
      .flatMap((poll) => [...poll.symbols.values()])
      .map((symbol) => ({ symbol, lastMs: this.#lastDataMs.get(symbol) ?? null }))
      .filter(({ lastMs }) => lastMs === null || isDue(lastMs, nowMs, this.#options.livenessMs))
      .map(({ symbol, lastMs }) => ({ symbol, ageMs: lastMs === null ? null : nowMs - lastMs }));
    return {
      mode: 'polling',
      connected: this.#failures === 0 && this.#newestDataMs !== null,
      dataAgeMs: this.#newestDataMs === null ? null : nowMs - this.#newestDataMs,
      silentSymbols: silent.slice(0, SILENT_LISTED_MAX),
      symbolCount: this.#symbolCount,
      failedAttempts: this.#failures,
      trouble: this.#trouble,
    };
  }

  counters(): FeedCounters {
    return { ...this.#counts, drops: this.#drops.counts() };
  }

  dropSamples() {
    return this.#drops.samples();
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#deps.clock.setTimer(delayMs, () => void this.#round());
  }

  /** One round: this turn's requests, one after the other. One that fails does not stop the others, a 429 stops them all. */
  async #round(): Promise<void> {
    const startedMs = this.#deps.clock.nowMs();
    let succeeded = 0;
    let failure: PollError | null = null;
    for (const poll of this.#nextPolls()) {
      try {
        await this.#poll(poll);
        succeeded += 1;
      } catch (error) {
        failure = error instanceof PollError ? error : new PollError(String(error), false, 0);
        this.#drop(failure.rateLimited ? 'rate-limited' : 'poll-failed', `${poll.name}: ${failure.message}`);
        if (failure.rateLimited) break;
      }
      if (!this.#listener) return;
    }
    if (!this.#listener) return;
    const elapsedMs = this.#deps.clock.nowMs() - startedMs;
    const regularMs = Math.max(0, this.#options.pollIntervalMs - elapsedMs);
    if (failure === null || (succeeded > 0 && !failure.rateLimited)) {
      this.#failures = 0;
      this.#trouble = null;
      this.#schedule(regularMs);
      return;
    }
    const { backoffMinMs, backoffMaxMs } = this.#options;
    // At least half of the bound: with full jitter a rate limit would often be met again at once.
    const bound = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(this.#failures, 30));
    const waitMs = bound / 2 + fullJitterMs(0, bound / 2, bound / 2, this.#deps.random);
    this.#failures += 1;
    const code = failure.rateLimited ? 'refused' : 'poll-failed';
    const sinceMs = this.#trouble?.sinceMs ?? startedMs;
    this.#trouble = { code, message: failure.message.slice(0, 200), symbols: [], sinceMs };
    this.#urlIndex = (this.#urlIndex + 1) % this.#options.baseUrls.length;
    this.#schedule(Math.max(regularMs, waitMs, Math.min(failure.retryAfterMs, RETRY_AFTER_MAX_MS)));
  }

  #nextPolls(): readonly PricePoll[] {
    const polls = this.#polls;
    const count = Math.min(this.#options.pollBatchSize, polls.length);
    const chosen = Array.from({ length: count }, (_, i) => polls[(this.#turn + i) % polls.length]!);
    this.#turn = polls.length === 0 ? 0 : (this.#turn + count) % polls.length;
    return chosen;
  }

  async #poll({ path, body, symbols }: PricePoll): Promise<void> {
    const { baseUrls, origin, timeoutMs } = this.#options;
    const headers: Record<string, string> = origin === null ? {} : { origin };
    this.#counts.connectsStarted += 1;
    const reply = await this.#deps.request(`${baseUrls[this.#urlIndex]!}${path}`, body, headers, timeoutMs);
    this.#counts.connectsOpened += 1;
    this.#counts.framesReceived += 1;
    if (reply.status === 429) throw new PollError('HTTP 429', true, reply.retryAfterMs ?? 0);
    if (reply.status !== 200) throw new PollError(`HTTP ${reply.status}`, false, reply.retryAfterMs ?? 0);
    const prices = this.#deps.protocol.prices(parseJson(reply.text));
    if (prices === null) throw new PollError(`not a map of prices: ${reply.text.slice(0, 100)}`, false, 0);
    const nowMs = this.#deps.clock.nowMs();
    for (const [key, symbol] of symbols) this.#deliver(symbol, prices[key], nowMs);
  }

  #deliver(symbol: string, price: unknown, nowMs: EpochMs): void {
    if (!this.#listener) return;
    if (!isPositiveText(price)) {
      this.#drop(price === undefined ? 'no-price' : 'malformed-price', `${symbol} ${String(price)}`);
      return;
    }
    const lastMs = this.#lastDataMs.get(symbol);
    // The reply carries no time of the venue: it is at most one request old.
    const tick = {
      exchange: this.#options.exchange,
      symbol,
      tradeId: `poll:${symbol.slice(0, 45)}:${nowMs}`,
      price,
      size: '0',
      side: 'buy' as const,
      venueTimeMs: nowMs,
    };
    this.#lastDataMs.set(symbol, nowMs);
    this.#newestDataMs = nowMs;
    this.#counts.tradesDelivered += 1;
    const resumed = lastMs === undefined || isDue(lastMs, nowMs, this.#options.livenessMs);
    this.#listener({ symbol, ticks: [tick], resumed, receivedAtMs: nowMs });
  }

  #drop(reason: DropCode<'price'>, sample: string): void {
    const count = this.#drops.add(reason, sample, this.#deps.clock.nowMs());
    countDrop(this.#deps.telemetry, 'price', reason);
    if (count === 1 || count % 1000 === 0) {
      this.#deps.telemetry.log('warn', logEvents.inputDropped, {
        what: 'price',
        code: reason,
        count,
        sample: sample.slice(0, 200),
      });
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
