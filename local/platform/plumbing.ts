import { nameFor, PRODUCER_JOB, type QueueWorker, queueWorkers, requestedJobs } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import { exchangesOf } from '#config/venues.ts';
import { Invoker, type Redelivery } from '#local/emulators/invoker.ts';
import { QueueEmulator, type QueueSpec } from '#local/emulators/queue-emulator.ts';
import { ScheduleEmulator } from '#local/emulators/schedule-emulator.ts';
import { StreamEmulator } from '#local/emulators/stream-emulator.ts';
import { queuesByJob } from '#shared/adapters/system/queues-by-job.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface Plumbing {
  readonly invoker: Invoker;
  readonly schedules: ScheduleEmulator;
  readonly market: StreamEmulator;
  readonly account: StreamEmulator;
  /** The queues of an exchange's own workers. */
  workOf(exchange: string): Readonly<Record<QueueWorker['queue'], QueueEmulator>>;
  /** Takes run-requests and hands each to the queue of its job's function for its exchange. */
  readonly runRequests: WorkQueue;
  /** True when nothing waits in any stream or queue and no function runs. */
  idle(): boolean;
  /** Sets the gauges of what waits in streams and queues to this moment. */
  reportBacklogs(): void;
  stop(): void;
}

/** Names of work queues, and what is particular to one. */
const WORK: Readonly<
  Record<QueueWorker['queue'], { readonly base: string; readonly suffix: string; readonly over: Partial<QueueSpec> }>
> = {
  candle_jobs: { base: 'candle-jobs', suffix: '', over: {} },
  orders: { base: 'orders', suffix: '.fifo', over: { fifo: true, atOnce: true } },
};

/** Streams, queues and schedules of the embedded platform, not yet connected to functions. */
export function createPlumbing(
  deps: {
    clock: Clock;
    telemetry: Telemetry;
    deadLetters: Pick<DeadLetters, 'store'>;
    redelivery?: Redelivery | undefined;
    /** An exchange's price producer is no function, but may be asked as one: it reads its symbols again. */
    reloadSymbols: (exchange: string) => Promise<void>;
  },
  config: Config,
): Plumbing {
  const invoker = new Invoker(deps.clock, deps.telemetry);
  const schedules = new ScheduleEmulator(deps.clock, invoker, deps.telemetry);
  const parts = { ...deps, invoker };
  const { streams, queues } = config;
  const market = new StreamEmulator('market', parts, { capacityRecords: streams.max_records });
  const account = new StreamEmulator('account', parts, { capacityRecords: streams.max_records });

  type Settings = Config['queues']['orders'];
  const queueOf = (name: string, functionName: string, settings: Settings, over: Partial<QueueSpec> = {}) =>
    new QueueEmulator(name, parts, {
      fifo: false,
      functionName,
      batchSize: settings.batch_size,
      maxConcurrency: settings.concurrency,
      visibilityMs: settings.visibility_s * 1000,
      maxReceiveCount: settings.max_receives,
      capacityMessages: queues.max_messages,
      ...over,
    });

  const work = new Map<string, Record<QueueWorker['queue'], QueueEmulator>>();
  for (const { exchange, name, queue, settings } of queueWorkers(config)) {
    const { base, suffix, over } = WORK[queue];
    const made = queueOf(`${nameFor(base, config, exchange)}${suffix}`, name, settings, over);
    work.set(exchange, { ...work.get(exchange), [queue]: made } as Record<QueueWorker['queue'], QueueEmulator>);
  }
  const requestsOf = (job: string, exchange: string, functionName: string) => ({
    exchange,
    standard: queueOf(`${functionName}-requests`, functionName, queues.run_requests, { maxConcurrency: 1 }),
    fifo: queueOf(`${functionName}-requests.fifo`, functionName, queues.run_requests, {
      fifo: true,
      maxConcurrency: 1,
      // On the way from a tick to an order.
      atOnce: job === 'reconciliation',
    }),
  });
  const requests: Record<string, ReturnType<typeof requestsOf>[]> = {};
  for (const { job, exchange, functionNames } of requestedJobs(config)) {
    requests[job] ??= [];
    requests[job].push(...functionNames.map((functionName) => requestsOf(job, exchange, functionName)));
  }
  const reloads = exchangesOf(config).map((exchange) => {
    const reload: WorkQueue = { send: () => deps.reloadSymbols(exchange) };
    return { exchange, standard: reload, fifo: reload };
  });
  const all = [
    ...[...work.values()].flatMap((queue) => Object.values(queue)),
    ...Object.values(requests)
      .flat()
      .flatMap((q) => [q.standard, q.fifo]),
  ];

  return {
    invoker,
    schedules,
    market,
    account,
    workOf: (exchange) => {
      const own = work.get(exchange);
      if (!own) throw new Error(`no worker serves ${exchange}`);
      return own;
    },
    runRequests: queuesByJob({ ...requests, [PRODUCER_JOB]: reloads }),
    idle: () =>
      invoker.inFlight === 0 && market.backlog === 0 && account.backlog === 0 && all.every((q) => q.backlog === 0),
    reportBacklogs: () => {
      market.reportLag();
      account.reportLag();
      for (const queue of all) queue.reportDepth();
    },
    stop: () => {
      schedules.stop();
      market.stop();
      account.stop();
      for (const queue of all) queue.stop();
    },
  };
}
