import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Config } from '#config/schema.ts';
import { accountsOf, exchangeOf, exchangesOf } from '#config/venues.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';
import { startMinistack } from '#local/ministack/ministack.ts';
import { startRdsDataApi } from '#local/rds-data-api/rds-data-api.ts';
import { secretLogins } from '#local/rds-data-api/secret-logins.ts';
import { type RunningSimulator, spawnSimulator, stopSimulator } from '#local/simulator-process.ts';
import type { StateDirectory } from '#local/state-directory.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { createLambdaHttp } from '#shared/adapters/aws/lambda-http.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { JANITOR_START_JOB } from '#shared/messages/scheduled-job.ts';
import { deployStacks } from './cdk.ts';
import { createDatabase } from './create-database.ts';
import { fireDeployedSchedules } from './deployed-schedules.ts';
import { type ProducerProcess, startProducer } from './producer-process.ts';

/** The emulator takes any; those of the shell must not leave it. */
const PLAY_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

export interface LocalAwsOptions {
  /** Settings of the stage; the addresses of the simulator are laid over them. */
  readonly config: Config;
  readonly state: StateDirectory;
  /** Of the process, for the programs that are started. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly seed: number;
  /** Told what is being done, once a step. */
  readonly onStep: (step: string) => void;
}

export interface LocalAws {
  /** The API of the deployed stage. */
  readonly api: FetchLike;
  /** Names and addresses of everything deployed. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly endpoint: string;
  readonly simulator: RunningSimulator;
  readonly producer: ProducerProcess;
  /** What every AWS client needs to talk to this. */
  readonly clientEnvironment: Readonly<Record<string, string>>;
  readonly lambda: LambdaClient;
  /** Of every process started here. */
  readonly pids: readonly number[];
  /** What the functions wrote, as the emulator keeps it. */
  readonly emulatorLog: string;
  /** Ends every process and forgets everything. May be called again. */
  stop(): Promise<void>;
}

