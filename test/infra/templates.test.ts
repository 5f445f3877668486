import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { ResolvedTemplate } from '#test/support/resolved-template.ts';
import { KEYED, synthesize } from '#test/support/synthesized.ts';

const { state, services } = synthesize();
const resolvedState = new ResolvedTemplate(state);
const resolved = new ResolvedTemplate(services, [resolvedState]);

const properties = (template: Template, type: string) =>
  Object.values(template.findResources(type)).map((resource) => resource.Properties as Record<string, unknown>);

describe('the state stack', () => {
  it('has Aurora MySQL Serverless v2 with the Data API in isolated subnets, encrypted and protected', () => {
    state.hasResourceProperties('AWS::RDS::DBCluster', {
      Engine: 'aurora-mysql',
      EngineVersion: Match.stringLikeRegexp('^8\\.0\\.mysql_aurora\\.3\\.10'),
      EnableHttpEndpoint: true,
      StorageEncrypted: true,
      DeletionProtection: true,
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 2 },
    });
    state.hasResourceProperties('AWS::RDS::DBInstance', {
      DBInstanceClass: 'db.serverless',
      PubliclyAccessible: false,
    });
  });

  it('has no NAT gateway, no address and no security group with a way in', () => {
    for (const template of [state, services]) {
      template.resourceCountIs('AWS::EC2::NatGateway', 0);
      template.resourceCountIs('AWS::EC2::EIP', 0);
      template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
      for (const group of properties(template, 'AWS::EC2::SecurityGroup'))
        expect(group.SecurityGroupIngress).toBeUndefined();
    }
  });

  it('keeps database, secrets and buckets when the stack is deleted', () => {
    for (const type of ['AWS::RDS::DBCluster', 'AWS::SecretsManager::Secret', 'AWS::S3::Bucket']) {
      const kept = Object.values(state.findResources(type));
      expect(kept.length).toBeGreaterThan(0);
      for (const resource of kept) expect([type, resource.DeletionPolicy]).toEqual([type, 'Retain']);
    }
  });

  it('names what the Data API is told so that its ARN has at most 100 characters, in the region with the longest name', () => {
    const arns = properties(state, 'AWS::SecretsManager::Secret')
      .map((secret) => `arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:${String(secret.Name)}-abcdef`)
      .filter((arn) => arn.includes('/database/'));
    const longest = 'x'.repeat(15);
    expect(arns).toHaveLength(4);
    for (const arn of arns) expect(arn.replace('/dev/', `/${longest}/`).length).toBeLessThanOrEqual(100);
    const [cluster] = properties(state, 'AWS::RDS::DBCluster');
    const name = String(cluster!.DBClusterIdentifier).replace('dev', longest);
    expect(`arn:aws:rds:ap-northeast-1:123456789012:cluster:${name}`.length).toBeLessThanOrEqual(100);
  });

  it('has one secret for each database user and each trading account, the latter empty', () => {
    const names = properties(state, 'AWS::SecretsManager::Secret').map((secret) => String(secret.Name));
    expect(names.sort()).toEqual([
      '3t/dev/database/app',
      '3t/dev/database/migrate',
      '3t/dev/database/reader',
      '3t/dev/database/state',
      '3t/dev/trading/main',
    ]);
    const trading = properties(state, 'AWS::SecretsManager::Secret').find((s) => String(s.Name).includes('trading'))!;
    expect(trading.GenerateSecretString).toBeUndefined();
  });
});

