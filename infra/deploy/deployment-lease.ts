import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { type DeploymentDeps, DeploymentError } from './deployment.ts';

/** Without a word from its holder for so long, a lease is free: longer than a laptop's short sleep, shorter than a human's patience. */
const LEASE_MS = 600_000;
const RENEW_EVERY_MS = 120_000;
/** What `cdk bootstrap` makes, before anything of ours is there. */
const BUCKET_PREFIX = 'cdk-hnb659fds-assets-';

const leaseSchema = z.object({
  v: z.literal(1),
  holder: z.string().min(1).max(200),
  id: z.string().min(1).max(64),
  beganAt: z.iso.datetime(),
  /** Null once it was given back. */
  expiresAt: z.iso.datetime().nullable(),
});
type Lease = z.infer<typeof leaseSchema>;

export interface LeaseInput {
  readonly client: Pick<S3Client, 'send'>;
  readonly stage: string;
  readonly region: string;
  /** For whoever is refused: `ada@laptop, process 4711`. */
  readonly holder: string;
  /** Different for every deployment. */
  readonly id: string;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
}

export interface DeploymentLease {
  /** Rejects with {@link DeploymentError} when another deployment has the lease by now, or nobody can say that none has. */
  assertHeld(): Promise<void>;
  /** Call it every {@link DeploymentLease.renewEveryMs}. Never rejects: a lease that is lost shows at the next step. */
  renew(): Promise<void>;
  readonly renewEveryMs: number;
  release(): Promise<void>;
}

/**
 * Lets one deployment of a stage run at a time, whoever starts it and from wherever: an object in CDK's bucket, written only when nobody
 * else has written it since (S3's conditional writes). It names its holder and runs out when that dies.
 */
export const takeDeploymentLease = (input: LeaseInput): Promise<DeploymentLease> => take(input).catch(unanswered);

