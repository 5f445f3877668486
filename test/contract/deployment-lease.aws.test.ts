import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeDeploymentLease } from '#infra/deploy/deployment-lease.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import {
  awsEnvironment,
  hasAws,
  isEmulator,
  newBucket,
  region,
  removeAwsResources,
  s3,
} from '#test/support/aws-under-test.ts';
import { deploymentLeaseContract } from './deployment-lease.contract.ts';

afterAll(removeAwsResources);

const deployAgain = (setting: string) =>
  new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((done) =>
    execFile(
      process.execPath,
      ['infra/deploy/main.ts', '--stage', 'dev', '--config', setting],
      { env: { ...process.env, ...awsEnvironment } },
      (error, stdout, stderr) => done({ code: error?.code ?? 0, stdout, stderr }),
    ),
  );

// The bucket of that name is the account's own: at AWS it is not ours to make.
describe.skipIf(!hasAws || !isEmulator)('on an emulator of AWS', () => {
  const here = region ?? 'us-east-1';
  let bucket = '';
  beforeAll(async () => {
    bucket = await newBucket(`cdk-hnb659fds-assets-000000000000-${here}`);
  });
  let stages = 0;
  deploymentLeaseContract('S3', async () => {
    stages += 1;
    return { client: s3, region: here, bucket, stage: `lease-${stages}` };
  });

  it('ends a second `npm run deploy` before it has changed anything', async () => {
    const input = {
      client: s3,
      region: here,
      stage: 'dev',
      id: 'first',
      nowMs: systemClock.nowMs,
      say: () => {},
    };
    const lease = await takeDeploymentLease({ ...input, holder: 'ada@laptop' });
    const second = await deployAgain(`aws.region=${here}`);
    await lease.release();

    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^deploy: stage dev is being deployed by ada@laptop, since /),
    });
    expect(second.stdout).not.toContain('first deployment');
  });
});
