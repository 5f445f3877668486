import { join } from 'node:path';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Command } from 'commander';
import { loadConfig } from '#config/load.ts';
import { accountsOf, exchangeOf, exchangesOf } from '#config/venues.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { JsonTelemetry } from '#shared/telemetry/json-telemetry.ts';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';
import { openApiDoor } from './api-door.ts';
import { fileCheckpoints } from './checkpoints.ts';
import { deployedFunctions } from './deployed-functions.ts';
import { platformRunnerEnvSchema } from './env.ts';
import { createPlatformRunner, type PlatformRunner } from './platform-runner.ts';
import { type AwsClients, provision } from './provision.ts';
import { WAIT_S } from './queue-poller.ts';

const LONG_POLL_TIMEOUT_MS = (WAIT_S + 5) * 1000;

const env = readEnvironment(platformRunnerEnvSchema, process.env);
const { config } = loadConfig({ stage: env.STAGE, overrides: env.CONFIG_OVERRIDES });
const exchange = exchangeOf(config, exchangesOf(config)[0]);
const redactor = new Redactor();
const registry = new MetricsRegistry({ processMetrics: true });
const telemetry = new JsonTelemetry({
  clock: systemClock,
  minLevel: config.telemetry.log_level,
  sink: { write: (line) => void process.stdout.write(`${line}\n`) },
  registry,
  redactor,
  common: { stage: config.stage, process: 'platform-runner' },
});
const clients: AwsClients = {
  kinesis: new KinesisClient(awsClientOptions('kinesis', process.env, { maxAttempts: 3 })),
  sqs: new SQSClient(awsClientOptions('sqs', process.env, { maxAttempts: 3, requestTimeoutMs: LONG_POLL_TIMEOUT_MS })),
  s3: new S3Client(awsClientOptions('s3', process.env)),
  secrets: new SecretsManagerClient(awsClientOptions('secrets_manager', process.env)),
};

/** Resources that are there, and the functions over them; nothing runs yet. */
async function prepare(): Promise<PlatformRunner> {
  const secrets = new FileSecrets({
    dir: env.SECRETS_DIR,
    allowExample: exchange.kind === 'simulator',
    onRead: (value) => redactor.addSecret(value),
  });
  const names = accountsOf(exchange).map((account) => account.tradingKeySecret);
  const keys = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await secrets.get(name)] as const)),
  );
  const databaseOwner = { username: env.DATABASE_OWNER, password: env.DATABASE_OWNER_PASSWORD };
  if (databaseOwner.password !== '') redactor.addSecret(databaseOwner.password);
  const resources = await provision(clients, config, { databaseOwner, tradingKeys: keys }, systemClock);
  const venue = { httpUrl: env.VENUE_HTTP_URL, wsUrl: env.VENUE_WS_URL };
  const functions = deployedFunctions({
    config,
    resources,
    venue,
    region: env.AWS_REGION,
    account: env.AWS_ACCOUNT_ID,
  });
  const checkpoints = fileCheckpoints(join(env.STATE_DIR, 'checkpoints.json'));
  return createPlatformRunner({ clock: systemClock, telemetry, clients, checkpoints }, env, {
    config,
    resources,
    functions,
  });
}

/** For one-shot services: does it, ends the threads, and the exit code tells. */
async function once(work: (runner: PlatformRunner) => Promise<unknown>): Promise<void> {
  const runner = await prepare();
  try {
    say({ done: await work(runner) });
  } finally {
    await runner.stop();
  }
}

async function invokeOrThrow(runner: PlatformRunner, name: string): Promise<unknown> {
  const result = await runner.invoke(name);
  if (result.kind === 'failed') throw result.error;
  return result.value;
}

const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function run(): Promise<void> {
  const runner = await prepare();
  await runner.warm();
  const metrics = async () => ({ text: await registry.render(), contentType: registry.contentType });
  const door = await openApiDoor({
    host: env.DOOR_HOST,
    port: env.DOOR_PORT,
    names: env.DOOR_NAMES,
    invoke: (event) => runner.invoke('api', event),
    metrics,
    nowMs: systemClock.nowMs,
  });
  runner.openEntries();
  await runner.openSchedules();
  say({ ready: true, url: `http://127.0.0.1:${door.port}` });
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await door.close();
    await runner.stop();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
}

const program = new Command('platform-runner').description(
  'The platform on its AWS adapters where no Lambda service runs; addresses by the environment',
);
program
  .command('run', { isDefault: true })
  .description('streams, queues, schedules and the API until stopped')
  .action(run);
program
  .command('provision')
  .description('make what is missing of streams, queues, buckets and secrets, and bring the schema up to date')
  .action(() => once((runner) => invokeOrThrow(runner, 'migrate')));
program
  .command('backfill')
  .description('plan candle jobs and work them off until none is left')
  .action(() =>
    once(async (runner) => {
      await invokeOrThrow(runner, 'market-data');
      return { candleJobs: await runner.drainCandleJobs() };
    }),
  );
program
  .command('maintenance')
  .description('one turn of the functions that prune, check and clear up: market-data and janitor')
  .action(() =>
    once(async (runner) => {
      for (const name of ['market-data', 'janitor']) await invokeOrThrow(runner, name);
      return ['market-data', 'janitor'];
    }),
  );

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`platform-runner: ${redactor.text((error as Error).message)}\n`);
  process.exit(1);
}
