import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import type { BehaviourEntry } from './behaviours.ts';

/** A panel drawn from the log lines of one function, which have the figures by the names of their metrics. */
function figures(
  behaviours: readonly BehaviourEntry[],
  panel: {
    readonly title: string;
    readonly width: number;
    readonly from: string;
    readonly statistics: string;
    readonly table?: boolean;
  },
): cloudwatch.LogQueryWidget {
  const group = behaviours.find(({ lambda }) => lambda.name === panel.from)!.lambda.logGroup;
  return new cloudwatch.LogQueryWidget({
    title: panel.title,
    width: panel.width,
    height: 6,
    view: panel.table ? cloudwatch.LogQueryVisualizationType.TABLE : cloudwatch.LogQueryVisualizationType.LINE,
    logGroupNames: [group.logGroupName],
    queryLines: [
      `filter event = "${logEvents.figures}"${panel.table ? ' and ispresent(symbol)' : ''}`,
      `stats ${panel.statistics}`,
    ],
  });
}

const newest = (as: string, metric: string): string => `latest(${metric}) as ${as}`;
const highest = (as: string, metric: string): string => `max(${metric}) as ${as}`;

export function runPanels(behaviours: readonly BehaviourEntry[]): cloudwatch.IWidget[] {
  const from = 'run-supervisor';
  const long = [highest('long', metrics.runsLong), highest('short', metrics.runsShort)];
  const pnl = [highest('total', metrics.runsPnl), highest('mean', metrics.runsPnlMean)];
  const won = [highest('profit', metrics.runsWinning), highest('loss', metrics.runsLosing)];
  const bySymbol = [newest('runs', metrics.runsBySymbol), newest('pnl', metrics.runsPnlBySymbol)];
  const overTime = (parts: readonly string[]) => `${parts.join(', ')} by bin(5m)`;
  return [
    figures(behaviours, { title: 'Profit of live runs (USD)', width: 6, from, statistics: overTime(pnl) }),
    figures(behaviours, {
      title: 'Live runs by direction',
      width: 6,
      from,
      statistics: overTime([...long, highest('flat', metrics.runsFlat)]),
    }),
    figures(behaviours, { title: 'Live runs in profit and in loss', width: 6, from, statistics: overTime(won) }),
    figures(behaviours, {
      title: 'Live runs and their profit by symbol',
      width: 6,
      from,
      statistics: `${bySymbol.join(', ')} by symbol`,
      table: true,
    }),
  ];
}

export function moneyPanels(behaviours: readonly BehaviourEntry[]): cloudwatch.IWidget[] {
  const from = 'balance';
  const value = [highest('value', metrics.positionsValue), highest('unrealized', metrics.unrealizedPnl)];
  return [
    figures(behaviours, {
      title: 'Positions: value and unrealised profit (USD)',
      width: 8,
      from,
      statistics: `${value.join(', ')} by bin(5m)`,
    }),
    figures(behaviours, {
      title: 'Margin used ÷ equity',
      width: 8,
      from,
      statistics: `${highest('ratio', metrics.marginRatio)} by bin(5m)`,
    }),
    figures(behaviours, {
      title: 'Change from baseline (0.1 is 10 %)',
      width: 8,
      from: 'balance-consumer',
      statistics: `${newest('fraction', metrics.changeFraction)} by bin(5m)`,
    }),
  ];
}
