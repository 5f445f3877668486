import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { ConfigError } from '#config/config-error.ts';
import { exchangesOf, hasKind } from '#config/venues.ts';
import { readOptions, UsageError } from '#infra/command-line.ts';
import { loadStage } from '#infra/load-stage.ts';
import { alarmAdvice, readAlarmAddress } from '#shared/adapters/aws/alarm-address.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { awsStage } from './aws-stage.ts';
import { type DeploymentDeps, DeploymentError, type DeploymentFacts, deploy } from './deployment.ts';
import {
  currentDeployment,
  type DeploymentLease,
  type LeaseInput,
  takeDeploymentLease,
  underLease,
} from './deployment-lease.ts';

/** A migration is asked for once, and may take as long as a function may run. */
const MIGRATION_LIMITS = { maxAttempts: 1, requestTimeoutMs: 910_000 };

/** `npm run deploy -- --stage dev [--config key=value] [--dry-run]` */
try {
  const options = readOptions(process.argv.slice(2), {
    name: 'deploy',
    description:
      'Puts a stage into the AWS account of this shell: entries off, no order unknown, schema, entries on, the mode before. Deploy again to go on after a failure.',
  });
  const config = loadStage(options.stage, options.config);
  const client = new LambdaClient(
    awsClientOptions('lambda', { ...process.env, AWS_REGION: config.aws.region }, MIGRATION_LIMITS),
  );
  const say = (line: string) => console.log(`deploy ${options.stage}: ${line}`);
  const { stage } = options;
  const sns = new SNSClient(awsClientOptions('sns', { ...process.env, AWS_REGION: config.aws.region }));
  const { parked } = config.aws;
  const work = { parked, alarmsMustArrive: hasKind(config, 'live') };
  const user = process.env.USER ?? 'unknown';
  const deps = {
    ...awsStage({ client, options, exchange: exchangesOf(config)[0], by: `deploy:${user}`, run, say }),
    alarmAdvice: async () => alarmAdvice(await readAlarmAddress({ client: sns, stage, email: config.aws.alarm_email })),
    sleep: (ms: number) => sleep(ms),
    nowMs: () => Date.now(),
    say,
  };
  const { region } = config.aws;
  const s3 = new S3Client(awsClientOptions('s3', { ...process.env, AWS_REGION: region }));
  const place = { client: s3, stage, region, nowMs: deps.nowMs, say };
  const facts = options.dryRun
    ? await dryRun(deps, place, parked)
    : await alone({ ...place, holder: `${user}@${hostname()}, process ${process.pid}`, id: randomUUID() }, (lease) =>
        deploy(underLease(deps, lease), work),
      );
  say(options.dryRun ? 'nothing was changed (--dry-run)' : `done${facts.now === null ? '' : `, state ${facts.now}`}`);
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof DeploymentError || error instanceof UsageError)) throw error;
  console.error(`deploy: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function dryRun(
  deps: DeploymentDeps,
  place: Parameters<typeof currentDeployment>[0],
  parked: boolean,
): Promise<DeploymentFacts> {
  const other = await currentDeployment(place);
  if (other !== null) deps.say(other);
  deps.say('not looked at: whether the release before works on this schema (npm run test:previous-release)');
  return deploy(deps, { parked, alarmsMustArrive: false });
}

/** Does the work while nobody else deploys the stage; gives the lease back however it ends, an interrupt included. */
async function alone<R>(input: LeaseInput, work: (lease: DeploymentLease) => Promise<R>): Promise<R> {
  const lease = await takeDeploymentLease(input);
  const renewal = setInterval(() => void lease.renew(), lease.renewEveryMs);
  const interrupted = () => void lease.release().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await work(lease);
  } finally {
    clearInterval(renewal);
    await lease.release();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

/** Runs a command with our own output; rejects when it fails. */
function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.on('error', (error) => reject(new DeploymentError(`${command} cannot be started: ${error.message}`)));
    child.on('exit', (code) =>
      code === 0
        ? resolve()
        : reject(
            new DeploymentError(
              `${command} ${args[0]} ended with ${code}; what was done stays, deploy again to go on. A new account and region needs "npm exec cdk bootstrap" once.`,
            ),
          ),
    );
  });
}
