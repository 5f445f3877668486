import { observersOf } from '#config/function-environments.ts';
import { FUNCTIONS, type FunctionFolder } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import { exchangeOf, exchangesOf } from '#config/venues.ts';
import { cloudwatchMetrics } from '#shared/telemetry/cloudwatch-metrics.ts';
import { ASSUMPTIONS, RUNS } from './assumptions.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
export interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** Runs of one function in a month. */
export interface FunctionUsage {
  readonly name: string;
  readonly memoryMiB: number;
  readonly runs: number;
  readonly ms: number;
  /** On average. */
  readonly statements: number;
  readonly traced: boolean;
}

/** What a month of a stage uses, counted from its templates and settings. */
export interface Usage {
  readonly minAcu: number;
  readonly shards: number;
  readonly task: { readonly vcpu: number; readonly gb: number; readonly publicAddress: boolean } | null;
  readonly secrets: number;
  readonly alarmMetrics: number;
  readonly dashboards: number;
  readonly standardQueueMappings: number;
  readonly fifoQueueMappings: number;
  readonly scheduleInvocations: number;
  readonly natGateways: number;
  readonly customMetrics: number;
  readonly marketRecords: number;
  readonly accountRecords: number;
  readonly messages: number;
  readonly functions: readonly FunctionUsage[];
}

const monthSeconds = ASSUMPTIONS.hours * 3600;

