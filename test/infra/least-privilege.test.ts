import { describe, expect, it } from 'vitest';
import { observerDocumentKey } from '#shared/adapters/aws/s3-observer-documents.ts';
import { IamEvaluator } from '#test/support/iam-evaluator.ts';
import { ResolvedTemplate } from '#test/support/resolved-template.ts';
import { synthesize } from '#test/support/synthesized.ts';

const templates = synthesize();
const state = new ResolvedTemplate(templates.state);
const services = new ResolvedTemplate(templates.services, [state]);
const iam = new IamEvaluator([state, services]);

const SECRET_ACTIONS = [
  'GetSecretValue',
  'BatchGetSecretValue',
  'DescribeSecret',
  'PutSecretValue',
  'UpdateSecret',
  'UpdateSecretVersionStage',
  'DeleteSecret',
  'RestoreSecret',
  'RotateSecret',
  'PutResourcePolicy',
  'TagResource',
].map((name) => `secretsmanager:${name}`);

const WITH_DATABASE = [
  'balance',
  'market-data',
  'run-supervisor',
  'order-tracker',
  'janitor',
  'reconciliation',
  'price-consumer',
  'run-strategies',
  'balance-consumer',
  'candle-fetcher',
  'order-gateway',
  'api',
];

/** Who reads which secret. Whatever does not stand here is denied. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  trading: ['order-gateway'],
  migrate: ['migrate'],
  app: [...WITH_DATABASE, 'migrate'],
  state: ['janitor', 'order-tracker', 'api', 'migrate'],
  reader: ['api', 'price-producer', 'migrate'],
};

const secretArn = (name: string): string => {
  const found = [...state.ofType('AWS::SecretsManager::Secret')].find(([, secret]) =>
    String(secret.Properties.Name).includes(name === 'trading' ? '/trading/' : `/database/${name}`),
  );
  if (!found) throw new Error(`no secret ${name}`);
  return state.arnOf(found[0]);
};

/** `order-gatewayRole6F3…` is the role of order-gateway; those of schedules and ECS keep their longer names. */
const behaviourOf = (role: string): string | null => {
  const squeezed = role.toLowerCase();
  const names = [...WITH_DATABASE, 'migrate', 'observer-1', 'observer-2', 'price-producer'];
  return names.find((name) => new RegExp(`^${name.replaceAll('-', '')}role[0-9a-f]{8}$`).test(squeezed)) ?? null;
};

describe('every role × secret × action', () => {
  it('has as many roles as the stage has behaviours, schedules and the task', () => {
    expect(iam.roles.filter((role) => behaviourOf(role) !== null)).toHaveLength(16);
    expect(iam.roles.length).toBeGreaterThanOrEqual(24);
  });

  it.each(Object.keys(READERS))('secret %s: only those listed read it, and nobody does anything else', (name) => {
    const arn = secretArn(name);
    const allowed = iam.roles.flatMap((role) =>
      SECRET_ACTIONS.filter((action) => iam.allows(role, action, arn)).map(
        (action) => `${behaviourOf(role)} ${action}`,
      ),
    );
    expect(allowed.sort()).toEqual(READERS[name]!.map((reader) => `${reader} secretsmanager:GetSecretValue`).sort());
  });

  it('grants nothing on secrets that the stage does not know', () => {
    const foreign = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:somebody-elses';
    const allowed = iam.roles.filter((role) => SECRET_ACTIONS.some((action) => iam.allows(role, action, foreign)));
    expect(allowed).toEqual([]);
  });
});

describe('every role × object × action', () => {
  const ACTIONS = ['GetObject', 'PutObject', 'DeleteObject', 'GetObjectAcl', 'PutObjectAcl', 'PutObjectTagging'];
  const bucketArn = (part: string): string =>
    state.arnOf([...state.ofType('AWS::S3::Bucket').keys()].find((id) => id.startsWith(part))!);
  const observers = bucketArn('ObserverDocuments');
  const poison = bucketArn('PoisonRecords');
  const READ_DOCUMENTS = ['api GetObject', 'balance GetObject', 'janitor GetObject', 'reconciliation GetObject'];
  const READ_AND_WRITE = ['GetObject', 'PutObject'];
  const poisonKey = 'aws/lambda/a-mapping/shardId-000000000000/2026/01/02/record';

  it.each([
    [
      `${observers}/${observerDocumentKey('observer-1')}`,
      [...READ_DOCUMENTS, ...READ_AND_WRITE.map((action) => `observer-1 ${action}`)],
    ],
    [
      `${observers}/${observerDocumentKey('observer-2')}`,
      [...READ_DOCUMENTS, ...READ_AND_WRITE.map((action) => `observer-2 ${action}`)],
    ],
    [`${observers}/${observerDocumentKey('observer-3')}`, []],
    [
      `${observers}/installation.json`,
      ['api', 'janitor', 'order-tracker'].flatMap((role) => READ_AND_WRITE.map((action) => `${role} ${action}`)),
    ],
    [`${observers}/anything-else`, []],
    [`${poison}/${poisonKey}`, ['balance-consumer', 'price-consumer', 'run-strategies'].map((r) => `${r} PutObject`)],
    [`${poison}/anything-else`, []],
    ['arn:aws:s3:::somebody-elses/key', []],
  ])('%s: only those listed, and nothing else', (arn, expected) => {
    const allowed = iam.roles.flatMap((role) =>
      ACTIONS.filter((action) => iam.allows(role, `s3:${action}`, arn)).map(
        (action) => `${behaviourOf(role)} ${action}`,
      ),
    );
    expect(allowed.sort()).toEqual([...expected].sort());
  });

  it('lets exactly those list a bucket who use its objects: others are told 403 of an object that is not there', () => {
    const objects = [
      ...['observer-1', 'observer-2'].map((id) => `${observers}/${observerDocumentKey(id)}`),
      `${observers}/installation.json`,
      `${poison}/${poisonKey}`,
    ];
    for (const bucket of [observers, poison]) {
      const users = iam.roles.filter((role) =>
        objects.some(
          (arn) => arn.startsWith(bucket) && ACTIONS.some((action) => iam.allows(role, `s3:${action}`, arn)),
        ),
      );
      expect(iam.roles.filter((role) => iam.allows(role, 's3:ListBucket', bucket))).toEqual(users);
      expect(users.length).toBeGreaterThan(2);
    }
  });
});

