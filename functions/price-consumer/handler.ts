import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import type { FeedStatus } from '#shared/messages/feed-status.ts';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';
import { readMarketRecord } from '#shared/messages/market-record.ts';
import { countDrop } from '#shared/telemetry/count-drop.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { noteFeedStatus } from '#shared/usecases/note-feed-status.ts';
import { storePrices } from '#shared/usecases/store-prices.ts';
import type { PriceConsumerDeps } from './deps.ts';
import type { PriceConsumerEnv } from './env.ts';

const SAMPLE_MAX = 200;

/**
 * Kinesis `market` → prices, and what the feed says of itself. All readable records are stored, also those after a poison one; the poison ones are reported, so that
 * the stream retries them and then puts them away with their payload. A database that fails rejects, and the whole batch comes again.
 */
export function createHandler(deps: PriceConsumerDeps, _env: PriceConsumerEnv) {
  return async (event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> => {
    const bundles: MarketBundle[] = [];
    const feeds = new Map<string, FeedStatus>();
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const record of event.Records) {
      const { sequenceNumber, data } = record.kinesis;
      const text = Buffer.from(data, 'base64').toString('utf8');
      const read = readMarketRecord(text);
      if (read.kind === 'trades') bundles.push(read.bundle);
      // The newest one of a venue says all.
      if (read.kind === 'feed-status') feeds.set(read.status.exchange, read.status);
      if (read.kind !== 'malformed') continue;
      batchItemFailures.push({ itemIdentifier: sequenceNumber });
      const sample = text.slice(0, SAMPLE_MAX);
      const fields = countDrop(deps.telemetry, 'market-bundle', 'malformed');
      deps.telemetry.log('error', logEvents.inputDropped, { ...fields, sequenceNumber, error: read.error, sample });
    }
    await storePrices(deps, bundles);
    for (const feed of feeds.values()) await noteFeedStatus(deps, feed);
    return { batchItemFailures };
  };
}
