import { KinesisClient } from '@aws-sdk/client-kinesis';
import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { createKinesisEventStream } from '#shared/adapters/aws/kinesis-event-stream.ts';
import { openPriceFeed } from '#shared/adapters/exchange/open-price-feed.ts';
import { connectWebSocket } from '#shared/adapters/exchange/wire/connect-web-socket.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { randomIds } from '#shared/adapters/system/random-ids.ts';
import { systemClock as clock } from '#shared/adapters/system/system-clock.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { createLambdaTelemetry } from '#shared/telemetry/lambda-telemetry.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';
import { priceProducerEnv, priceProducerEnvSchema, resourcesSchema } from './env.ts';
import { startHealthServer } from './health-server.ts';
import { createPriceProducer } from './producer.ts';

const METRICS_EVERY_MS = 60_000;
/** Nobody can ask a container to read its symbols again: a newly managed one waits this long for its prices. */
const INSTRUMENTS_RELOAD_MS = 15_000;

const env = readEnvironment(priceProducerEnvSchema.extend(resourcesSchema.shape), process.env);
const random = Math.random;
const telemetry = createLambdaTelemetry({
  functionName: 'price-producer',
  stage: env.STAGE,
  minLevel: env.LOG_LEVEL,
  clock,
  redactor: new Redactor(),
});
const db = openAurora({ variables: env, environment: process.env, clock, remainingMs: () => Number.POSITIVE_INFINITY })(
  env.DATABASE_SECRET_ARN,
);
const producer = createPriceProducer(
  {
    clock,
    ids: randomIds,
    random,
    telemetry,
    feed: openPriceFeed(env.VENUE, env.FEED, { clock, random, telemetry, connect: connectWebSocket }),
    stream: createKinesisEventStream({
      client: new KinesisClient(awsClientOptions('kinesis', process.env)),
      streamName: env.MARKET_STREAM,
      clock,
      random,
      telemetry,
    }),
    instruments: sqlInstrumentsRepository(db),
  },
  { ...priceProducerEnv(env), instrumentsReloadMs: INSTRUMENTS_RELOAD_MS },
);
const health = startHealthServer(env.HEALTH_PORT, () => producer.health());
const metricsTimer = setInterval(writeMetrics, METRICS_EVERY_MS);

/** The age of the newest price grows while none comes, where a count of prices would only be missing. */
function writeMetrics(): void {
  const { dataAgeMs } = producer.health().feed;
  if (dataAgeMs !== null) telemetry.gauge(metrics.priceAgeSeconds, dataAgeMs / 1000);
  telemetry.flush();
}

let stopping = false;
/**
 * No subscription any more, then what is pending, then the end. No lease is given back because none is held: two producers may
 * overlap, their consumers know a trade by its id, and so a deployment loses no tick.
 */
async function stop(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  telemetry.log('info', logEvents.platformStopping, { signal });
  clearInterval(metricsTimer);
  const lostTicks = await producer.stop();
  (await health).close();
  telemetry.log(lostTicks > 0 ? 'error' : 'info', logEvents.platformStopped, { lostTicks });
  telemetry.flush();
  process.exit(0);
}

/** What nobody caught leaves nothing to rely on: the service starts another task. */
function fail(error: unknown): void {
  telemetry.log('error', logEvents.platformFailed, { error });
  telemetry.flush();
  process.exit(1);
}

process.on('SIGTERM', (signal) => void stop(signal).catch(fail));
process.on('SIGINT', (signal) => void stop(signal).catch(fail));
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

health
  .then(async ({ port }) => {
    telemetry.log('info', logEvents.platformStarted, { pid: process.pid, stage: env.STAGE, healthPort: port });
    await producer.start();
  })
  .catch(fail);
