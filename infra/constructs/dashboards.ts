import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import type { ProducerEntry } from '../stacks/producer.ts';
import type { BehaviourEntry } from './behaviours.ts';
import { moneyPanels, runPanels } from './figure-panels.ts';
import type { PlatformContext } from './platform-context.ts';
import type { DeadQueues } from './queue-source.ts';

export interface DashboardParts {
  readonly behaviours: readonly BehaviourEntry[];
  readonly producer: ProducerEntry;
  readonly dead: DeadQueues;
}

const MINUTE = Duration.minutes(1);
const WIDTH = 24;

/** Two dashboards: what is traded and how fresh it is, and one row per function. Three are free. */
export function addDashboards(scope: Construct, context: PlatformContext, parts: DashboardParts): void {
  const { stage } = context.config;
  new cloudwatch.Dashboard(scope, 'Trading', {
    dashboardName: context.nameOf('trading'),
    defaultInterval: Duration.hours(6),
    widgets: tradingPanels(`3T/${stage}`, parts),
  });
  new cloudwatch.Dashboard(scope, 'Tasks', {
    dashboardName: context.nameOf('tasks'),
    defaultInterval: Duration.hours(3),
    widgets: taskPanels(parts),
  });
}

/** A panel of one custom metric over all its label sets; the panel needs not know which labels exist. */
function panel(
  namespace: string,
  title: string,
  metric: string,
  statistic: string,
  width: number,
): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({
    title,
    width,
    height: 6,
    left: [
      new cloudwatch.MathExpression({
        expression: `SEARCH('Namespace="${namespace}" MetricName="${metric}"', '${statistic}', 60)`,
        usingMetrics: {},
        label: '',
        period: MINUTE,
      }),
    ],
    liveData: true,
  });
}

function tradingPanels(namespace: string, { producer, behaviours }: DashboardParts): cloudwatch.IWidget[][] {
  const of = (title: string, metric: string, statistic: string, width = 8) =>
    panel(namespace, title, metric, statistic, width);
  return [
    [
      of('Equity (USD)', metrics.equity, 'Maximum', 12),
      of('Margin used (USD)', metrics.marginUsed, 'Maximum', 6),
      of('Open positions', metrics.openPositions, 'Maximum', 6),
    ],
    [
      of('Desired position by symbol', metrics.desiredPosition, 'Maximum', 12),
      of('Actual position by symbol', metrics.actualPosition, 'Maximum', 12),
    ],
    [
      of('Live runs', metrics.activeRuns, 'Maximum', 5),
      of('Decisions', metrics.decisions, 'Sum', 5),
      of('Refusals', metrics.refusals, 'Sum', 5),
      new cloudwatch.LogQueryWidget({
        title: 'Refusals by code, counted when they begin',
        width: 9,
        height: 6,
        view: cloudwatch.LogQueryVisualizationType.TABLE,
        logGroupNames: behaviours
          .filter(({ lambda }) => REFUSING.includes(lambda.name))
          .map(({ lambda }) => lambda.logGroup.logGroupName),
        queryLines: [...REFUSALS_QUERY],
      }),
    ],
    runPanels(behaviours),
    moneyPanels(behaviours),
    [
      of('Orders ended, by status', metrics.ordersEnded, 'Sum'),
      of('Fills', metrics.fills, 'Sum'),
      of('Tick to order (ms, p95)', metrics.tickToOrderMs, 'p95'),
    ],
    [
      of('Age of prices (s); 10 is late, 60 is old', metrics.priceAgeSeconds, 'Maximum'),
      of('Age of candles (s); 120 is late, 300 is old', metrics.candleAgeSeconds, 'Maximum'),
      new cloudwatch.GraphWidget({
        title: 'Prices published (records a minute)',
        width: 8,
        height: 6,
        left: [producer.stream.metricIncomingRecords({ period: MINUTE, statistic: 'Sum' })],
        right: [producer.service.metricCpuUtilization({ period: MINUTE })],
        liveData: true,
      }),
    ],
    [
      of('Trades received and dropped', metrics.ticksDropped, 'Sum'),
      of('Reconnects of the feed', metrics.feedReconnects, 'Sum'),
      of('Inputs dropped at a wall', metrics.inputsDropped, 'Sum'),
    ],
  ];
}

