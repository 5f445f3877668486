import type { KinesisStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { type MarketBundle, marketBundleSchema } from '#shared/messages/market-bundle.ts';

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
    const bad = (error: string) =>
      poison.push({ sequenceNumber: kinesis.sequenceNumber, error, sample: text.slice(0, SAMPLE_MAX) });
    try {
      const parsed = marketBundleSchema.safeParse(JSON.parse(text));
      if (parsed.success) bundles.push(parsed.data);
      else bad(z.prettifyError(parsed.error).slice(0, SAMPLE_MAX));
    } catch {
      bad('not JSON');
    }
  }
  return { bundles, poison };
}
