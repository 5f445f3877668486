import { functionEnvironments, leveragePolicy } from '#config/function-environments.ts';
import { scheduledFunctions, streamConsumers } from '#config/functions.ts';
import { exchangesOf } from '#config/venues.ts';
import { priceProducerEnv, priceProducerEnvSchema } from '#containers/price-producer/env.ts';
import { createPriceProducer, type PriceProducer } from '#containers/price-producer/producer.ts';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { type CorrectedClock, correctedClock } from '#shared/adapters/system/corrected-clock.ts';
import { JANITOR_START_JOB } from '#shared/messages/scheduled-job.ts';
import type { PlatformEnvironment } from './environment.ts';
import { registerFunctions } from './functions.ts';
import { createPlumbing, type Plumbing } from './plumbing.ts';
import { createRepositories, type Repositories } from './repositories.ts';
import { startSchedules } from './schedules.ts';
import { createVenue, type Venue } from './venue.ts';

export interface Platform {
  /** With the clock that the platform goes by: the venue's time, where the machine's is wrong. */
  readonly env: PlatformEnvironment & { readonly clock: CorrectedClock };
  readonly repositories: Repositories;
  readonly plumbing: Plumbing;
  readonly venue: Venue;
  readonly producer: PriceProducer;
  /** Invokes a function once, outside its slots. */
  invokeNow(functionName: string): Promise<unknown>;
  /** Bootstrap or RECONCILING, first reads, then prices and schedules. Throws when the venue or the secrets are unusable. */
  start(): Promise<void>;
  /** Stops the feed and schedules, lets what runs finish, within `timeoutMs` of the clock. */
  stop(timeoutMs: number): Promise<void>;
}

/** The whole of 3T in one process: the same functions as on AWS behind emulated schedules, streams and queues. */
export function createPlatform(given: PlatformEnvironment): Platform {
  const clock = correctedClock(given.clock);
  const env = { ...given, clock };
  const { config, telemetry } = env;
  const [exchange] = exchangesOf(config);
  const repositories = createRepositories(
    env.db,
    exchange,
    clock,
    leveragePolicy(config),
    config.quorum.max_age_s * 1000,
  );
  const { redelivery } = env;
  const { deadLetters } = repositories;
  const plumbing = createPlumbing(
    { clock, telemetry, deadLetters, redelivery, reloadSymbols: () => producer.reloadInstruments() },
    config,
  );
  const venue = createVenue(env, exchange, repositories);
  const { instruments } = repositories;
  const { feed } = venue;
  const producer: PriceProducer = createPriceProducer(
    { clock, ids: env.ids, random: env.random, feed, stream: plumbing.market, instruments, telemetry },
    priceProducerEnv(priceProducerEnvSchema.parse(functionEnvironments(env, exchange)['price-producer'])),
  );
  registerFunctions({ env, repositories, plumbing, venue });
  connectStreams(plumbing, config);

  /** One invocation outside the schedule's slots, as an operator would make it. */
  const invokeNow = (functionName: string, job = functionName) =>
    plumbing.invoker.invoke(functionName, scheduleEvent({ job, cadenceMs: 60_000 }, clock.nowMs(), 1));

  return {
    env,
    repositories,
    plumbing,
    venue,
    producer,
    invokeNow,
    start: async () => {
      const begun = await invokeNow('janitor', JANITOR_START_JOB);
      if (begun.kind === 'failed') throw begun.error;
      telemetry.log('info', 'platform.started', { holder: env.holder });
      await producer.start();
      startSchedules(plumbing.schedules, config);
      for (const { name, atStart } of scheduledFunctions(config)) if (atStart) await invokeNow(name);
    },
    stop: async (timeoutMs) => {
      plumbing.schedules.stop();
      await producer.stop();
      const deadlineMs = clock.nowMs() + timeoutMs;
      while (!plumbing.idle() && clock.nowMs() < deadlineMs) await clock.sleep(10);
      plumbing.stop();
      await venue.close();
    },
  };
}

function connectStreams(plumbing: Plumbing, config: PlatformEnvironment['config']): void {
  for (const { name, stream, settings } of streamConsumers(config)) {
    plumbing[stream].addConsumer({
      functionName: name,
      batchSize: settings.batch_size,
      batchWindowMs: settings.window_s * 1000,
      maxRetries: settings.retries,
      maxRecordAgeMs: settings.max_record_age_s * 1000,
    });
  }
}
