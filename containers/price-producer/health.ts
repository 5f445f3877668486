import { isDue, judgeAge } from '#shared/core/age.ts';
import type { FeedCounters, FeedHealth } from '#shared/ports/price-feed.ts';
import type { PublishPricesStats } from '#shared/usecases/publish-prices.ts';

export interface PriceProducerHealth {
  readonly healthy: boolean;
  /** Why not, in words; empty when healthy. */
  readonly problems: readonly string[];
  readonly feed: FeedHealth;
  readonly counters: FeedCounters;
  readonly publisher: PublishPricesStats;
}

/** Judges by the age of data and by whether the stream takes it, never by the state of a socket. */
export function judgeHealth(
  feed: FeedHealth,
  counters: FeedCounters,
  publisher: PublishPricesStats,
  nowMs: number,
  livenessMs: number,
): PriceProducerHealth {
  const problems: string[] = [];
  if (feed.symbolCount === 0) problems.push('no symbols to follow');
  else if (feed.dataAgeMs === null) problems.push('no prices yet');
  else if (judgeAge(feed.dataAgeMs, livenessMs - 1) !== 'fresh') problems.push(`no prices for ${feed.dataAgeMs} ms`);
  if (publisher.failingSinceMs !== null && isDue(publisher.failingSinceMs, nowMs, livenessMs)) {
    problems.push(`the stream has refused records for ${nowMs - publisher.failingSinceMs} ms`);
  }
  return { healthy: problems.length === 0, problems, feed, counters, publisher };
}
