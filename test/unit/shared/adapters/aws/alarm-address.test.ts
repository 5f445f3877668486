import { ListSubscriptionsByTopicCommand, ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { alarmAdvice, readAlarmAddress } from '#shared/adapters/aws/alarm-address.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:3t-dev-alarms';
const sns = mockClient(SNSClient);
const client = new SNSClient({});

type Subscription = { readonly Protocol: string; readonly Endpoint: string; readonly SubscriptionArn: string };
const mail = (Endpoint: string, SubscriptionArn: string): Subscription => ({
  Protocol: 'email',
  Endpoint,
  SubscriptionArn,
});
const OTHERS = [
  mail('bob@example.com', `${TOPIC}:1`),
  { Protocol: 'sms', Endpoint: 'ada@example.com', SubscriptionArn: `${TOPIC}:2` },
];

/** On the second page each: the first holds what is not ours. */
function account(...subscriptions: readonly Subscription[]) {
  sns.on(ListTopicsCommand).resolves({ Topics: [{ TopicArn: `${TOPIC}-of-others` }], NextToken: '2' });
  sns.on(ListTopicsCommand, { NextToken: '2' }).resolves({ Topics: [{ TopicArn: TOPIC }] });
  sns.on(ListSubscriptionsByTopicCommand, { TopicArn: TOPIC }).resolves({ Subscriptions: OTHERS, NextToken: 'b' });
  sns
    .on(ListSubscriptionsByTopicCommand, { TopicArn: TOPIC, NextToken: 'b' })
    .resolves({ Subscriptions: [...subscriptions] });
}
const read = (email: string | null = 'ada@example.com', stage = 'dev') => readAlarmAddress({ client, stage, email });

describe('the address of the alarms', () => {
  beforeEach(() => sns.reset());

  it('is confirmed when SNS has an ARN for it, however it is written', async () => {
    account(mail('Ada@Example.com', `${TOPIC}:3`));
    const address = await read();

    expect(address.kind).toBe('confirmed');
    expect(alarmAdvice(address)).toBeNull();
  });

  it('is pending until its owner has followed the link', async () => {
    account(mail('ada@example.com', 'PendingConfirmation'));
    const address = await read();

    expect(address.kind).toBe('pending');
    expect(alarmAdvice(address)).toMatch(/ada@example.com has not confirmed; open AWS's mail/);
  });

  it('is confirmed when it was asked twice and answered once', async () => {
    account(mail('ada@example.com', `${TOPIC}:3`), mail('ada@example.com', 'PendingConfirmation'));
    expect((await read()).kind).toBe('confirmed');
  });

  it('is missing when SNS has forgotten it, or it left', async () => {
    account(mail('ada@example.com', 'Deleted'));
    const address = await read();

    expect(address.kind).toBe('missing');
    expect(alarmAdvice(address)).toContain(
      `aws sns subscribe --region eu-west-1 --topic-arn ${TOPIC} --protocol email --notification-endpoint ada@example.com`,
    );
  });

  it('says when there is none, and when the stage was not deployed', async () => {
    account();
    expect(alarmAdvice(await read(null))).toMatch(/set aws.alarm_email/);
    expect(sns.calls()).toHaveLength(0);
    expect(alarmAdvice(await read('ada@example.com', 'prod'))).toMatch(/no topic for them yet; deploy it/);
  });

  it('is not guessed when SNS refuses', async () => {
    sns.on(ListTopicsCommand).rejects(new Error('AuthorizationError'));
    await expect(read()).rejects.toThrow('AuthorizationError');
  });
});
