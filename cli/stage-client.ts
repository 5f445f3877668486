import { LambdaClient } from '@aws-sdk/client-lambda';
import { ConfigError } from '#config/config-error.ts';
import type { CrossCheck } from '#config/cross-checks.ts';
import { loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';
import { stageChecks } from '#config/stage-checks.ts';
import { type AwsService, awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { createLambdaHttp, LAMBDA_API_ORIGIN } from '#shared/adapters/aws/lambda-http.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import type { CliIo } from './cli-io.ts';
import { CliFailure, EXIT } from './exit-codes.ts';
import { PlatformClient } from './platform-client.ts';

/** Stages that `npm start` runs on this machine; every other one is deployed. */
const EMBEDDED_STAGES: readonly string[] = ['local', 'replay'];

export const isDeployed = (stage: string): boolean => !EMBEDDED_STAGES.includes(stage);

/** What a stage must keep to beside the rules that hold everywhere: one that is deployed is checked as `npm run synth` checks it. */
export const checksOf = (stage: string): readonly CrossCheck[] =>
  isDeployed(stage) && stage !== 'default' ? stageChecks(stage) : [];

/** The settings of a stage; a wrong file is a usage error that lists everything wrong. */
export function stageConfig(stage: string): Config {
  try {
    return loadConfig({ stage }).config;
  } catch (error) {
    if (error instanceof ConfigError) throw new CliFailure(EXIT.usage, 'wrong-config', error.message);
    throw error;
  }
}

/** For a client of one service in the region of the stage, with the credentials of this shell. */
export const stageClientOptions = (service: AwsService, stage: string, io: CliIo) =>
  awsClientOptions(service, { ...io.env, AWS_REGION: stageConfig(stage).aws.region });

export const stageUnreachable = (stage: string, cause: string): CliFailure =>
  new CliFailure(
    EXIT.notRunning,
    'stage-unreachable',
    `stage ${stage} does not answer: ${cause}. Is it deployed (npm run deploy -- --stage ${stage}), and are this shell's AWS credentials those of its account?`,
  );

/** `fetch` for the API of a deployed stage: its function, invoked. */
export function stageApi(stage: string, io: CliIo): FetchLike {
  const client = new LambdaClient(stageClientOptions('lambda', stage, io));
  return createLambdaHttp({ client, functionName: `3t-${stage}-api`, caller: `cli:${io.env.USER ?? 'unknown'}` });
}

/** The platform of a deployed stage. */
export const connectStage = (stage: string, io: CliIo): PlatformClient =>
  new PlatformClient(
    {
      origin: LAMBDA_API_ORIGIN,
      token: null,
      fetch: stageApi(stage, io),
      unreachable: (cause) => stageUnreachable(stage, cause),
    },
    io,
  );
