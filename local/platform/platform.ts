import { functionEnvironments, leveragePolicy } from '#config/function-environments.ts';
import { instancesOf, scheduledFunctions, streamConsumers } from '#config/functions.ts';
import { exchangesOf } from '#config/venues.ts';
import { priceProducerEnv, priceProducerEnvSchema } from '#containers/price-producer/env.ts';
import { createPriceProducer, type PriceProducer } from '#containers/price-producer/producer.ts';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { type CorrectedClock, correctedClock } from '#shared/adapters/system/corrected-clock.ts';
import { JANITOR_START_JOB } from '#shared/messages/scheduled-job.ts';
import type { PlatformEnvironment } from './environment.ts';
import { registerConsumers, registerFunctions } from './functions.ts';
import { createPlumbing, type Plumbing } from './plumbing.ts';
import { createRepositories, type Repositories } from './repositories.ts';
import { startSchedules } from './schedules.ts';
import { createVenue, type Venue } from './venue.ts';

export interface Platform {
  /** With the clock that the platform goes by: the venue's time, where the machine's is wrong. */
  readonly env: PlatformEnvironment & { readonly clock: CorrectedClock };
  readonly repositories: Repositories;
  readonly plumbing: Plumbing;
  /** By name, in the order of the settings. */
  readonly exchanges: ReadonlyMap<string, { readonly venue: Venue; readonly producer: PriceProducer }>;
  /** Invokes a function once, outside its slots. */
  invokeNow(functionName: string): Promise<unknown>;
  /** Bootstrap or RECONCILING, first reads, then prices and schedules. Throws when the venue or the secrets are unusable. */
  start(): Promise<void>;
  /** Stops the feeds; the streams have what was pending. */
  stopFeeds(): Promise<void>;
  /** Stops the feeds and schedules, lets what runs finish, within `timeoutMs` of the clock. */
  stop(timeoutMs: number): Promise<void>;
}

/** The whole of 3T in one process: the same functions as on AWS behind emulated schedules, streams and queues. */
export function createPlatform(given: PlatformEnvironment): Platform {
  const clock = correctedClock(given.clock);
  const env = { ...given, clock };
  const { config, telemetry } = env;
  const repositories = createRepositories(env.db, clock, leveragePolicy(config), config.quorum.max_age_s * 1000);
  const { redelivery } = env;
  const { deadLetters } = repositories;
  const plumbing = createPlumbing(
    {
      clock,
      telemetry,
      deadLetters,
      redelivery,
      reloadSymbols: async (exchange) => exchanges.get(exchange)?.producer.reloadInstruments(),
    },
    config,
  );
  const { instruments } = repositories;
  const exchanges: ReadonlyMap<string, { venue: Venue; producer: PriceProducer }> = new Map(
    exchangesOf(config).map((exchange) => {
      const venue = createVenue(env, exchange, repositories);
      const producer = createPriceProducer(
        { clock, ids: env.ids, random: env.random, feed: venue.feed, stream: plumbing.market, instruments, telemetry },
        priceProducerEnv(priceProducerEnvSchema.parse(functionEnvironments(env, exchange)['price-producer'])),
      );
      return [exchange, { venue, producer }] as const;
    }),
  );
  registerConsumers({ env, repositories, plumbing });
  for (const [exchange, { venue }] of exchanges) registerFunctions({ env, repositories, plumbing, venue, exchange });
  connectStreams(plumbing, config);
  const scheduled = scheduledFunctions(config);
  const each = async (act: (parts: { venue: Venue; producer: PriceProducer }) => Promise<unknown>): Promise<void> => {
    await Promise.all([...exchanges.values()].map(act));
  };
  const stopFeeds = () => each(({ producer }) => producer.stop());

  /** One invocation outside the schedule's slots, as an operator would make it. */
  const invokeNow = (functionName: string, asked?: string) => {
    const job = asked ?? scheduled.find(({ name }) => name === functionName)?.job ?? functionName;
    return plumbing.invoker.invoke(functionName, scheduleEvent({ job, cadenceMs: 60_000 }, clock.nowMs(), 1));
  };

  return {
    env,
    repositories,
    plumbing,
    exchanges,
    invokeNow,
    start: async () => {
      for (const { name } of instancesOf('janitor', config)) {
        const begun = await invokeNow(name, JANITOR_START_JOB);
        if (begun.kind === 'failed') throw begun.error;
      }
      telemetry.log('info', 'platform.started', { holder: env.holder });
      await each(({ producer }) => producer.start());
      startSchedules(plumbing.schedules, config);
      for (const { name, atStart } of scheduled) if (atStart) await invokeNow(name);
    },
    stopFeeds,
    stop: async (timeoutMs) => {
      plumbing.schedules.stop();
      await stopFeeds();
      const deadlineMs = clock.nowMs() + timeoutMs;
      while (!plumbing.idle() && clock.nowMs() < deadlineMs) await clock.sleep(10);
      plumbing.stop();
      await each(({ venue }) => venue.close());
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
