import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { isDue } from '#shared/core/age.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { DatabaseUser } from './sessions.ts';

const loginSchema = z.object({ username: z.string().min(1), password: z.string() });

/** A secret is read again at this age, so that a changed password is noticed. */
const MAX_AGE_MS = 30_000;
const LOGINS_MAX = 100;

/** The user that a secret of Secrets Manager names, as the Data API itself finds him; null when there is no such secret. */
export function secretLogins(
  client: Pick<SecretsManagerClient, 'send'>,
  clock: Pick<Clock, 'nowMs'>,
): (secretArn: string) => Promise<DatabaseUser | null> {
  const known = new Map<string, { readonly user: DatabaseUser; readonly readAtMs: number }>();
  return async (secretArn) => {
    const cached = known.get(secretArn);
    if (cached && !isDue(cached.readAtMs, clock.nowMs(), MAX_AGE_MS)) return cached.user;
    const text = (await read(client, secretArn)) ?? (await read(client, nameIn(secretArn)));
    const login = loginSchema.safeParse(text === null ? null : parseJson(text));
    if (!login.success) return null;
    const user = { user: login.data.username, password: login.data.password };
    if (known.size >= LOGINS_MAX) known.clear();
    known.set(secretArn, { user, readAtMs: clock.nowMs() });
    return user;
  };
}

/** An ARN without the six characters that Secrets Manager appends ends in the name. */
const nameIn = (secretArn: string): string => secretArn.split(':secret:')[1] ?? secretArn;

async function read(client: Pick<SecretsManagerClient, 'send'>, id: string): Promise<string | null> {
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return text ?? null;
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
