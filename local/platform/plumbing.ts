import { PRODUCER_JOB, requestedJobs } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
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
  readonly candleJobs: QueueEmulator;
  readonly orders: QueueEmulator;
  /** Takes run-requests and hands each to the queue of its job's function. */
  readonly runRequests: WorkQueue;
  /** True when nothing waits in any stream or queue and no function runs. */
  idle(): boolean;
  /** Sets the gauges of what waits in streams and queues to this moment. */
  reportBacklogs(): void;
  stop(): void;
}

/** Streams, queues and schedules of the embedded platform, not yet connected to functions. */
export function createPlumbing(
  deps: {
    clock: Clock;
    telemetry: Telemetry;
    deadLetters: Pick<DeadLetters, 'store'>;
    redelivery?: Redelivery | undefined;
    /** The price producer is no function, but may be asked as one: it reads its symbols again. */
    reloadSymbols: () => Promise<void>;
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

  const candleJobs = queueOf('candle-jobs', 'candle-fetcher', queues.candle_jobs);
  const orders = queueOf('orders.fifo', 'order-gateway', queues.orders, { fifo: true, atOnce: true });
  const requestsOf = (job: string, functionName: string) => ({
    standard: queueOf(`${functionName}-requests`, functionName, queues.run_requests, { maxConcurrency: 1 }),
    fifo: queueOf(`${functionName}-requests.fifo`, functionName, queues.run_requests, {
      fifo: true,
      maxConcurrency: 1,
      // On the way from a tick to an order.
      atOnce: job === 'reconciliation',
    }),
  });
  const requests = Object.fromEntries(
    requestedJobs(config).map(({ job, functionNames }) => [
      job,
      functionNames.map((functionName) => requestsOf(job, functionName)),
    ]),
  );
  const reload: WorkQueue = { send: () => deps.reloadSymbols() };
  const all = [
    candleJobs,
    orders,
    ...Object.values(requests)
      .flat()
      .flatMap((q) => [q.standard, q.fifo]),
  ];

  return {
    invoker,
    schedules,
    market,
    account,
    candleJobs,
    orders,
    runRequests: queuesByJob({ ...requests, [PRODUCER_JOB]: [{ standard: reload, fifo: reload }] }),
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