/** Replaces Flower: is it running, how often did it succeed and fail, how long did it take, when was it last seen. */
function taskPanels({ behaviours, dead }: DashboardParts): cloudwatch.IWidget[][] {
  const names = behaviours.map((entry) => entry.lambda.logGroup.logGroupName);
  const rows = behaviours.map(({ lambda, startedBy }): cloudwatch.IWidget[] => {
    const fn = lambda.function;
    const errors = fn.metricErrors({ period: MINUTE, label: 'failed', color: cloudwatch.Color.RED });
    const invocations = fn.metricInvocations({ period: MINUTE, label: 'started' });
    const succeeded = new cloudwatch.MathExpression({
      expression: 'started - failed',
      usingMetrics: { started: invocations, failed: errors },
      label: 'succeeded',
      color: cloudwatch.Color.GREEN,
      period: MINUTE,
    });
    return [
      new cloudwatch.SingleValueWidget({
        title: `${lambda.name} (${startedBy})`,
        width: 6,
        height: 4,
        metrics: [
          fn.metric('ConcurrentExecutions', { period: MINUTE, statistic: 'Maximum', label: 'running' }),
          succeeded,
          errors,
        ],
      }),
      new cloudwatch.GraphWidget({ title: 'runs', width: 9, height: 4, left: [succeeded, errors], stacked: true }),
      new cloudwatch.GraphWidget({
        title: 'duration (ms)',
        width: 9,
        height: 4,
        left: ['p50', 'p95', 'Maximum'].map((statistic) =>
          fn.metricDuration({ period: MINUTE, statistic, label: statistic }),
        ),
      }),
    ];
  });
  return [
    [
      new cloudwatch.LogQueryWidget({
        title: 'Last run, runs and duration by function',
        width: 16,
        height: 9,
        view: cloudwatch.LogQueryVisualizationType.TABLE,
        logGroupNames: names,
        queryLines: LAST_RUN_QUERY,
      }),
      new cloudwatch.GraphWidget({
        title: 'Messages put aside',
        width: 8,
        height: 9,
        left: [dead.standard, dead.fifo].map((queue) =>
          queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
        ),
      }),
    ],
    [
      new cloudwatch.GraphWidget({
        title: 'Messages waiting',
        width: 12,
        height: 6,
        left: behaviours
          .flatMap(({ queues }) => queues)
          .map((queue) => queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' })),
      }),
      new cloudwatch.GraphWidget({
        title: 'Behind the stream (ms)',
        width: 12,
        height: 6,
        left: behaviours
          .filter(({ startedBy }) => startedBy === 'stream')
          .map(({ lambda }) =>
            lambda.function.metric('IteratorAge', { period: MINUTE, statistic: 'Maximum', label: lambda.name }),
          ),
      }),
    ],
    ...rows,
    [
      new cloudwatch.TextWidget({
        width: WIDTH,
        height: 2,
        markdown:
          'Alarms name their section of docs/RUNBOOK.md. Saved queries: CloudWatch, Logs Insights, folder of this stage.',
      }),
    ],
  ];
}

/** Who refuses orders. */
const REFUSING = ['reconciliation', 'order-gateway'];

/**
 * From log lines: a code can be any of dozens, each of which would be billed for a month as a metric of its own once it occurred.
 * A refusal that stands is one line, and the metric counts it in every cycle.
 */
export const REFUSALS_QUERY: readonly string[] = [
  'fields coalesce(refused, code, concat("venue:", answer.code)) as refusal',
  `filter (event = "${logEvents.decisionRecorded}" and kind = "refusal") or (event = "${logEvents.orderAnswered}" and (ispresent(refused) or answer.kind = "rejected"))`,
  'stats count(*) as begun, latest(@timestamp) as last by refusal',
  'sort begun desc',
];

/** Lambda writes one platform.report at the end of each run. */
export const LAST_RUN_QUERY: string[] = [
  'fields @timestamp, @log',
  'filter type = "platform.report"',
  'stats latest(@timestamp) as lastRun, count(*) as runs, avg(record.metrics.durationMs) as avgMs, max(record.metrics.durationMs) as maxMs, max(record.metrics.maxMemoryUsedMB) as maxMB by @log',
  'sort lastRun desc',
];