describe('streams and queues', () => {
  it('are two provisioned streams of one shard, never on demand', () => {
    services.resourceCountIs('AWS::Kinesis::Stream', 2);
    for (const stream of properties(services, 'AWS::Kinesis::Stream')) {
      expect(stream).toMatchObject({ ShardCount: 1, StreamModeDetails: { StreamMode: 'PROVISIONED' } });
    }
  });

  it('bound every consumer of a stream and leave what fails in the poison bucket', () => {
    const consumers = properties(services, 'AWS::Lambda::EventSourceMapping').filter(
      (m) => m.StartingPosition !== undefined,
    );
    expect(consumers).toHaveLength(3);
    for (const mapping of consumers) {
      expect(mapping).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: 3,
        MaximumRecordAgeInSeconds: 3600,
        ParallelizationFactor: 1,
      });
      expect(JSON.stringify(resolved.resolve(mapping.DestinationConfig))).toMatch(/arn:aws:s3:::PoisonRecords/);
    }
  });

  it('report partial failures of every queue, two or more at once', () => {
    const queues = properties(services, 'AWS::Lambda::EventSourceMapping').filter(
      (m) => m.StartingPosition === undefined,
    );
    expect(queues).toHaveLength(15);
    for (const mapping of queues) {
      expect(mapping.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      expect((mapping.ScalingConfig as { MaximumConcurrency: number }).MaximumConcurrency).toBeGreaterThanOrEqual(2);
    }
  });

  it('give every work queue a dead-letter queue of its own kind, TLS and encryption', () => {
    const queues = [...resolved.ofType('AWS::SQS::Queue')];
    for (const [id, { Properties: queue }] of queues) {
      expect([id, queue.SqsManagedSseEnabled]).toEqual([id, true]);
      if (id.startsWith('WorkDead')) continue;
      const { deadLetterTargetArn } = queue.RedrivePolicy as { deadLetterTargetArn: string };
      const fifo = queue.FifoQueue === true;
      expect(deadLetterTargetArn).toMatch(fifo ? /WorkDeadFifo/ : /WorkDead(?!Fifo)/);
    }
    services.resourceCountIs('AWS::SQS::QueuePolicy', queues.length);
  });

  it('run the order queue first in, first out by group', () => {
    services.hasResourceProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      MessageRetentionPeriod: 3600,
    });
  });
});

describe('functions', () => {
  it('are on nodejs24.x and arm64, traced, with logs that end', () => {
    services.resourceCountIs('AWS::Lambda::Function', 15);
    for (const fn of properties(services, 'AWS::Lambda::Function')) {
      expect(fn).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(fn.VpcConfig).toBeUndefined();
    }
    for (const log of properties(services, 'AWS::Logs::LogGroup')) expect(log.RetentionInDays).toBe(14);
  });

  it('let only one reconciliation run, which is all that a small quota lets one reserve', () => {
    const reserved = properties(services, 'AWS::Lambda::Function').filter(
      (fn) => fn.ReservedConcurrentExecutions !== undefined,
    );
    expect(reserved.map((fn) => [fn.FunctionName, fn.ReservedConcurrentExecutions])).toEqual([
      ['3t-dev-reconciliation', 1],
    ]);
  });

  it('let the API outlive its wait for an order by hand', () => {
    const [api] = properties(services, 'AWS::Lambda::Function').filter((fn) => fn.FunctionName === '3t-dev-api');
    const { Variables } = api!.Environment as { Variables: { RECONCILIATION_ENGINE: string } };
    const { order_timeout: waitSeconds } = JSON.parse(Variables.RECONCILIATION_ENGINE) as { order_timeout: number };
    expect(api!.Timeout).toBeGreaterThan(waitSeconds);
  });

  it('forget an event that could not be delivered within a minute', () => {
    for (const invoke of properties(services, 'AWS::Lambda::EventInvokeConfig')) {
      expect(invoke).toMatchObject({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 1 });
    }
  });

  it('open the API to IAM alone', () => {
    services.resourceCountIs('AWS::Lambda::Url', 1);
    services.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
    services.resourceCountIs('AWS::Lambda::Permission', 0);
  });
});

describe('schedules', () => {
  const schedules = properties(services, 'AWS::Scheduler::Schedule');

  it('repeat for a minute at most', () => {
    expect(schedules).toHaveLength(10);
    for (const { Target } of schedules) {
      expect(Target).toMatchObject({ RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 } });
    }
  });

  it('invoke functions directly from a minute up and put delayed messages on a queue below', () => {
    const delays = schedules
      .map((schedule) => resolved.resolve(schedule) as { Name: string; Target: { Arn: string; Input: string } })
      .filter(({ Target }) => Target.Arn.endsWith('sqs:sendMessage'))
      .map(({ Name, Target }) => {
        const input = JSON.parse(Target.Input) as { QueueUrl: string; DelaySeconds: number; MessageBody: string };
        return [Name, input.DelaySeconds, (JSON.parse(input.MessageBody) as { offsetS?: number }).offsetS ?? 0];
      });
    expect(delays.sort()).toEqual([
      ['3t-dev-janitor-0', 0, 0],
      ['3t-dev-janitor-30', 30, 30],
      ['3t-dev-order-tracker-0', 0, 0],
      ['3t-dev-order-tracker-30', 30, 30],
    ]);
  });

  it('fire at whole minutes of the clock wherever an hour divides into them', () => {
    for (const { ScheduleExpression } of schedules)
      expect(ScheduleExpression).toMatch(/^(cron\((\*|0\/\d+) \* \* \* \? \*\)|rate\(\d+ minutes\))$/);
  });
});

