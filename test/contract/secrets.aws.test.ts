import { afterAll, describe } from 'vitest';
import { createSecretsManagerSecrets } from '#shared/adapters/aws/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { hasAws, newSecret, removeAwsResources, secretsManager } from '#test/support/aws-under-test.ts';
import { secretsContract } from './secrets.contract.ts';

afterAll(removeAwsResources);

describe.skipIf(!hasAws)('on AWS', () => {
  secretsContract('Secrets Manager', async (values) => {
    const secretArn = await newSecret(JSON.stringify(values));
    const handedOut: string[] = [];
    const onRead = (value: string) => handedOut.push(value);
    return {
      secrets: createSecretsManagerSecrets({ client: secretsManager, secretArn, clock: systemClock, onRead }),
      handedOut,
    };
  });
});
