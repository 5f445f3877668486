import * as iam from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { LambdaBehaviour } from './lambda-behaviour.ts';
import type { PlatformContext } from './platform-context.ts';

const MINUTE_S = 60;
/** A beat is worth its minute; without this a schedule repeats for a day. */
const RETRY = { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 60 };

/** Scheduler's universal target for SQS. */
const SEND_MESSAGE = 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage';

export interface ScheduleProps {
  readonly job: string;
  readonly everySeconds: number;
  /** Standard queue of the function; slots of cadences below a minute travel through it. */
  readonly requests: sqs.IQueue | null;
}

/** Schedules that one cadence needs, and the slots of a minute at which each delivers. */
export const slotsOf = (everySeconds: number): readonly number[] =>
  everySeconds >= MINUTE_S ? [0] : Array.from({ length: MINUTE_S / everySeconds }, (_, index) => index * everySeconds);

/**
 * The Input of a schedule (shared/messages/scheduled-job.ts). Scheduler fills in what stands in angle brackets. The slot is
 * `scheduledTime` + `offsetS`: Scheduler may deliver twice, and the slot is how the second is known.
 */
export const scheduleInput = (job: string, offsetSeconds: number): string =>
  JSON.stringify({
    v: 1,
    type: 'schedule',
    job,
    scheduledTime: '<aws.scheduler.scheduled-time>',
    executionId: '<aws.scheduler.execution-id>',
    attempt: '<aws.scheduler.attempt-number>',
    ...(offsetSeconds === 0 ? {} : { offsetS: offsetSeconds }),
  });

/**
 * Whole minutes of the clock wherever an hour divides into them: a rate counts from the second at which the schedule was made, and two
 * slots of a minute could then fall together.
 */
const expressionOf = (minutes: number): string => {
  if (minutes === 1) return 'cron(* * * * ? *)';
  return minutes < 60 && 60 % minutes === 0 ? `cron(0/${minutes} * * * ? *)` : `rate(${minutes} minutes)`;
};

/** From a minute up the schedule invokes the function; below, one schedule per slot puts a delayed message on its queue (ADR 0003). */
export class Schedule extends Construct {
  constructor(target: LambdaBehaviour, context: PlatformContext, props: ScheduleProps) {
    super(target, 'Schedule');
    const direct = props.everySeconds >= MINUTE_S;
    const { requests } = props;
    if (!direct && requests === null) throw new Error(`${props.job} has no queue for a cadence below a minute`);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com'),
      description: `3T ${context.config.stage}: schedule of ${props.job}`,
      inlinePolicies: {
        deliver: new iam.PolicyDocument({
          statements: [
            direct
              ? new iam.PolicyStatement({
                  actions: ['lambda:InvokeFunction'],
                  resources: [target.function.functionArn],
                })
              : new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [requests!.queueArn] }),
          ],
        }),
      },
    });
    for (const offsetS of slotsOf(props.everySeconds)) {
      const input = scheduleInput(props.job, offsetS);
      new CfnSchedule(this, `At${offsetS}`, {
        name: context.nameOf(direct ? props.job : `${props.job}-${offsetS}`),
        description: `3T ${context.config.stage}: ${props.job} every ${props.everySeconds} s, slot ${offsetS}`,
        scheduleExpression: expressionOf(Math.max(1, props.everySeconds / MINUTE_S)),
        flexibleTimeWindow: { mode: 'OFF' },
        state: context.entriesOpen ? 'ENABLED' : 'DISABLED',
        target: direct
          ? { arn: target.function.functionArn, roleArn: role.roleArn, input, retryPolicy: RETRY }
          : {
              arn: SEND_MESSAGE,
              roleArn: role.roleArn,
              input: JSON.stringify({ QueueUrl: requests!.queueUrl, DelaySeconds: offsetS, MessageBody: input }),
              retryPolicy: RETRY,
            },
      });
    }
  }
}