describe('the price producer', () => {
  it('is one task that is replaced, never doubled, and rolls back', () => {
    services.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 1,
      AvailabilityZoneRebalancing: 'DISABLED',
      DeploymentConfiguration: {
        MinimumHealthyPercent: 0,
        MaximumPercent: 100,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'ENABLED' } },
    });
  });
});

describe('a deployment that has closed the entries', () => {
  const closed = synthesize({ entriesOpen: false }).services;
  it('keeps schedules, mappings and the producer, and starts none of them', () => {
    for (const schedule of properties(closed, 'AWS::Scheduler::Schedule')) expect(schedule.State).toBe('DISABLED');
    for (const mapping of properties(closed, 'AWS::Lambda::EventSourceMapping')) expect(mapping.Enabled).toBe(false);
    for (const service of properties(closed, 'AWS::ECS::Service')) expect(service.DesiredCount).toBe(0);
    for (const alarm of properties(closed, 'AWS::CloudWatch::Alarm')) expect(alarm.ActionsEnabled).toBe(false);
    closed.resourceCountIs('AWS::Scheduler::Schedule', 10);
  });
});

describe('the services stack', () => {
  it('leaves nothing behind when it is deleted or parked: what outlives it goes on costing', () => {
    const left = Object.entries(services.toJSON().Resources as Record<string, { DeletionPolicy?: string }>)
      .filter(([, resource]) => resource.DeletionPolicy === 'Retain')
      .map(([id]) => id);
    expect(left).toEqual([]);
  });

  it('lets requests for the one reconciliation wait rather than die, as each that is turned away counts as received', () => {
    const receives = properties(services, 'AWS::SQS::Queue').flatMap((queue) =>
      queue.RedrivePolicy ? [(queue.RedrivePolicy as { maxReceiveCount: number }).maxReceiveCount] : [],
    );
    expect(receives.filter((count) => count === 100)).toHaveLength(2);
    expect(Math.max(...receives.filter((count) => count !== 100))).toBe(5);
  });
});

describe('a parked stage', () => {
  const parked = synthesize({ overrides: [...KEYED, 'aws.parked=true'] });
  it('has nothing that costs while it rests, and all of its state', () => {
    for (const type of [
      'Kinesis::Stream',
      'ECS::Service',
      'Scheduler::Schedule',
      'CloudWatch::Alarm',
      'Lambda::EventSourceMapping',
    ]) {
      parked.services.resourceCountIs(`AWS::${type}`, 0);
    }
    parked.services.resourceCountIs('AWS::Lambda::Function', 2);
    parked.state.hasResourceProperties('AWS::RDS::DBCluster', {
      ServerlessV2ScalingConfiguration: { MinCapacity: 0, SecondsUntilAutoPause: 300 },
    });
    expect(Object.keys(parked.state.findResources('AWS::SecretsManager::Secret'))).toHaveLength(5);
  });
});

describe('orders from one address', () => {
  const fixed = synthesize({ overrides: ['aws.static_egress=true'] }).services;
  it('leave through a NAT gateway, and nothing else does', () => {
    fixed.resourceCountIs('AWS::EC2::NatGateway', 1);
    const inside = properties(fixed, 'AWS::Lambda::Function').filter((fn) => fn.VpcConfig !== undefined);
    expect(inside.map((fn) => fn.FunctionName)).toEqual(['3t-dev-order-gateway']);
    expect(Object.keys(fixed.findOutputs('OrderEgressAddress'))).toHaveLength(1);
  });
});
