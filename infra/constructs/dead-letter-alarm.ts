import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { runbookLink } from './behaviour-alarms.ts';
import type { PlatformContext } from './platform-context.ts';

export const DEAD_LETTERS = 'dead-letters';

/** One message that nobody could work off is enough; an alarm for each of the two queues of such messages. */
export function alarmOnDeadLetters(
  scope: Construct,
  context: PlatformContext,
  queues: Readonly<Record<'standard' | 'fifo', sqs.Queue>>,
  topic: sns.ITopic,
): void {
  for (const [kind, queue] of Object.entries(queues)) {
    const alarm = new cloudwatch.Alarm(scope, `DeadLetters-${kind}`, {
      alarmName: context.nameOf(`${DEAD_LETTERS}-${kind}`),
      alarmDescription: `A message was received too often and put aside. What to do: ${runbookLink(DEAD_LETTERS)}`,
      metric: queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: cloudwatch.Stats.MAXIMUM,
      }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      actionsEnabled: context.entriesOpen,
    });
    alarm.addAlarmAction(new SnsAction(topic));
  }
}
