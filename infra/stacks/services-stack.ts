import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { PRODUCER_JOB, requestedJobs } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import { Behaviours } from '../constructs/behaviours.ts';
import { addDashboards } from '../constructs/dashboards.ts';
import { alarmOnDeadLetters } from '../constructs/dead-letter-alarm.ts';
import { type CodeOf, PlatformContext } from '../constructs/platform-context.ts';
import { type PlatformParts, PlatformResources, type RequestQueues } from '../constructs/platform-resources.ts';
import { createDeadQueues, createWorkQueue, type DeadQueues } from '../constructs/queue-source.ts';
import { addSavedQueries } from '../constructs/saved-queries.ts';
import { StaticEgress } from '../constructs/static-egress.ts';
import { addFunctions, addOperatorFunctions } from './functions.ts';
import { addPriceProducer } from './producer.ts';
import type { StateStack } from './state-stack.ts';

export interface ServicesStackProps extends StackProps {
  readonly config: Config;
  readonly state: StateStack;
  readonly codeOf: CodeOf;
  readonly producerImage: ecs.ContainerImage;
  /** False leaves everything in place and starts nothing: what a deployment does while it migrates. */
  readonly entriesOpen: boolean;
}

const PATIENT_RECEIVES = 100;

/** Everything that works on the state: streams, queues, functions, producer, alarms. May be deleted and made again at any time. */
export class ServicesStack extends Stack {
  constructor(scope: Construct, id: string, props: ServicesStackProps) {
    super(scope, id, props);
    const { config, state, codeOf, entriesOpen } = props;
    Tags.of(this).add('stage', config.stage);
    const context = new PlatformContext(this, 'Platform', { config, codeOf, entriesOpen });
    const topic = this.#alarmTopic(config, context.nameOf('alarms'));
    const dead = createDeadQueues(this, 'Work');
    const parts: PlatformParts = {
      config,
      state,
      // A parked stage keeps its queues, which cost nothing, and drops its streams, which do.
      streams: config.aws.parked
        ? null
        : { market: this.#stream('Market', config), account: this.#stream('Account', config) },
      orders: createWorkQueue(this, 'Orders', {
        fifo: true,
        settings: config.queues.orders,
        dead: dead.fifo,
        // An order is dead after half a minute; the queue need not remember it for days.
        retention: Duration.hours(1),
      }),
      candleJobs: createWorkQueue(this, 'CandleJobs', {
        fifo: false,
        settings: config.queues.candle_jobs,
        dead: dead.standard,
      }),
      requests: this.#requestQueues(config, dead),
    };
    const resources = new PlatformResources(parts);
    const behaviours = new Behaviours(this, context, resources, topic);
    const { api } = addOperatorFunctions(behaviours, config);
    const url = api.function.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM });
    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, name, { value, description });
    output('ApiUrl', url.url, 'The API; IAM decides who may call it');
    output('ApiFunctionName', api.function.functionName, 'The function behind the API');
    output('MigrateFunctionName', context.nameOf('migrate'), 'Brings the schema up to date');
    output('AlarmTopicArn', topic.topicArn, 'Where alarms go');
    output('OrdersQueueUrl', parts.orders.queueUrl, 'FIFO queue of order commands');
    output('CandleJobsQueueUrl', parts.candleJobs.queueUrl, 'Queue of candle jobs');
    output('DeadQueueUrls', `${dead.standard.queueUrl} ${dead.fifo.queueUrl}`, 'Messages that nobody could work off');
    if (parts.streams === null) return;

    const egress = config.aws.static_egress ? new StaticEgress(this, 'StaticEgress', state.vpc) : null;
    if (egress) output('OrderEgressAddress', egress.address, 'Address that orders come from: whitelist it');
    addFunctions({ scope: this, behaviours, config, parts, streams: parts.streams, dead, network: egress?.network });
    const producer = addPriceProducer(
      this,
      context,
      resources,
      props.producerImage,
      state.vpc,
      parts.streams.market,
      topic,
    );
    alarmOnDeadLetters(this, context, { standard: dead.standard, fifo: dead.fifo }, topic);
    addDashboards(this, context, { behaviours: behaviours.entries, producer, dead });
    if (config.aws.saved_queries) {
      addSavedQueries(this, context, [
        ...behaviours.entries.map((entry) => entry.lambda.logGroup.logGroupName),
        producer.logGroup.logGroupName,
      ]);
    }
    output('MarketStreamName', parts.streams.market.streamName, 'Prices');
    output('AccountStreamName', parts.streams.account.streamName, 'Account news');
    output('PriceProducerEnvironment', this.toJsonString(producer.environment), 'Variables of the producer, as JSON');
    output('FunctionNames', behaviours.entries.map((e) => context.nameOf(e.lambda.name)).join(','), 'All functions');
  }

  /** Named, so that whoever looks whether its mails arrive finds it (shared/adapters/aws/alarm-address.ts). */
  #alarmTopic({ aws }: Config, topicName: string): sns.Topic {
    const topic = new sns.Topic(this, 'Alarms', { topicName, enforceSSL: true });
    if (aws.alarm_email !== null) topic.addSubscription(new subscriptions.EmailSubscription(aws.alarm_email));
    return topic;
  }

  #stream(id: string, { aws }: Config): kinesis.Stream {
    return new kinesis.Stream(this, id, {
      streamMode: kinesis.StreamMode.PROVISIONED,
      shardCount: aws.shards,
      retentionPeriod: Duration.hours(24),
      encryption: kinesis.StreamEncryption.MANAGED,
      // News of what the database holds; one that outlived its stack would go on costing.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** For each job that others may ask for, a pair of queues for each function that does it. */
  #requestQueues(config: Config, dead: DeadQueues): Map<string, RequestQueues[]> {
    const pairOf = (name: string, settings = config.queues.run_requests): RequestQueues => ({
      standard: createWorkQueue(this, `${name}-requests`, { fifo: false, settings, dead: dead.standard }),
      fifo: createWorkQueue(this, `${name}-requests-fifo`, { fifo: true, settings, dead: dead.fifo }),
    });
    // Nobody asks them in an order: a second queue would only be polled.
    const oneOf = (name: string): RequestQueues => {
      const { run_requests: settings } = config.queues;
      const standard = createWorkQueue(this, `${name}-requests`, { fifo: false, settings, dead: dead.standard });
      return { standard, fifo: standard };
    };
    // Its one invocation at a time turns the others away, and each counts as a delivery that failed.
    const patient = { ...config.queues.run_requests, max_receives: PATIENT_RECEIVES };
    const queuesOf = (name: string, requests: 'standard' | 'fifo'): RequestQueues =>
      requests === 'standard' ? oneOf(name) : name === 'reconciliation' ? pairOf(name, patient) : pairOf(name);
    const requested = requestedJobs(config).map(
      ({ job, functionNames, requests }) => [job, functionNames.map((name) => queuesOf(name, requests))] as const,
    );
    // It reads the symbols by itself every few seconds: nothing brings a message into a container.
    return new Map<string, RequestQueues[]>([...requested, [PRODUCER_JOB, []]]);
  }
}
