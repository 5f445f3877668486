import { isDue } from '#shared/core/age.ts';
import { encodeFeedStatus } from '#shared/messages/feed-status.ts';
import type { Clock, TimerHandle } from '#shared/ports/clock.ts';
import type { EventStream } from '#shared/ports/event-stream.ts';
import type { FeedTrouble, PriceFeed } from '#shared/ports/price-feed.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

const LOOK_EVERY_MS = 5_000;
/** A lost connection is usually back within this. */
const PATIENCE_MS = 10_000;
/** While a trouble lasts, and once after it. */
const REPEAT_MS = 30_000;

export interface FeedReporterDeps {
  readonly clock: Clock;
  readonly feed: Pick<PriceFeed, 'health'>;
  readonly stream: EventStream;
  readonly telemetry: Telemetry;
}

/** Tells the stream why prices do not come, and that they come again: at the start, on a change, and while it lasts. */
export class FeedReporter {
  readonly #deps: FeedReporterDeps;
  readonly #exchange: string;
  #timer: TimerHandle | null = null;
  /** What was said last; null before the first time. */
  #said: { readonly text: string; readonly atMs: number } | null = null;

  constructor(deps: FeedReporterDeps, exchange: string) {
    this.#deps = deps;
    this.#exchange = exchange;
  }

  start(): void {
    this.#timer = this.#deps.clock.setTimer(LOOK_EVERY_MS, () => {
      this.start();
      return this.#look();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { clock, feed, stream, telemetry } = this.#deps;
    const nowMs = clock.nowMs();
    const health = feed.health();
    const trouble = isTelling(health.trouble, nowMs) ? health.trouble : null;
    // Nothing is known before the first price, or why there is none.
    if (trouble === null && health.dataAgeMs === null) return;
    const text = JSON.stringify(trouble);
    const isNews = this.#said?.text !== text || (trouble !== null && isDue(this.#said.atMs, nowMs, REPEAT_MS));
    if (!isNews) return;
    const data = encodeFeedStatus({
      exchange: this.#exchange,
      atMs: nowMs,
      trouble: trouble === null ? null : { ...trouble, symbols: [...trouble.symbols] },
    });
    try {
      await stream.put([{ partitionKey: this.#exchange, data }]);
      this.#said = { text, atMs: nowMs };
    } catch (error) {
      // Said again at the next look.
      telemetry.log('error', 'producer.feed-status-unsent', { error: String(error) });
    }
  }
}

const isTelling = (trouble: FeedTrouble | null, nowMs: number): trouble is FeedTrouble =>
  trouble !== null && (trouble.code === 'refused' || isDue(trouble.sinceMs, nowMs, PATIENCE_MS));
