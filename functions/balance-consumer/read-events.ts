import type { KinesisStreamEvent } from 'aws-lambda';
import { type AccountEvent, accountEventSchema } from '#shared/messages/account-event.ts';

export interface AccountEvents {
  /** The newest event of each account of the batch: the check reads all stored balances anyway. */
  readonly newest: readonly { readonly sequenceNumber: string; readonly event: AccountEvent }[];
  readonly poison: readonly { readonly sequenceNumber: string; readonly error: string; readonly sample: string }[];
}

const SAMPLE_MAX = 300;

/** Decodes a Kinesis batch; what is not an account event is named, not thrown. */
export function readEvents(batch: KinesisStreamEvent): AccountEvents {
  const newest = new Map<string, { sequenceNumber: string; event: AccountEvent }>();
  const poison: { sequenceNumber: string; error: string; sample: string }[] = [];
  for (const { kinesis } of batch.Records) {
    const { sequenceNumber } = kinesis;
    const text = Buffer.from(kinesis.data, 'base64').toString('utf8');
    const parsed = accountEventSchema.safeParse(parseJson(text));
    if (parsed.success) {
      const event = parsed.data;
      newest.set(`${event.exchange}:${event.account}`, { sequenceNumber, event });
    } else {
      poison.push({
        sequenceNumber,
        error: parsed.error.message.slice(0, SAMPLE_MAX),
        sample: text.slice(0, SAMPLE_MAX),
      });
    }
  }
  return { newest: [...newest.values()], poison };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