async function take(input: LeaseInput): Promise<DeploymentLease> {
  const { client, stage, holder, id, nowMs, say } = input;
  const place = { Bucket: await bootstrapBucket(input), Key: leaseKey(stage) };
  const beganAt = new Date(nowMs()).toISOString();
  const text = (expiresAt: string | null): string =>
    `${JSON.stringify({ v: 1, holder, id, beganAt, expiresAt } satisfies Lease)}\n`;
  let heldUntilMs = 0;
  /** Its tag, or null when somebody else was first. */
  const write = async (expiresAt: string | null, etag: string | null): Promise<string | null> => {
    const condition = etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag };
    const Body = text(expiresAt);
    try {
      return (await client.send(new PutObjectCommand({ ...place, ...condition, Body }))).ETag ?? '';
    } catch (error) {
      if (!isConflict(error)) throw error;
      // The SDK repeats a write whose answer was lost, and is then refused because of itself.
      const found = await readLease(client, place);
      return found?.lease?.id === id ? found.etag : null;
    }
  };
  /** Counted from before the request: others must not find it free before we do. */
  const hold = async (tag: string | null): Promise<string | null> => {
    const untilMs = nowMs() + LEASE_MS;
    const written = await write(new Date(untilMs).toISOString(), tag);
    if (written !== null) heldUntilMs = untilMs;
    return written;
  };

  const found = await readLease(client, place);
  if (found !== null && isHeld(found.lease, nowMs())) throw refused(stage, found.lease);
  if (found?.lease?.expiresAt) say(`the deployment of ${found.lease.holder} ended without giving its lease back`);
  let etag = await hold(found?.etag ?? null);
  if (etag === null) throw refused(stage, (await readLease(client, place))?.lease ?? null);

  let lost: Lease | null | undefined;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    if (lost !== undefined) return;
    try {
      const next = await hold(etag);
      if (next === null) lost = (await readLease(client, place))?.lease ?? null;
      else etag = next;
    } catch (error) {
      // There is time for more tries than one; a lease that ran out meanwhile is somebody's to take, and then the next try is refused.
      say(
        `the lease of this deployment could not be renewed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  const renewNext = (): Promise<void> => {
    renewing = renewing.then(renew);
    return renewing;
  };
  return {
    renewEveryMs: RENEW_EVERY_MS,
    renew: renewNext,
    assertHeld: async () => {
      // A machine that slept goes on with its work before its timer is due: timers do not count that time.
      if (lost === undefined && nowMs() >= heldUntilMs) await renewNext();
      if (lost !== undefined) throw refused(stage, lost);
      if (nowMs() < heldUntilMs) return;
      throw new DeploymentError(`the lease of this deployment of ${stage} ran out and cannot be renewed: deploy again`);
    },
    release: async () => {
      await renewing;
      // Whoever has taken it since keeps it; else it runs out by itself.
      if (lost === undefined) await write(null, etag).catch(() => null);
    },
  };
}

const leaseKey = (stage: string): string => `3t/deployment-of-${stage}.json`;

/** Who deploys the stage now, in words, or null. For a dry run, which takes nothing. */
export async function currentDeployment(input: Omit<LeaseInput, 'holder' | 'id'>): Promise<string | null> {
  const look = async () =>
    readLease(input.client, { Bucket: await bootstrapBucket(input), Key: leaseKey(input.stage) });
  const found = await look().catch(unanswered);
  return found !== null && isHeld(found.lease, input.nowMs()) ? refused(input.stage, found.lease).message : null;
}

function unanswered(error: unknown): never {
  if (error instanceof DeploymentError) throw error;
  throw new DeploymentError(
    `nobody can say whether this stage is being deployed: ${error}. Are this shell's credentials right, and may they list buckets and write to CDK's?`,
  );
}

async function bootstrapBucket({ client, region }: Pick<LeaseInput, 'client' | 'region'>): Promise<string> {
  const { Buckets = [] } = await client.send(new ListBucketsCommand({ Prefix: BUCKET_PREFIX }));
  const name = Buckets.map((bucket) => bucket.Name ?? '').find(
    (n) => n.startsWith(BUCKET_PREFIX) && n.endsWith(`-${region}`),
  );
  if (name !== undefined) return name;
  throw new DeploymentError(
    `there is no bucket ${BUCKET_PREFIX}<account>-${region}: a new account and region needs "npm exec cdk bootstrap" once`,
  );
}

async function readLease(
  client: LeaseInput['client'],
  place: { readonly Bucket: string; readonly Key: string },
): Promise<{ readonly lease: Lease | null; readonly etag: string } | null> {
  try {
    const { Body, ETag = '' } = await client.send(new GetObjectCommand(place));
    const parsed = leaseSchema.safeParse(readJson((await Body?.transformToString('utf-8')) ?? ''));
    return { lease: parsed.success ? parsed.data : null, etag: ETag };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return null;
    throw error;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** One that nobody can read is nobody's. */
const isHeld = (lease: Lease | null, nowMs: number): boolean =>
  lease !== null && lease.expiresAt !== null && Date.parse(lease.expiresAt) > nowMs;

/** 412: somebody has written since. 409: somebody writes now. 404: what was read is gone. */
const isConflict = (error: unknown): boolean =>
  error instanceof Error && /^(PreconditionFailed|ConditionalRequestConflict|NoSuchKey)$/.test(error.name);

function refused(stage: string, lease: Lease | null): DeploymentError {
  const who = lease === null ? 'another deployment' : `${lease.holder}, since ${lease.beganAt},`;
  const until = lease?.expiresAt ? ` When that process is gone, its lease runs out at ${lease.expiresAt}.` : '';
  return new DeploymentError(`stage ${stage} is being deployed by ${who} and one at a time may. Wait for it.${until}`);
}

/** The same deployment, which goes no step further once it has lost its lease. */
export function underLease(deps: DeploymentDeps, lease: Pick<DeploymentLease, 'assertHeld'>): DeploymentDeps {
  const held =
    <A extends unknown[], R>(step: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await lease.assertHeld();
      return step(...args);
    };
  return {
    ...deps,
    lock: held(deps.lock),
    unlock: held(deps.unlock),
    deployStacks: held(deps.deployStacks),
    migrate: held(deps.migrate),
    start: held(deps.start),
  };
}
