import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import * as z from 'zod';
import { type MarketBundle, marketBundleSchema } from '#shared/messages/market-bundle.ts';
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
      const bundle = readBundle(record);
      if (bundle.success) {
        bundles.push(bundle.data);
        continue;
      }
      const { sequenceNumber, data } = record.kinesis;
      batchItemFailures.push({ itemIdentifier: sequenceNumber });
      const sample = Buffer.from(data, 'base64').toString('utf8').slice(0, SAMPLE_MAX);
      const fields = { what: 'market-bundle', code: 'malformed' };
      deps.telemetry.count(metrics.inputsDropped, 1, fields);
      deps.telemetry.log('error', logEvents.inputDropped, { ...fields, sequenceNumber, error: bundle.error, sample });
    }
    await storePrices(deps, bundles);
    return { batchItemFailures };
  };
}

type Read =
  | { readonly success: true; readonly data: MarketBundle }
  | { readonly success: false; readonly error: string };

function readBundle(record: KinesisStreamRecord): Read {
  try {
    const json: unknown = JSON.parse(Buffer.from(record.kinesis.data, 'base64').toString('utf8'));
    const parsed = marketBundleSchema.safeParse(json);
    return parsed.success ? parsed : { success: false, error: z.prettifyError(parsed.error).slice(0, SAMPLE_MAX) };
  } catch {
    return { success: false, error: 'not JSON' };
  }
}
