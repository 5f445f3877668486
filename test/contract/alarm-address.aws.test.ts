import { randomUUID } from 'node:crypto';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, describe, expect, it } from 'vitest';
import { readAlarmAddress } from '#shared/adapters/aws/alarm-address.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { awsEnvironment, hasAws, isEmulator } from '#test/support/aws-under-test.ts';

// An emulator confirms by itself, and AWS mails a stranger: what is pending is told by the unit test.
describe.skipIf(!hasAws || !isEmulator)('the address of the alarms on an emulator of AWS', () => {
  const client = new SNSClient({
    ...awsClientOptions('sns', awsEnvironment),
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  afterAll(() => client.destroy());

  it('is found by the name of its topic, with what SNS says of it', async () => {
    const stage = `t${randomUUID().slice(0, 8)}`;
    const input = { client, stage, email: 'ada@example.com' };
    expect(await readAlarmAddress(input)).toEqual({ kind: 'no-topic' });

    const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: `3t-${stage}-alarms` }));
    expect(await readAlarmAddress(input)).toMatchObject({ kind: 'missing', topicArn: TopicArn });

    await client.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'ada@example.com' }));
    expect(await readAlarmAddress(input)).toMatchObject({ kind: 'confirmed' });
    expect(await readAlarmAddress({ ...input, email: 'bob@example.com' })).toMatchObject({ kind: 'missing' });
    await client.send(new DeleteTopicCommand({ TopicArn }));
  });
});
