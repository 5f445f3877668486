import { InvokeCommand, type LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { stackNames } from '#infra/add-stacks.ts';
import { contextArguments, type StageOptions } from '#infra/command-line.ts';
import { createLambdaHttp, LAMBDA_API_ORIGIN, LambdaHttpError } from '#shared/adapters/aws/lambda-http.ts';
import { type PlatformSnapshot, platformSnapshotSchema } from '#shared/messages/platform-snapshot.ts';
import { JANITOR_START_JOB } from '#shared/messages/scheduled-job.ts';
import { type DeploymentDeps, DeploymentError } from './deployment.ts';

export interface AwsStageInput {
  readonly client: Pick<LambdaClient, 'send'>;
  readonly options: StageOptions & { readonly dryRun: boolean };
  readonly exchange: string;
  /** Goes into the audit. */
  readonly by: string;
  /** Runs the CDK CLI. */
  readonly run: (command: string, args: readonly string[]) => Promise<void>;
  readonly say: (line: string) => void;
}

/** A deployed stage as a deployment sees it: its functions by name, and the CDK CLI. A dry run reads and changes nothing. */
export function awsStage(
  input: AwsStageInput,
): Pick<
  DeploymentDeps,
  'exists' | 'entriesClosed' | 'status' | 'lock' | 'unlock' | 'deployStacks' | 'migrate' | 'start'
> {
  const { client, options, exchange, by, run, say } = input;
  const { stage, dryRun } = options;
  const fetch = createLambdaHttp({ client, functionName: `3t-${stage}-api`, caller: by });
  const ask = async (path: string, body?: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const response = await fetch(`${LAMBDA_API_ORIGIN}${path}`, {
      ...(body ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok)
      throw new DeploymentError(`the API answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as unknown;
  };
  const change = async (words: string, act: () => Promise<unknown>): Promise<void> => {
    if (dryRun) say(`would ${words}`);
    else await act();
  };

  const invoke = async (name: string, event: object, failed: string): Promise<string> => {
    const command = new InvokeCommand({ FunctionName: `3t-${stage}-${name}`, Payload: JSON.stringify(event) });
    const reply = await client.send(command);
    const text = new TextDecoder().decode(reply.Payload);
    if (!reply.FunctionError) return text.slice(0, 300);
    throw new DeploymentError(
      `${failed}; entries stay closed: ${text.slice(0, 500)}. Deploy again when it is repaired.`,
    );
  };

  return {
    exists: async () => {
      try {
        await ask('/health');
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        if (isRefused(error))
          throw new DeploymentError(`AWS refuses: ${String(error)}. Are this shell's credentials right?`);
        // It is there and has trouble: the database may sleep.
        return true;
      }
    },
    entriesClosed: async () => {
      try {
        const command = new ListEventSourceMappingsCommand({ FunctionName: `3t-${stage}-order-gateway` });
        const { EventSourceMappings = [] } = await client.send(command);
        return EventSourceMappings.every((mapping) => ['Disabled', 'Disabling'].includes(mapping.State ?? ''));
      } catch (error) {
        // A parked stage has no gateway.
        if (isMissing(error)) return true;
        throw error;
      }
    },
    status: async (): Promise<PlatformSnapshot> => platformSnapshotSchema.parse(await ask('/api/status')),
    lock: (reason) =>
      change('lock the stage, close-only', () => ask('/api/lock', { exchange, by, reason, mode: 'close-only' })),
    unlock: (reason, expectedVersion) =>
      change('unlock the stage', () => ask('/api/unlock', { exchange, by, reason, expectedVersion })),
    deployStacks: (entries) => {
      const names = stackNames(stage);
      const args = [names.state, names.services, '--require-approval', 'never', '--concurrency', '1'];
      return dryRun
        ? run('cdk', ['diff', names.state, names.services, ...contextArguments({ ...options, entries })])
        : run('cdk', ['deploy', ...args, ...contextArguments({ ...options, entries })]);
    },
    migrate: async () => {
      if (dryRun) return say('would migrate the schema');
      return say(`migrated: ${await invoke('migrate', {}, 'the migration failed: nothing was dropped')}`);
    },
    start: async () => {
      if (dryRun) return say('would start the platform: its mark, its first state, instruments');
      const now = new Date().toISOString();
      const event = { v: 1, type: 'schedule', job: JANITOR_START_JOB, scheduledTime: now, executionId: by };
      await invoke('janitor', event, 'the start failed');
    },
  };
}

/** Name of AWS's own error below ours. */
const awsName = (error: unknown): string => {
  const cause = error instanceof LambdaHttpError ? error.cause : error;
  return cause instanceof Error ? cause.name : '';
};
const isMissing = (error: unknown): boolean => awsName(error) === 'ResourceNotFoundException';
const isRefused = (error: unknown): boolean =>
  /^(CredentialsProviderError|AccessDeniedException|UnrecognizedClientException|ExpiredTokenException|InvalidSignatureException)$/.test(
    awsName(error),
  );
