import type { KinesisStreamEvent } from 'aws-lambda';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';
import { readMarketRecord } from '#shared/messages/market-record.ts';

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
    const read = readMarketRecord(text);
    if (read.kind === 'trades') bundles.push(read.bundle);
    if (read.kind === 'malformed')
      poison.push({ sequenceNumber: kinesis.sequenceNumber, error: read.error, sample: text.slice(0, SAMPLE_MAX) });
  }
  return { bundles, poison };
}
