import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startMinistack } from '#local/ministack/ministack.ts';
import { MinistackUnavailable } from '#local/ministack/ministack-venv.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What a process needs to reach the AWS under test; null where there is none. */
    awsEnvironment: Readonly<Record<string, string>> | null;
  }
}

/**
 * Global setup of the tests on AWS's wire protocols. `TEST_AWS_ENDPOINT` names where they run: `https://…` for an endpoint, `aws` for
 * AWS itself with the credentials of the environment; by default a ministack of their own. In CI it must be there.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const endpoint = process.env.TEST_AWS_ENDPOINT;
  if (endpoint) {
    project.provide('awsEnvironment', elsewhere(endpoint));
    return undefined;
  }
  const stateDir = await mkdtemp(join(tmpdir(), '3t-ministack-'));
  try {
    const ministack = await startMinistack({ stateDir, environment: process.env });
    project.provide('awsEnvironment', ministack.clientEnvironment);
    return async () => {
      await ministack.stop();
      await rm(stateDir, { recursive: true, force: true });
    };
  } catch (error) {
    await rm(stateDir, { recursive: true, force: true });
    if (!(error instanceof MinistackUnavailable) || isCi()) throw error;
    process.stderr.write(`\nSKIPPED: every test on AWS's wire protocols (${error.message})\n`);
    project.provide('awsEnvironment', null);
    return undefined;
  }
}

function elsewhere(endpoint: string): Readonly<Record<string, string>> {
  const region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'ap-northeast-1';
  if (endpoint === 'aws') return { AWS_REGION: region };
  return { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint };
}

const isCi = (): boolean => !['', '0', 'false', undefined].includes(process.env.CI);