/**
 * The very stacks of a deployment in an emulator of AWS on this machine: no account, no Docker. Behind the emulator's Data API stands
 * ours, on a private MariaDB, where each secret is a user of its own with no more rights than on AWS; the venue is the exchange simulator; the price producer runs as a process, because the emulator starts
 * no container without Docker. Takes half a minute. What fails on the way takes down what was started.
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { config, state, environment, seed, onStep } = options;
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let next = undo.pop(); next; next = undo.pop()) await next().catch(() => undefined);
  };
  const dir = state.file('aws');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  try {
    onStep('exchange simulator');
    const simulator = await spawnSimulator(state, ['--state', join(dir, 'simulator.sqlite'), '--seed', String(seed)], {
      diesWithUs: true,
    });
    undo.push(() => stopSimulator(simulator.file));

    onStep('MariaDB and the Data API before it');
    const mariadb = await startPrivateMariadb({ path: environment.PATH ?? '' });
    undo.push(() => mariadb.stop());
    const server = { socketPath: mariadb.socketPath };
    // Secrets Manager is there once the emulator runs, which wants to know the Data API first.
    let userOf: ReturnType<typeof secretLogins> = async () => null;
    const dataApi = await startRdsDataApi({ server, users: (secretArn) => userOf(secretArn) });
    undo.push(() => dataApi.stop());

    onStep('AWS emulator (the first time it is installed: about 15 s)');
    const aws = await startMinistack({
      stateDir: dir,
      environment,
      region: config.aws.region,
      env: { AWS_ENDPOINT_URL_RDS_DATA: dataApi.url },
    });
    undo.push(() => aws.stop());
    const clientEnvironment = { ...aws.clientEnvironment, AWS_ENDPOINT_URL_RDS_DATA: dataApi.url };
    const secrets = new SecretsManagerClient({
      ...awsClientOptions('secrets_manager', clientEnvironment),
      credentials: PLAY_CREDENTIALS,
    });
    undo.push(async () => secrets.destroy());
    userOf = secretLogins(secrets, systemClock);

    onStep('cdk bootstrap and cdk deploy');
    const outputs = await deployStacks({
      stage: config.stage,
      region: config.aws.region,
      config: [
        `exchanges.hyperliquid.http_url=${simulator.file.httpUrl}`,
        `exchanges.hyperliquid.ws_url=${simulator.file.wsUrl}`,
      ],
      environment: { ...environment, ...clientEnvironment },
      dir,
    });

    onStep('trading key, schema');
    const master = await userOf(output(outputs, 'MigrateSecretArn'));
    if (master === null) throw new Error('the emulator has no secret of the database user migrate');
    await createDatabase({ ...server, user: mariadb.user }, output(outputs, 'DatabaseName'), master);
    await pushTradingKeys(secrets, config, outputs);
    const lambda = new LambdaClient({
      ...awsClientOptions('lambda', clientEnvironment),
      credentials: PLAY_CREDENTIALS,
    });
    undo.push(async () => lambda.destroy());
    await invoke(lambda, output(outputs, 'MigrateFunctionName'), {});

    // Before anything else works: the first state, instruments, the mark of this installation.
    await invoke(lambda, `3t-${config.stage}-janitor`, {
      v: 1,
      type: 'schedule',
      job: JANITOR_START_JOB,
      scheduledTime: new Date(systemClock.nowMs()).toISOString(),
      executionId: 'local-aws',
    });

    onStep('price producer');
    const producer = await startProducer({
      variables: JSON.parse(output(outputs, 'PriceProducerEnvironment')) as Record<string, string>,
      environment: { ...environment, ...clientEnvironment },
      logPath: join(state.logs, 'price-producer.log'),
    });
    undo.push(() => producer.stop());
    onStep('schedules');
    const clients = {
      scheduler: new SchedulerClient({
        ...awsClientOptions('scheduler', clientEnvironment),
        credentials: PLAY_CREDENTIALS,
      }),
      sqs: new SQSClient({ ...awsClientOptions('sqs', clientEnvironment), credentials: PLAY_CREDENTIALS }),
      lambda,
    };
    const schedules = await fireDeployedSchedules(clients, systemClock, (error) => onStep(error.message));
    undo.push(async () => schedules.stop());
    const functionName = output(outputs, 'ApiFunctionName');
    const api = createLambdaHttp({ client: lambda, functionName, caller: 'local:aws' });
    return {
      api,
      outputs,
      endpoint: aws.endpoint,
      simulator,
      producer,
      clientEnvironment,
      lambda,
      pids: [simulator.file.pid, mariadb.pid, aws.pid, producer.pid],
      emulatorLog: aws.logPath,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One of the stacks' outputs. Throws when the stacks have none of that name. */
export function output(outputs: Readonly<Record<string, string>>, name: string): string {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the stacks have no output ${name}: ${Object.keys(outputs).join(', ')}`);
  return value;
}

/** The simulator's published test keys: play money. */
async function pushTradingKeys(
  client: Pick<SecretsManagerClient, 'send'>,
  config: Config,
  outputs: Readonly<Record<string, string>>,
): Promise<void> {
  for (const account of accountsOf(exchangeOf(config, exchangesOf(config)[0]))) {
    await client.send(
      new PutSecretValueCommand({
        SecretId: output(outputs, `TradingSecretArn${account.name.replace(/[^a-z0-9]/g, '')}`),
        SecretString: JSON.stringify({ [account.tradingKeySecret]: TEST_SIGNERS.mainAgent.privateKey }),
      }),
    );
  }
}

/** Invokes a function and waits for its answer. Throws what the function threw. */
export async function invoke(lambda: LambdaClient, name: string, event: unknown): Promise<unknown> {
  const reply = await lambda.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }));
  const text = new TextDecoder().decode(reply.Payload);
  if (reply.FunctionError) throw new Error(`${name} failed: ${text.slice(0, 1_000)}`);
  return text === '' ? null : (JSON.parse(text) as unknown);
}
