import { ASSUMPTIONS, FREE } from './assumptions.ts';
import type { PriceList, PriceName } from './price-list.ts';
import type { FunctionUsage, Usage } from './usage.ts';

export interface CostLine {
  readonly item: string;
  /** How the quantity came about, in words. */
  readonly quantity: string;
  readonly usd: number;
  readonly source: string;
}
export interface MonthlyCost {
  readonly lines: readonly CostLine[];
  readonly usd: number;
}

const MILLION = 1e6;
const above = (used: number, free: number): number => Math.max(0, used - free);
const shown = (value: number): string =>
  value >= MILLION
    ? `${(value / MILLION).toFixed(2)} M`
    : value >= 1000
      ? `${(value / 1000).toFixed(1)} k`
      : String(Math.round(value * 100) / 100);

/** Prices × usage, by line. `free`: what every account has free for ever is taken off. */
export function monthlyCost(usage: Usage, list: PriceList): MonthlyCost {
  const { hours } = ASSUMPTIONS;
  const price = (name: PriceName): number => list.prices[name].usd;
  const lines: CostLine[] = [];
  const add = (item: string, name: PriceName, units: number, quantity: string): void => {
    if (units > 0) lines.push({ item, quantity, usd: units * price(name), source: list.prices[name].source });
  };
  const over = (count: (fn: FunctionUsage) => number): number =>
    usage.functions.reduce((total, fn) => total + count(fn), 0);
  const calls = over((fn) => fn.runs * fn.statements);

  add('Aurora, capacity', 'acuHour', usage.minAcu * hours, `${usage.minAcu} ACU × ${hours} h, always at its floor`);
  add('Aurora, storage', 'auroraStorageGb', ASSUMPTIONS.databaseGb, `${ASSUMPTIONS.databaseGb} GB`);
  const io = (calls * ASSUMPTIONS.ioPerDataApiCall) / MILLION;
  add('Aurora, I/O', 'auroraIoMillion', io, `${ASSUMPTIONS.ioPerDataApiCall} requests a call`);
  add('Data API', 'dataApiMillion', calls / MILLION, `${shown(calls)} calls of one unit`);

  add('Kinesis, shards', 'shardHour', usage.shards * hours, `${usage.shards} shards × ${hours} h`);
  const puts = usage.marketRecords + usage.accountRecords;
  add('Kinesis, records', 'putMillion', puts / MILLION, `${shown(puts)} records of one unit`);

  if (usage.task) {
    const { vcpu, gb, publicAddress } = usage.task;
    add('Fargate, CPU', 'fargateVcpuHour', vcpu * hours, `${vcpu} vCPU × ${hours} h`);
    add('Fargate, memory', 'fargateGbHour', gb * hours, `${gb} GB × ${hours} h`);
    if (publicAddress) add('Public IPv4 of the producer', 'ipv4Hour', hours, `1 address × ${hours} h`);
    add('Image', 'ecrGb', ASSUMPTIONS.imageGb, `${ASSUMPTIONS.imageGb} GB`);
  }
  if (usage.natGateways > 0) {
    add('NAT gateway', 'natHour', usage.natGateways * hours, `${usage.natGateways} × ${hours} h`);
    add('NAT traffic', 'natGb', ASSUMPTIONS.egressGb, `${ASSUMPTIONS.egressGb} GB of orders`);
    add('Public IPv4 of orders', 'ipv4Hour', usage.natGateways * hours, `${usage.natGateways} address × ${hours} h`);
  }

  const runs = over((fn) => fn.runs);
  const gbSeconds = over((fn) => (fn.runs * fn.ms * fn.memoryMiB) / 1000 / 1024);
  add('Lambda, runs', 'lambdaMillion', above(runs, FREE.lambdaRequests) / MILLION, `${shown(runs)}, 1 M free`);
  add('Lambda, time', 'lambdaGbSecond', above(gbSeconds, FREE.lambdaGbSeconds), `${shown(gbSeconds)} GB-s, 400 k free`);

  const polls = (mappings: number): number => mappings * ASSUMPTIONS.idlePollsPerSecond * hours * 3600;
  const standard = polls(usage.standardQueueMappings) + usage.messages * ASSUMPTIONS.requestsPerMessage;
  const fifo = polls(usage.fifoQueueMappings);
  add(
    'SQS, standard',
    'sqsMillion',
    above(standard, FREE.sqsRequests) / MILLION,
    `${shown(standard)} requests, mostly empty polls of ${usage.standardQueueMappings} queues, 1 M free`,
  );
  add('SQS, FIFO', 'sqsFifoMillion', fifo / MILLION, `${shown(fifo)} empty polls of ${usage.fifoQueueMappings} queues`);
  const scheduled = above(usage.scheduleInvocations, FREE.schedulerInvocations) / MILLION;
  add('Scheduler', 'schedulerMillion', scheduled, `${shown(usage.scheduleInvocations)} invocations, 14 M free`);

  add('Secrets', 'secretMonth', usage.secrets, `${usage.secrets} secrets`);
  add('Alarms', 'alarmMonth', above(usage.alarmMetrics, FREE.alarms), `${usage.alarmMetrics} metrics, 10 free`);
  add('Dashboards', 'dashboardMonth', above(usage.dashboards, FREE.dashboards), `${usage.dashboards}, 3 free`);
  add(
    'Custom metrics',
    'metricMonth',
    above(usage.customMetrics, FREE.metrics),
    `${shown(usage.customMetrics)} metric-months, 10 free`,
  );
  const logGb = (runs * ASSUMPTIONS.logBytesPerRun) / 1e9 + (usage.task ? ASSUMPTIONS.producerLogGb : 0);
  add('Logs, taken in', 'logGb', above(logGb, FREE.logGb), `${shown(logGb)} GB, 5 free`);
  const traces = over((fn) => (fn.traced ? fn.runs : 0));
  add(
    'Traces',
    'traceMillion',
    above(traces, FREE.traces) / MILLION,
    `${shown(traces)} of functions that begin one, 100 k free`,
  );
  const documents = over((fn) => (fn.name.startsWith('observer') ? fn.runs : 0));
  const marks = over((fn) => (fn.name === 'janitor' ? Math.min(fn.runs, ASSUMPTIONS.marksPerHour * hours) : 0));
  const puts3 = (documents + marks) / 1000;
  add('S3, documents written', 's3PutThousand', puts3, `${shown(puts3 * 1000)} PUT, with the marks of the janitor`);
  // Two documents of observers, and the janitor the mark.
  const reads: Readonly<Record<string, number>> = { reconciliation: 2, janitor: 3 };
  const gets = over((fn) => fn.runs * (reads[fn.name] ?? 0)) / 1000;
  add('S3, documents read', 's3GetThousand', gets, `${shown(gets * 1000)} GET`);

  const usd = lines.reduce((total, line) => total + line.usd, 0);
  return { lines: lines.sort((a, b) => b.usd - a.usd), usd };
}
