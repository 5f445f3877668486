import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createSecretsManagerSecrets } from '#shared/adapters/aws/secrets-manager.ts';
import { awsError, LASTING_ERRORS, networkError } from '#test/support/aws-errors.ts';
import { manualClock } from '#test/support/manual-clock.ts';

const ARN = 'arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:3t-dev-trading-AbCdEf';
const KEY = '0x1f2e3d4c5b6a79880a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071';

/** `answer` is the text of the secret at a call, or throws. */
function setUp(answer: (call: number) => string | undefined) {
  const clock = manualClock(0);
  const client = new SecretsManagerClient({ region: 'ap-northeast-1' });
  const asked: unknown[] = [];
  mockClient(client)
    .on(GetSecretValueCommand)
    .callsFake((input) => {
      asked.push(input);
      return { SecretString: answer(asked.length) };
    });
  const onRead: string[] = [];
  const secrets = createSecretsManagerSecrets({
    client,
    secretArn: ARN,
    clock,
    maxAgeMs: 60_000,
    onRead: (value) => onRead.push(value),
  });
  return { secrets, clock, asked, onRead };
}

describe('secrets from Secrets Manager', () => {
  it('are read once, kept for their age, then read again', async () => {
    const { secrets, clock, asked } = setUp((call) => JSON.stringify({ 'a.key': `value-${call}` }));

    expect(await secrets.get('a.key')).toBe('value-1');
    clock.set(59_999);
    expect(await secrets.get('a.key')).toBe('value-1');
    clock.set(60_000);
    expect(await secrets.get('a.key')).toBe('value-2');
    expect(asked).toEqual([{ SecretId: ARN }, { SecretId: ARN }]);
  });

  it('are read by one call whoever asks at once', async () => {
    const { secrets, asked, onRead } = setUp(() => JSON.stringify({ a: KEY, b: 'other-value' }));

    expect(await Promise.all([secrets.get('a'), secrets.get('b'), secrets.get('a')])).toEqual([
      KEY,
      'other-value',
      KEY,
    ]);
    expect(asked).toHaveLength(1);
    expect(onRead).toEqual([KEY, 'other-value', KEY]);
  });

  it.each([
    ...LASTING_ERRORS,
    ['no network', networkError('ENOTFOUND')] as const,
    ['a key that cannot decrypt', awsError('DecryptionFailure', 400)] as const,
    ['expired credentials', awsError('ExpiredTokenException', 400)] as const,
  ])('that cannot be read for %s are an error that names the secret, and are asked for anew', async (_, error) => {
    const { secrets } = setUp((call) => {
      if (call === 1) throw error;
      return JSON.stringify({ a: KEY });
    });

    const failures = await Promise.all(['a', 'b'].map((name) => secrets.get(name).catch((thrown: unknown) => thrown)));

    expect(failures).toMatchObject([
      { name: 'SecretError', secretName: 'a' },
      { name: 'SecretError', secretName: 'b' },
    ]);
    expect(failures.join()).not.toContain('FwoGZXIvYXdz');
    expect(await secrets.get('a')).toBe(KEY);
  });

  it.each([undefined, '', KEY, `"${KEY}"`, 'null', '["a"]', `{"a":"${KEY}"`])(
    'that are no JSON object are refused without a word of them',
    async (text) => {
      const { secrets } = setUp(() => text);

      const error = await secrets.get('a').catch((thrown: unknown) => thrown);

      expect(error).toMatchObject({ name: 'SecretError', secretName: 'a' });
      expect(`${(error as Error).stack} ${JSON.stringify(error)} ${(error as Error).cause}`).not.toContain(
        KEY.slice(2, 12),
      );
    },
  );

  it.each([7, true, { nested: KEY }, [KEY]])('that are no text are refused', async (value) => {
    const { secrets, onRead } = setUp(() => JSON.stringify({ a: value }));

    await expect(secrets.get('a')).rejects.toThrow(/expected text/);
    expect(onRead).toEqual([]);
  });
});
