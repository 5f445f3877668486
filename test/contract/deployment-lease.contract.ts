import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { DeploymentError } from '#infra/deploy/deployment.ts';
import { currentDeployment, type LeaseInput, takeDeploymentLease } from '#infra/deploy/deployment-lease.ts';

const T0 = Date.parse('2026-11-20T10:00:00Z');
const TEN_MINUTES_MS = 600_000;

export interface LeasePlace {
  readonly client: Pick<S3Client, 'send'>;
  readonly region: string;
  readonly bucket: string;
  /** One that no other test deploys. */
  readonly stage: string;
}

/** What a store with conditional writes must do for deployments that know nothing of each other. */
export function deploymentLeaseContract(name: string, create: () => Promise<LeasePlace>): void {
  describe(`deployment lease: ${name}`, () => {
    const setUp = async () => {
      const { client, region, stage, bucket } = await create();
      const time = { nowMs: T0 };
      const said: string[] = [];
      const input = (holder: string): LeaseInput => ({
        ...{ client, region, stage, holder, id: `${holder}-1` },
        nowMs: () => time.nowMs,
        say: (line) => said.push(line),
      });
      const pass = (ms: number) => {
        time.nowMs += ms;
      };
      return { client, bucket, stage, said, pass, input, take: (holder: string) => takeDeploymentLease(input(holder)) };
    };

    it('is had by one of many that ask at once', async () => {
      const { take } = await setUp();
      const asked = await Promise.allSettled(['ada', 'bob', 'cyd', 'dan'].map(take));

      expect(asked.filter((a) => a.status === 'fulfilled')).toHaveLength(1);
      for (const a of asked) if (a.status === 'rejected') expect(a.reason).toBeInstanceOf(DeploymentError);
    });

    it('names its holder to who is refused, and when it runs out', async () => {
      const { take, input, stage } = await setUp();
      await take('ada@laptop');
      const words = `stage ${stage} is being deployed by ada@laptop, since 2026-11-20T10:00:00.000Z, and one at a time may. Wait for it. When that process is gone, its lease runs out at 2026-11-20T10:10:00.000Z.`;

      await expect(take('bob')).rejects.toThrow(words);
      expect(await currentDeployment(input('bob'))).toBe(words);
    });

    it('is free again when it was given back', async () => {
      const { take, input, said } = await setUp();
      await (await take('ada')).release();
      expect(await currentDeployment(input('bob'))).toBeNull();
      await take('bob');

      await expect(take('ada')).rejects.toThrow('by bob');
      expect(said).toEqual([]);
    });

    it('lasts while it is renewed, and runs out when its holder dies', async () => {
      const { take, pass, said } = await setUp();
      const lease = await take('ada');
      pass(TEN_MINUTES_MS - 1);
      await lease.renew();
      pass(TEN_MINUTES_MS - 1);
      await expect(take('bob')).rejects.toThrow('by ada');
      pass(1);
      await take('bob');

      expect(said).toEqual(['the deployment of ada ended without giving its lease back']);
    });

    it("is found lost by a holder that slept, who neither goes on nor frees what is another's", async () => {
      const { take, pass } = await setUp();
      const slept = await take('ada');
      pass(TEN_MINUTES_MS);
      const taken = await take('bob');
      await slept.renew();

      await expect(slept.assertHeld()).rejects.toThrow('by bob');
      await slept.release();
      await taken.renew();
      await expect(taken.assertHeld()).resolves.toBeUndefined();
      await expect(take('cyd')).rejects.toThrow('by bob');
    });

    it('is looked at again by a holder whose renewal is overdue, before its next step', async () => {
      const { take, pass } = await setUp();
      const slept = await take('ada');
      pass(TEN_MINUTES_MS);
      await expect(slept.assertHeld()).resolves.toBeUndefined();
      await expect(take('bob')).rejects.toThrow('by ada');

      pass(TEN_MINUTES_MS);
      await take('bob');
      await expect(slept.assertHeld()).rejects.toThrow('by bob');
    });

    it('that ran out and cannot be renewed lets nothing go on', async () => {
      const { input, pass, said } = await setUp();
      const { client, ...rest } = input('ada');
      let away = false;
      const sometimes = (...args: [never]) => (away ? Promise.reject(new Error('no network')) : client.send(...args));
      const lease = await takeDeploymentLease({ ...rest, client: { send: sometimes as typeof client.send } });
      pass(TEN_MINUTES_MS);
      away = true;

      await expect(lease.assertHeld()).rejects.toThrow('ran out and cannot be renewed');
      expect(said).toEqual(['the lease of this deployment could not be renewed: no network']);
      away = false;
      await expect(lease.assertHeld()).resolves.toBeUndefined();
    });

    it("that nobody can read is nobody's", async () => {
      const { client, bucket, stage, take } = await setUp();
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: `3t/deployment-of-${stage}.json`, Body: '{"v":' }));
      await take('ada');

      await expect(take('bob')).rejects.toThrow('by ada');
    });
  });
}
