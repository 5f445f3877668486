const REGION = 'ap-northeast-1';
const ACCOUNT = '000000000000';
const SHARD = 'shardId-000000000000';

export interface StoredRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: string;
  readonly arrivedAtMs: number;
}

/** A record as the envelope carries it; bytes need not be text. */
export interface EnvelopeRecord extends Omit<StoredRecord, 'data'> {
  readonly data: string | Uint8Array;
}

/** The event that Lambda's Kinesis event source mapping hands to a function. Shape: AWS Lambda developer guide, "Using Lambda with Kinesis". */
export function kinesisEvent(streamName: string, records: readonly EnvelopeRecord[]): unknown {
  const arn = `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${streamName}`;
  return {
    Records: records.map((r) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: r.partitionKey,
        sequenceNumber: r.sequenceNumber,
        data: (typeof r.data === 'string' ? Buffer.from(r.data, 'utf8') : Buffer.from(r.data)).toString('base64'),
        approximateArrivalTimestamp: r.arrivedAtMs / 1000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${SHARD}:${r.sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: `arn:aws:iam::${ACCOUNT}:role/embedded`,
      awsRegion: REGION,
      eventSourceARN: arn,
    })),
  };
}