export function usageOf(config: Config, templates: readonly TemplateJson[]): Usage {
  const resources = templates.flatMap((template) => Object.entries(template.Resources));
  const ofType = (type: string): readonly Readonly<Record<string, unknown>>[] =>
    resources
      .filter(([, resource]) => resource.Type === `AWS::${type}`)
      .map(([, resource]) => resource.Properties ?? {});
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  const [cluster] = ofType('RDS::DBCluster');
  const scaling = cluster?.ServerlessV2ScalingConfiguration as { MinCapacity: number } | undefined;
  const [task] = ofType('ECS::TaskDefinition');
  const [service] = ofType('ECS::Service');
  const awsvpc = (service?.NetworkConfiguration as { AwsvpcConfiguration?: { AssignPublicIp?: string } } | undefined)
    ?.AwsvpcConfiguration;
  const mappings = ofType('Lambda::EventSourceMapping').filter((mapping) => mapping.StartingPosition === undefined);
  const fifo = new Set(
    resources
      .filter(([, { Type, Properties }]) => Type === 'AWS::SQS::Queue' && Properties?.FifoQueue === true)
      .map(([id]) => id),
  );
  const isFifo = (mapping: Readonly<Record<string, unknown>>): boolean =>
    fifo.has((mapping.EventSourceArn as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0]);
  const schedules = ofType('Scheduler::Schedule').map((schedule) => ({
    name: String(schedule.Name),
    runs: monthSeconds / 60 / Number(/rate\((\d+) minute/.exec(String(schedule.ScheduleExpression))?.[1] ?? 1),
  }));
  const functions = ofType('Lambda::Function').map((fn) => ({
    name: String(fn.FunctionName).replace(`3t-${config.stage}-`, ''),
    memoryMiB: Number(fn.MemorySize),
    traced: (fn.TracingConfig as { Mode: string }).Mode === 'Active',
  }));
  const running = service !== undefined;
  const [exchange] = exchangesOf(config);
  const symbols = exchangeOf(config, exchange).symbols.length;
  const scheduled = (name: string): number =>
    sum(
      schedules
        .filter((s) => s.name.replace(`3t-${config.stage}-`, '').replace(/-\d+$/, '') === name.replace(/-\d+$/, ''))
        .map((s) => s.runs),
    ) / (/^observer-\d+$/.test(name) ? observersOf(config, exchange).length : 1);
  const usages = functions.map((fn): FunctionUsage => {
    const kind = observersOf(config, exchange).some(({ id }) => id === fn.name) ? 'observer' : fn.name;
    const run = RUNS[kind];
    if (run === undefined) throw new Error(`nothing is assumed about a run of ${fn.name}`);
    const beats = scheduled(fn.name);
    const runs = beats + (running ? unscheduled(kind, config, symbols) : rest(kind));
    // An observer has no database to claim its slot in.
    const claims = kind === 'observer' || runs === 0 ? 0 : (beats * ASSUMPTIONS.statementsPerSlot) / runs;
    return { ...fn, ...run, statements: run.statements + claims, runs };
  });
  return {
    minAcu: scaling?.MinCapacity ?? 0,
    shards: sum(ofType('Kinesis::Stream').map((stream) => Number(stream.ShardCount))),
    task:
      running && task && Number(service.DesiredCount) > 0
        ? {
            vcpu: Number(task.Cpu) / 1024,
            gb: Number(task.Memory) / 1024,
            publicAddress: awsvpc?.AssignPublicIp === 'ENABLED',
          }
        : null,
    secrets: ofType('SecretsManager::Secret').length,
    alarmMetrics: sum(
      ofType('CloudWatch::Alarm').map((alarm) =>
        Math.max(1, ((alarm.Metrics ?? []) as { MetricStat?: unknown }[]).filter((m) => m.MetricStat).length),
      ),
    ),
    dashboards: ofType('CloudWatch::Dashboard').length,
    standardQueueMappings: mappings.filter((mapping) => !isFifo(mapping)).length,
    fifoQueueMappings: mappings.filter(isFifo).length,
    scheduleInvocations: sum(schedules.map((schedule) => schedule.runs)),
    natGateways: ofType('EC2::NatGateway').length,
    customMetrics: running ? customMetrics(symbols) : 0,
    marketRecords: running ? symbols * ASSUMPTIONS.marketRecordsPerSymbolSecond * monthSeconds : 0,
    accountRecords: running ? monthSeconds / config.cadences.balance : 0,
    messages: sum(usages.filter((fn) => FUNCTIONS[fn.name as FunctionFolder]?.kind !== 'stream').map((fn) => fn.runs)),
    functions: usages,
  };
}

/** Series that are sent all the time, and those that are sent now and then. */
function customMetrics(symbols: number): number {
  const all = Object.values(cloudwatchMetrics).map(({ kind, seriesMax, dimensions }) => {
    const series = dimensions.includes('symbol') ? Math.min(symbols, seriesMax) : seriesMax;
    return kind === 'counter' ? series * ASSUMPTIONS.counterHours : series;
  });
  return all.reduce((total, series) => total + series, 0);
}

/** Runs that no schedule starts: streams, queues and requests. */
function unscheduled(kind: string, config: Config, symbols: number): number {
  const orders = (ASSUMPTIONS.ordersPerDay * ASSUMPTIONS.hours) / 24;
  const { consumers } = config.streams;
  const windows = (seconds: number): number => (monthSeconds / Math.max(1, seconds)) * config.aws.shards;
  switch (kind) {
    case 'price-consumer':
      return windows(consumers.price_consumer.window_s);
    case 'run-strategies':
      return windows(consumers.run_strategies.window_s);
    case 'balance-consumer':
      return monthSeconds / config.cadences.balance;
    case 'candle-fetcher': {
      const minutes: Readonly<Record<string, number>> = {
        '1m': 1,
        '5m': 5,
        '15m': 15,
        '1h': 60,
        '4h': 240,
        '1d': 1440,
      };
      const bars = config.market_data.timeframes.map((frame) => monthSeconds / 60 / (minutes[frame] ?? 1));
      return symbols * bars.reduce((total, count) => total + count, 0);
    }
    case 'reconciliation':
      return (ASSUMPTIONS.reconciliationsPerMinute * monthSeconds) / 60;
    case 'order-gateway':
    case 'balance':
    case 'observer':
    case 'order-tracker':
      return orders;
    default:
      return rest(kind);
  }
}

/** What happens on a parked stage, too. */
const rest = (kind: string): number =>
  kind === 'api' ? (ASSUMPTIONS.apiCallsPerDay * ASSUMPTIONS.hours) / 24 : kind === 'migrate' ? 4 : 0;
