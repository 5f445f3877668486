import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { PlatformContext } from './platform-context.ts';

/** Heading `Alarm: <section>` in docs/RUNBOOK.md. */
export const runbookLink = (section: string): string => `docs/RUNBOOK.md#alarm-${section}`;

export interface AlarmSignal {
  readonly metric: cloudwatch.IMetric;
  readonly comparison: 'at-least' | 'below';
  readonly threshold: number;
  /** Periods looked at, and how many of them must be bad. */
  readonly periods: number;
  readonly badPeriods: number;
  /** True where silence is the very thing to notice. */
  readonly silenceIsBad: boolean;
  /** What it means, as the start of a sentence in the alarm's mail. */
  readonly meaning: string;
}

export interface BehaviourAlarmsProps {
  readonly behaviour: string;
  /** Section of the runbook. */
  readonly section: string;
  readonly failing: AlarmSignal;
  readonly notRunning: AlarmSignal;
  readonly topic: sns.ITopic;
}

/** The two alarms of a behaviour: it fails, or it does not run. Both name the section of the runbook. */
export class BehaviourAlarms extends Construct {
  readonly failing: cloudwatch.Alarm;
  readonly notRunning: cloudwatch.Alarm;

  constructor(scope: Construct, context: PlatformContext, props: BehaviourAlarmsProps) {
    super(scope, `Alarms-${props.behaviour}`);
    const alarm = (id: string, signal: AlarmSignal) => {
      const made = new cloudwatch.Alarm(this, id, {
        alarmName: `${context.nameOf(props.behaviour)}-${id === 'Failing' ? 'failing' : 'not-running'}`,
        alarmDescription: `${signal.meaning} What to do: ${runbookLink(props.section)}`,
        metric: signal.metric,
        threshold: signal.threshold,
        comparisonOperator:
          signal.comparison === 'below'
            ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
            : cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: signal.periods,
        datapointsToAlarm: signal.badPeriods,
        treatMissingData: signal.silenceIsBad
          ? cloudwatch.TreatMissingData.BREACHING
          : cloudwatch.TreatMissingData.NOT_BREACHING,
        actionsEnabled: context.entriesOpen,
      });
      made.addAlarmAction(new SnsAction(props.topic));
      made.addOkAction(new SnsAction(props.topic));
      return made;
    };
    this.failing = alarm('Failing', props.failing);
    this.notRunning = alarm('NotRunning', props.notRunning);
  }
}

/** Errors in two of the last three beats (or one, where a single one matters). */
export const errorsSignal = (metric: cloudwatch.IMetric, meaning: string, single = false): AlarmSignal => ({
  metric,
  comparison: 'at-least',
  threshold: 1,
  periods: single ? 1 : 3,
  badPeriods: single ? 1 : 2,
  silenceIsBad: false,
  meaning,
});

/** No invocation for `periods` beats. */
export const silenceSignal = (metric: cloudwatch.IMetric, periods: number, meaning: string): AlarmSignal => ({
  metric,
  comparison: 'below',
  threshold: 1,
  periods,
  badPeriods: periods,
  silenceIsBad: true,
  meaning,
});

/** Messages that wait longer than `seconds`, three minutes in a row. */
export const waitingSignal = (metric: cloudwatch.IMetric, seconds: number, meaning: string): AlarmSignal => ({
  metric,
  comparison: 'at-least',
  threshold: seconds,
  periods: 3,
  badPeriods: 3,
  silenceIsBad: false,
  meaning,
});

/** CloudWatch periods are whole minutes up to a day. */
export const beat = (seconds: number): Duration => Duration.minutes(Math.max(1, Math.ceil(seconds / 60)));
