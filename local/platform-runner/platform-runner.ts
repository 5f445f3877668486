import { PutObjectCommand } from '@aws-sdk/client-s3';
import { queueWorkers, requestedJobs, scheduledFunctions, streamConsumers } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import { Invoker } from '#local/emulators/invoker.ts';
import { ScheduleEmulator, scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import type { ConsumerSpec } from '#local/emulators/stream-emulator.ts';
import { startSchedules } from '#local/platform/schedules.ts';
import { JANITOR_START_JOB } from '#shared/messages/scheduled-job.ts';
import type { DeployedFunction } from './deployed-functions.ts';
import type { PlatformRunnerDeps } from './deps.ts';
import type { PlatformRunnerEnv } from './env.ts';
import { FunctionHost } from './function-host.ts';
import type { StageResources } from './provision.ts';
import { watchQueueDepths } from './queue-depths.ts';
import { QueuePoller } from './queue-poller.ts';
import { StreamPoller } from './stream-poller.ts';

export interface PlatformRunner {
  /** Invokes a function once, as an operator would. */
  invoke(functionName: string, event?: unknown): ReturnType<Invoker['invoke']>;
  /** Loads all functions; one that cannot start fails it. */
  warm(): Promise<void>;
  /** Reads streams and queues. */
  openEntries(): void;
  /** Janitor's start, then schedules; what a first slot would bring is brought at once. Throws when the janitor fails. */
  openSchedules(): Promise<void>;
  /** Works off what waits in the queue of candle jobs, without waiting for more; returns how many there were. */
  drainCandleJobs(): Promise<number>;
  /** Closes the entries and lets what runs finish. */
  stop(): Promise<void>;
}

const FUNCTIONS = new URL('../../functions/', import.meta.url);
/** So that a function's own timeout comes first. */
const INVOKER_SLACK_MS = 180_000;

/** The deployed functions in threads, behind the real streams and queues of an emulator: Lambda's part where there is no Lambda. */
export function createPlatformRunner(
  deps: PlatformRunnerDeps,
  env: PlatformRunnerEnv,
  stage: {
    readonly config: Config;
    readonly resources: StageResources;
    readonly functions: readonly DeployedFunction[];
  },
): PlatformRunner {
  const { clock, telemetry } = deps;
  const { config, resources, functions } = stage;
  const invoker = new Invoker(clock, telemetry);
  const schedules = new ScheduleEmulator(clock, invoker, telemetry);
  const timeoutMs = env.FUNCTION_TIMEOUT_S * 1000;
  const hosts = functions.map(({ name, folder, environment }) => {
    const host = new FunctionHost({
      name,
      entry: new URL(`${folder}/main.ts`, FUNCTIONS),
      environment: { ...processEnvironment(env), ...environment },
      timeoutMs,
      memoryMib: env.FUNCTION_MEMORY_MIB,
      clock,
      output: deps.output,
    });
    invoker.register(name, host.handle, timeoutMs + INVOKER_SLACK_MS, { serial: true });
    return host;
  });
  const invoke: Invoke = (functionName, event) => invoker.invoke(functionName, event);
  const streams = streamPollers(deps, env, config, resources, invoke);
  const queues = queuePollers(deps, config, resources, invoke);
  let stopWatching = (): void => {};

  return {
    invoke: (name, event) => invoke(name, event ?? scheduleEvent({ job: name, cadenceMs: 60_000 }, clock.nowMs(), 1)),
    warm: async () => {
      await Promise.all(hosts.map((host) => host.warm()));
    },
    openEntries: () => {
      for (const poller of [...streams, ...queues.values()]) poller.start();
      stopWatching = watchQueueDepths(deps.clients.sqs, [...queues.keys()], deps);
    },
    openSchedules: async () => {
      const start = scheduleEvent({ job: JANITOR_START_JOB, cadenceMs: 60_000 }, clock.nowMs(), 1);
      const begun = await invoke('janitor', start);
      if (begun.kind === 'failed') throw begun.error;
      startSchedules(schedules, config);
      for (const { name, atStart } of scheduledFunctions(config)) {
        if (atStart) await invoke(name, scheduleEvent({ job: name, cadenceMs: 60_000 }, clock.nowMs(), 1));
      }
    },
    drainCandleJobs: async () => {
      const poller = queues.get(resources.candleJobsQueueUrl)!;
      let total = 0;
      for (;;) {
        const count = await poller.pollOnce(1);
        if (count === 0) return total;
        total += count;
      }
    },
    stop: async () => {
      schedules.stop();
      stopWatching();
      await Promise.all([...streams, ...queues.values()].map((poller) => poller.stop()));
      while (invoker.inFlight > 0) await clock.sleep(50);
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
}

/** What Lambda puts into every function's environment. */
const processEnvironment = (env: PlatformRunnerEnv): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL,
  AWS_ENDPOINT_URL_RDS_DATA: env.AWS_ENDPOINT_URL_RDS_DATA,
  AWS_REGION: env.AWS_REGION,
  AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY,
  ...(env.AWS_XRAY_DAEMON_ADDRESS === undefined ? {} : { AWS_XRAY_DAEMON_ADDRESS: env.AWS_XRAY_DAEMON_ADDRESS }),
});

type Invoke = Invoker['invoke'];

function streamPollers(
  deps: PlatformRunnerDeps,
  env: PlatformRunnerEnv,
  config: Config,
  { marketStream, accountStream, poisonBucket }: StageResources,
  invoke: Invoke,
): readonly StreamPoller[] {
  const { clients, checkpoints, clock, telemetry } = deps;
  const streams = { market: marketStream, account: accountStream };
  type Settings = Config['streams']['consumers']['price_consumer'];
  const poller = (streamName: string, functionName: string, settings: Settings) => {
    const consumer: ConsumerSpec = {
      functionName,
      batchSize: settings.batch_size,
      batchWindowMs: settings.window_s * 1000,
      maxRetries: settings.retries,
      maxRecordAgeMs: settings.max_record_age_s * 1000,
    };
    return new StreamPoller({
      client: clients.kinesis,
      streamName,
      consumer,
      invoke,
      checkpoints,
      clock,
      telemetry,
      pollIntervalMs: env.POLL_INTERVAL_MS,
      bury: async (record, error, attempts) => {
        const { sequenceNumber, partitionKey, arrivedAtMs, data } = record;
        const payload = Buffer.from(data).toString('base64');
        const body = { stream: streamName, functionName, sequenceNumber, partitionKey, arrivedAtMs, error, attempts };
        await clients.s3.send(
          new PutObjectCommand({
            Bucket: poisonBucket,
            Key: `${streamName}/${functionName}/${sequenceNumber}.json`,
            ContentType: 'application/json',
            Body: JSON.stringify({ ...body, payload }),
          }),
        );
      },
    });
  };
  return streamConsumers(config).map(({ name, stream, settings }) => poller(streams[stream], name, settings));
}

/** By queue URL. */
function queuePollers(
  { clients, clock, telemetry }: PlatformRunnerDeps,
  config: Config,
  resources: StageResources,
  invoke: Invoke,
): ReadonlyMap<string, QueuePoller> {
  const { run_requests: requests } = config.queues;
  const urls = { orders: resources.ordersQueueUrl, candle_jobs: resources.candleJobsQueueUrl };
  const sources = queueWorkers(config).map(({ name, queue, settings }) => ({
    url: urls[queue],
    functionName: name as string,
    settings,
  }));
  for (const { job, functionNames } of requestedJobs(config)) {
    functionNames.forEach((functionName, index) => {
      const { standard, fifo } = resources.runRequestQueues[job]![index]!;
      for (const url of [standard, fifo]) sources.push({ url, functionName, settings: requests });
    });
  }
  return new Map(
    sources.map(({ url, functionName, settings }) => [
      url,
      new QueuePoller({
        client: clients.sqs,
        queueUrl: url,
        functionName,
        batchSize: settings.batch_size,
        maxReceives: settings.max_receives,
        invoke,
        clock,
        telemetry,
      }),
    ]),
  );
}
