import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { type MarketBundle, readMarketBundle } from '#shared/messages/market-bundle.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { storePrices } from '#shared/usecases/store-prices.ts';
import type { PriceConsumerDeps } from './deps.ts';
import type { PriceConsumerEnv } from './env.ts';

const SAMPLE_MAX = 200;

/**
 * Kinesis `market` → prices. All readable records are stored, also those after a poison one; the poison ones are reported, so that
 * the stream retries them and then puts them away with their payload. A database that fails rejects, and the whole batch comes again.
 */
export function createHandler(deps: PriceConsumerDeps, _env: PriceConsumerEnv) {
  return async (event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> => {
    const bundles: MarketBundle[] = [];
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const record of event.Records) {
      const { sequenceNumber, data } = record.kinesis;
      const text = Buffer.from(data, 'base64').toString('utf8');
      const bundle = readMarketBundle(text);
      if (bundle.success) {
        bundles.push(bundle.data);
        continue;
      }
      batchItemFailures.push({ itemIdentifier: sequenceNumber });
      const sample = text.slice(0, SAMPLE_MAX);
      const fields = { what: 'market-bundle', code: 'malformed' };
      deps.telemetry.count(metrics.inputsDropped, 1, fields);
      deps.telemetry.log('error', logEvents.inputDropped, { ...fields, sequenceNumber, error: bundle.error, sample });
    }
    await storePrices(deps, bundles);
    return { batchItemFailures };
  };
}
