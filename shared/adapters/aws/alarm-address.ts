import { ListSubscriptionsByTopicCommand, ListTopicsCommand, type SNSClient } from '@aws-sdk/client-sns';

/** Of a hundred entries each; an account has 100,000 topics at most. */
const PAGES_MAX = 1_000;
/** What SNS says in place of an ARN until the addressee has answered. */
const PENDING = 'PendingConfirmation';

/** Whether the mails of a stage's alarms arrive. `missing`: nobody ever subscribed, or did not answer for so long that SNS forgot. */
export type AlarmAddress =
  | { readonly kind: 'unset' | 'no-topic' }
  | { readonly kind: 'confirmed' | 'pending' | 'missing'; readonly email: string; readonly topicArn: string };

export interface AlarmAddressInput {
  readonly client: Pick<SNSClient, 'send'>;
  readonly stage: string;
  /** `aws.alarm_email` of the stage. */
  readonly email: string | null;
}

/** Asks SNS as whoever deploys or looks: no function may. */
export async function readAlarmAddress({ client, stage, email }: AlarmAddressInput): Promise<AlarmAddress> {
  if (email === null) return { kind: 'unset' };
  const topicArn = await findTopic(client, `:3t-${stage}-alarms`);
  if (topicArn === null) return { kind: 'no-topic' };
  for await (const { Subscriptions = [] } of pages((NextToken) =>
    client.send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, ...NextToken })),
  )) {
    // Addresses are compared as people write them.
    const found = Subscriptions.filter(
      (s) => s.Protocol === 'email' && s.Endpoint?.toLowerCase() === email.toLowerCase(),
    );
    if (found.some((s) => s.SubscriptionArn?.startsWith('arn:'))) return { kind: 'confirmed', email, topicArn };
    if (found.some((s) => s.SubscriptionArn === PENDING)) return { kind: 'pending', email, topicArn };
  }
  return { kind: 'missing', email, topicArn };
}

/** What is wrong and what to do, or null when mails arrive. */
export function alarmAdvice(address: AlarmAddress): string | null {
  switch (address.kind) {
    case 'confirmed':
      return null;
    case 'unset':
      return 'alarms are mailed to nobody: set aws.alarm_email and deploy';
    case 'no-topic':
      return 'alarms are mailed to nobody: the stage has no topic for them yet; deploy it';
    case 'pending':
      return `alarms are mailed to nobody: ${address.email} has not confirmed; open AWS's mail "Subscription Confirmation" and follow its link (look among the spam)`;
    case 'missing':
      return `alarms are mailed to nobody: ${address.email} is not subscribed (SNS forgets who does not confirm within days); run: aws sns subscribe --region ${address.topicArn.split(':')[3]} --topic-arn ${address.topicArn} --protocol email --notification-endpoint ${address.email}, then follow the link in the mail`;
  }
}

async function findTopic(client: AlarmAddressInput['client'], ending: string): Promise<string | null> {
  for await (const { Topics = [] } of pages((NextToken) => client.send(new ListTopicsCommand(NextToken)))) {
    const found = Topics.find((topic) => topic.TopicArn?.endsWith(ending));
    if (found?.TopicArn) return found.TopicArn;
  }
  return null;
}

async function* pages<P extends { readonly NextToken?: string | undefined }>(
  read: (token: { readonly NextToken?: string }) => Promise<P>,
): AsyncGenerator<P> {
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await read(token === undefined ? {} : { NextToken: token });
    yield answer;
    token = answer.NextToken;
    if (!token) return;
  }
}
