import type { Admission } from '#shared/core/market/tick-sequence.ts';
import type { TimerHandle } from '#shared/ports/clock.ts';
import type { TradeBatch } from '#shared/ports/price-feed.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { PricePublisher } from '#shared/usecases/publish-prices.ts';
import type { PriceProducerDeps } from './deps.ts';
import type { PriceProducerEnv } from './env.ts';
import { FeedReporter } from './feed-reporter.ts';
import { judgeHealth, type PriceProducerHealth } from './health.ts';

export interface PriceProducer {
  /** Reads the symbols, then follows them until stopped; never rejects, a failing start is tried again. */
  start(): Promise<void>;
  /** Stops the feed, publishes what is pending, and returns how many trades the stream did not take in time. */
  stop(): Promise<number>;
  health(): PriceProducerHealth;
  /** Reads the symbols again now: after `symbols add`. */
  reloadInstruments(): Promise<void>;
}

/** Feed → publisher → stream `market`, for the managed symbols of one exchange. */
export function createPriceProducer(deps: PriceProducerDeps, env: PriceProducerEnv): PriceProducer {
  const { clock, feed, telemetry } = deps;
  const publisher = new PricePublisher(deps, env);
  const reporter = new FeedReporter(deps, env.exchange);
  let reloadTimer: TimerHandle | null = null;
  let stopped = false;

  const reloadInstruments = async (): Promise<void> => {
    reloadTimer?.cancel();
    let delayMs = env.instrumentsRetryMs;
    try {
      const products = await deps.instruments.products(env.exchange);
      // An unmanaged symbol may still have a position to be closed: its price is needed until it is gone.
      const followed = products.map((p) => p.instrument).filter((i) => i.status === 'active');
      feed.setInstruments(followed);
      if (followed.length > 0) delayMs = env.instrumentsReloadMs;
    } catch (error) {
      telemetry.log('error', 'producer.instruments-unreadable', { error: String(error) });
    }
    reloadTimer?.cancel();
    if (!stopped) reloadTimer = clock.setTimer(delayMs, () => void reloadInstruments());
  };

  let drops = 0;
  const report = (batch: TradeBatch, admission: Admission): void => {
    const labels = { exchange: env.exchange };
    telemetry.count(metrics.ticks, batch.ticks.length, labels);
    if (admission.admitted === batch.ticks.length && admission.overflow === 0) return;
    for (const reason of ['duplicate', 'late', 'stale', 'future', 'overflow'] as const) {
      if (admission[reason] > 0) telemetry.count(metrics.ticksDropped, admission[reason], { ...labels, reason });
    }
    const lost = admission.late + admission.stale + admission.future + admission.overflow;
    // The first and every thousandth: bad data must not become a flood of log lines.
    if (lost > 0 && (drops === 0 || Math.floor(drops / 1000) !== Math.floor((drops + lost) / 1000))) {
      const fields = { what: 'trade', code: 'out-of-order', ...admission, sample: batch.ticks[0] };
      telemetry.log('warn', logEvents.inputDropped, fields);
    }
    drops += lost;
  };

  return {
    start: async () => {
      await reloadInstruments();
      if (stopped) return;
      feed.start((batch) => report(batch, publisher.ingest(batch)));
      reporter.start();
    },
    stop: async () => {
      stopped = true;
      reloadTimer?.cancel();
      reporter.stop();
      await feed.stop();
      return publisher.stop(env.stopTimeoutMs);
    },
    health: () => judgeHealth(feed.health(), feed.counters(), publisher.stats(), clock.nowMs(), env.livenessMs),
    reloadInstruments,
  };
}
