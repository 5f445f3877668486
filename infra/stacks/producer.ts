import { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type priceProducerEnvSchema, resourcesSchema } from '#containers/price-producer/env.ts';
import { BehaviourAlarms, errorsSignal, silenceSignal } from '../constructs/behaviour-alarms.ts';
import type { PlatformContext } from '../constructs/platform-context.ts';
import type { PlatformResources, ResourceVariable } from '../constructs/platform-resources.ts';
import { PriceProducer } from '../constructs/price-producer.ts';
import { type EnvironmentText, variableNames } from '../typed-environment.ts';
import { environmentsOf } from './functions.ts';

export interface ProducerEntry {
  readonly service: ecs.FargateService;
  readonly logGroup: logs.LogGroup;
  readonly stream: kinesis.IStream;
  readonly environment: Readonly<Record<string, string>>;
}

/** The price producer with its two alarms: it logs errors, or no price arrives. */
export function addPriceProducer(
  scope: Construct,
  context: PlatformContext,
  resources: PlatformResources,
  image: ecs.ContainerImage,
  vpc: ec2.IVpc,
  stream: kinesis.IStream,
  topic: sns.ITopic,
): ProducerEntry {
  const settings: EnvironmentText<typeof priceProducerEnvSchema> = environmentsOf(context.config)['price-producer'];
  const variables: readonly ResourceVariable[] = variableNames(resourcesSchema);
  // It only asks which symbols to follow.
  const use = { databaseUser: 'reader' } as const;
  const environment = { ...settings, ...resources.environment(variables, use) };
  const statements: iam.PolicyStatement[] = resources.statements(variables, use);
  const producer = new PriceProducer(scope, context, { vpc, environment, statements, image });
  const period = Duration.minutes(1);
  const errors = new logs.MetricFilter(producer, 'Errors', {
    logGroup: producer.logGroup,
    filterPattern: logs.FilterPattern.stringValue('$.level', '=', 'error'),
    metricNamespace: '3T',
    metricName: `price_producer_errors_${context.config.stage}`,
  });
  const records = stream.metricIncomingRecords({ period, statistic: 'Sum' });
  new BehaviourAlarms(scope, context, {
    behaviour: 'price-producer',
    section: 'price-producer',
    failing: errorsSignal(
      errors.metric({ period, statistic: 'Sum' }),
      'The price producer logged errors in two of the last three minutes.',
    ),
    notRunning: silenceSignal(records, 5, 'No price arrived for five minutes.'),
    topic,
  });
  return { service: producer.service, logGroup: producer.logGroup, stream, environment };
}
