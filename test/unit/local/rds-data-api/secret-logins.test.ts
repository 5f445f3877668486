import type { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { secretLogins } from '#local/rds-data-api/secret-logins.ts';
import { manualClock } from '#test/support/manual-clock.ts';

const ARN = 'arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:3t/local/database/app';

/** Secrets by the id that they are asked for. */
function setUp(secrets: Record<string, string>) {
  const clock = manualClock();
  const asked: string[] = [];
  const send = async ({ input }: GetSecretValueCommand) => {
    const id = input.SecretId!;
    asked.push(id);
    if (secrets[id] === undefined) throw Object.assign(new Error('none'), { name: 'ResourceNotFoundException' });
    if (secrets[id] === 'down') throw Object.assign(new Error('later'), { name: 'InternalServiceError' });
    return { SecretString: secrets[id] };
  };
  return { clock, asked, secrets, userOf: secretLogins({ send } as never, clock) };
}

describe('secretLogins', () => {
  const login = JSON.stringify({ username: 'threet_app', password: 'abc' });

  it('finds the user by the ARN, or by the name where the ARN is not known', async () => {
    const whole = setUp({ [ARN]: login });
    expect(await whole.userOf(ARN)).toEqual({ user: 'threet_app', password: 'abc' });
    const named = setUp({ '3t/local/database/app': login });
    expect(await named.userOf(ARN)).toEqual({ user: 'threet_app', password: 'abc' });
    expect(named.asked).toEqual([ARN, '3t/local/database/app']);
  });

  it.each([
    ['there is none', {}],
    ['it is no JSON', { [ARN]: 'hunter2' }],
    ['it names no user', { [ARN]: '{"password":"abc"}' }],
  ])('finds nobody when %s', async (_when, secrets) => {
    expect(await setUp(secrets).userOf(ARN)).toBeNull();
  });

  it('asks again after half a minute, so that a changed password counts', async () => {
    const { clock, asked, secrets, userOf } = setUp({ [ARN]: login });
    await userOf(ARN);
    secrets[ARN] = JSON.stringify({ username: 'threet_app', password: 'new' });
    expect(await userOf(ARN)).toMatchObject({ password: 'abc' });
    clock.set(clock.nowMs() + 30_000);
    expect(await userOf(ARN)).toMatchObject({ password: 'new' });
    expect(asked).toHaveLength(2);
  });

  it('passes on that Secrets Manager fails: nobody is not the same as unknown', async () => {
    await expect(setUp({ [ARN]: 'down' }).userOf(ARN)).rejects.toThrow('later');
  });
});
