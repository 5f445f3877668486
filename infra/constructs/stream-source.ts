import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kinesis from 'aws-cdk-lib/aws-kinesis';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { S3OnFailureDestination } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Config } from '#config/schema.ts';
import type { LambdaBehaviour } from './lambda-behaviour.ts';
import type { PlatformContext } from './platform-context.ts';

export type ConsumerSettings = Config['streams']['consumers']['price_consumer'];

/** What Lambda's poller needs of the function's role to read a stream. */
export const streamStatements = (stream: kinesis.IStream): iam.PolicyStatement[] => [
  new iam.PolicyStatement({
    actions: [
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
    ],
    resources: [stream.streamArn],
  }),
];

/**
 * Bounded in every direction: a record that cannot be worked off is tried a few times, alone in the end, and then goes to the
 * poison bucket with its payload, so that it never blocks its shard for a day.
 */
export function addStreamSource(
  target: LambdaBehaviour,
  context: PlatformContext,
  props: { readonly stream: kinesis.IStream; readonly poison: s3.IBucket; readonly settings: ConsumerSettings },
): EventSourceMapping {
  const { stream, poison, settings } = props;
  return new EventSourceMapping(target, 'Stream', {
    target: target.function,
    eventSourceArn: stream.streamArn,
    enabled: context.entriesOpen,
    // LATEST can miss what arrives while the mapping is made.
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: settings.batch_size,
    maxBatchingWindow: Duration.seconds(settings.window_s),
    retryAttempts: settings.retries,
    maxRecordAge: Duration.seconds(settings.max_record_age_s),
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    // One batch of a shard at a time: order is worth more than speed here.
    parallelizationFactor: 1,
    onFailure: new S3OnFailureDestination(poison),
    supportS3OnFailureDestination: true,
  });
}