describe('a role', () => {
  const roleOf = (behaviour: string): string => iam.roles.find((role) => behaviourOf(role) === behaviour)!;
  const cluster = state.arnOf([...state.ofType('AWS::RDS::DBCluster').keys()][0]!);
  const bucketArn = (part: string): string =>
    state.arnOf([...state.ofType('AWS::S3::Bucket').keys()].find((id) => id.startsWith(part))!);
  const queueArn = (part: string): string =>
    services.arnOf([...services.ofType('AWS::SQS::Queue').keys()].find((id) => id.startsWith(part))!);

  it('of an observer has no database, no key, no queue to write to and no document but its own', () => {
    const observer = roleOf('observer-1');
    expect(iam.allows(observer, 'rds-data:ExecuteStatement', cluster)).toBe(false);
    expect(iam.allows(observer, 'sqs:SendMessage', queueArn('Orders'))).toBe(false);
    const documents = bucketArn('ObserverDocuments');
    expect(iam.allows(observer, 's3:PutObject', `${documents}/${observerDocumentKey('observer-1')}`)).toBe(true);
    expect(iam.allows(observer, 's3:PutObject', `${documents}/${observerDocumentKey('observer-2')}`)).toBe(false);
    expect(iam.allows(observer, 's3:PutObject', `${documents}/installation.json`)).toBe(false);
  });

  it.each(WITH_DATABASE)('of %s reaches the one cluster through the Data API and no other', (behaviour) => {
    const role = roleOf(behaviour);
    expect(iam.allows(role, 'rds-data:ExecuteStatement', cluster)).toBe(true);
    expect(iam.allows(role, 'rds-data:ExecuteStatement', `${cluster}-other`)).toBe(false);
    expect(iam.allows(role, 'rds:ModifyDBCluster', cluster)).toBe(false);
  });

  it('sends orders only where orders are decided', () => {
    const senders = iam.roles.filter((role) => iam.allows(role, 'sqs:SendMessage', queueArn('Orders')));
    expect(senders.map(behaviourOf).sort()).toEqual(['api', 'order-tracker', 'reconciliation']);
    const takers = iam.roles.filter((role) => iam.allows(role, 'sqs:ReceiveMessage', queueArn('Orders')));
    expect(takers.map(behaviourOf)).toEqual(['order-gateway']);
  });

  it('publishes prices only from the producer and account news only from balance', () => {
    const streamArn = (part: string) =>
      services.arnOf([...services.ofType('AWS::Kinesis::Stream').keys()].find((id) => id.startsWith(part))!);
    const writers = (arn: string) =>
      iam.roles.filter((role) => iam.allows(role, 'kinesis:PutRecords', arn)).map(behaviourOf);
    expect(writers(streamArn('Market'))).toEqual(['price-producer']);
    expect(writers(streamArn('Account'))).toEqual(['balance']);
  });

  it('never has a wildcard in an action', () => {
    const wild = iam.roles.flatMap((role) =>
      iam
        .statements(role)
        .flatMap((s) => [s.Action].flat())
        .filter((a) => a.includes('*')),
    );
    expect(wild).toEqual([]);
  });

  it('never administers: no IAM, no assuming, no key policies', () => {
    const actions = [
      'iam:PassRole',
      'iam:PutRolePolicy',
      'sts:AssumeRole',
      'kms:PutKeyPolicy',
      'lambda:UpdateFunctionCode',
    ];
    const found = iam.roles.flatMap((role) =>
      actions.filter((action) => iam.allows(role, action, 'arn:aws:any:::thing')),
    );
    expect(found).toEqual([]);
  });

  it('is assumed by one AWS service', () => {
    const principals = [...services.ofType('AWS::IAM::Role').values()].map(({ Properties }) =>
      (Properties.AssumeRolePolicyDocument as { Statement: { Principal: { Service: string } }[] }).Statement.map(
        (statement) => statement.Principal.Service,
      ),
    );
    expect(new Set(principals.flat())).toEqual(
      new Set(['lambda.amazonaws.com', 'scheduler.amazonaws.com', 'ecs-tasks.amazonaws.com']),
    );
    expect(principals.every((services) => services.length === 1)).toBe(true);
  });
});

describe('the evaluator', () => {
  it('notices a grant that should not be: each allowed reader would be missed without its statement', () => {
    const role = iam.roles.find((candidate) => behaviourOf(candidate) === 'order-gateway')!;
    expect(iam.allows(role, 'secretsmanager:GetSecretValue', secretArn('trading'))).toBe(true);
    expect(iam.allows(role, 'SECRETSMANAGER:getsecretvalue', secretArn('trading'))).toBe(true);
    expect(iam.allows(role, 'secretsmanager:GetSecretValue', `${secretArn('trading')}2`)).toBe(false);
  });
});
