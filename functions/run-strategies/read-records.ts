import type { KinesisStreamEvent } from 'aws-lambda';
import { type MarketBundle, readMarketBundle } from '#shared/messages/market-bundle.ts';

export interface PoisonRecord {
  readonly sequenceNumber: string;
  readonly error: string;
  /** Beginning of the payload, for the log. */
  readonly sample: string;
}

const SAMPLE_MAX = 200;

/** Bundles in stream order, and the records that are none. */
export function readRecords(event: KinesisStreamEvent): {
  readonly bundles: readonly MarketBundle[];
  readonly poison: readonly PoisonRecord[];
} {
  const bundles: MarketBundle[] = [];
  const poison: PoisonRecord[] = [];
  for (const { kinesis } of event.Records) {
    const text = Buffer.from(kinesis.data, 'base64').toString('utf8');
    const read = readMarketBundle(text);
    if (read.success) bundles.push(read.data);
    else poison.push({ sequenceNumber: kinesis.sequenceNumber, error: read.error, sample: text.slice(0, SAMPLE_MAX) });
  }
  return { bundles, poison };
}
