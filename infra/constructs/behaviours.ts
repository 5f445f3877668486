import { Duration } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kinesis from 'aws-cdk-lib/aws-kinesis';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  type EnvironmentSchema,
  type EnvironmentText,
  type VariableName,
  variableNames,
} from '../typed-environment.ts';
import {
  type AlarmSignal,
  BehaviourAlarms,
  beat,
  errorsSignal,
  silenceSignal,
  waitingSignal,
} from './behaviour-alarms.ts';
import { LambdaBehaviour, type LambdaBehaviourProps } from './lambda-behaviour.ts';
import type { PlatformContext } from './platform-context.ts';
import type { PlatformResources, RequestQueues, ResourceUse, ResourceVariable } from './platform-resources.ts';
import { addQueueSource, type QueueSettings, queueStatements } from './queue-source.ts';
import { Schedule } from './schedule.ts';
import { addStreamSource, type ConsumerSettings, streamStatements } from './stream-source.ts';

/** A schema whose every variable the platform can set; any other does not compile. */
export type KnownResources<R extends EnvironmentSchema> = VariableName<R> extends ResourceVariable ? R : never;

/** What a function is, apart from what starts it. */
export interface FunctionSpec<E extends EnvironmentSchema, R extends EnvironmentSchema> {
  /** Folder below functions/, when it is not the name. */
  readonly code?: string;
  /** The two schemas of its env.ts, ... */
  readonly env: E;
  readonly resources: KnownResources<R>;
  /** ... and the text of each variable of the first. The second's follow from the resources. */
  readonly settings: EnvironmentText<E>;
  readonly use?: ResourceUse;
  readonly options?: Partial<
    Pick<LambdaBehaviourProps, 'timeout' | 'memoryMiB' | 'reservedConcurrency' | 'network' | 'beginsTrace'>
  >;
}

/** One behaviour as the dashboard and the outputs see it. */
export interface BehaviourEntry {
  readonly lambda: LambdaBehaviour;
  readonly startedBy: string;
  /** What it works off. */
  readonly queues: readonly sqs.IQueue[];
}

const MINUTE = Duration.minutes(1);

/** Makes behaviours: what starts a function, the function, its grants and its two alarms, in one call each. */
export class Behaviours {
  readonly entries: BehaviourEntry[] = [];
  readonly #scope: Construct;
  readonly #context: PlatformContext;
  readonly #resources: PlatformResources;
  readonly #topic: sns.ITopic;

  constructor(scope: Construct, context: PlatformContext, resources: PlatformResources, topic: sns.ITopic) {
    this.#scope = scope;
    this.#context = context;
    this.#resources = resources;
    this.#topic = topic;
  }

  /** Runs at a cadence, and out of turn when its request queues ask for it. */
  scheduled<E extends EnvironmentSchema, R extends EnvironmentSchema>(
    name: string,
    spec: FunctionSpec<E, R>,
    source: {
      readonly everySeconds: number;
      readonly requests: Partial<RequestQueues>;
      readonly settings: QueueSettings;
    },
  ): LambdaBehaviour {
    const { everySeconds, requests, settings } = source;
    const queues = Object.values(requests);
    const target = this.#lambda(name, spec, `schedule, every ${everySeconds} s`, {
      queues,
      statements: queueStatements(queues),
      invokedByEvents: everySeconds >= 60,
    });
    new Schedule(target, this.#context, { job: name, everySeconds, requests: requests.standard ?? null });
    if (requests.standard) addQueueSource(target, this.#context, 'Requests', { queue: requests.standard, settings });
    if (requests.fifo) addQueueSource(target, this.#context, 'RequestsFifo', { queue: requests.fifo, settings });
    const period = beat(everySeconds);
    this.#alarms(
      name,
      spec.code ?? name,
      errorsSignal(target.function.metricErrors({ period }), `${name} failed in two of its last three beats.`),
      silenceSignal(
        target.function.metricInvocations({ period }),
        beatsOfSilence(everySeconds),
        `${name} did not run although its schedule is every ${everySeconds} s.`,
      ),
    );
    return target;
  }

  /** Works off a stream in order. */
  consuming<E extends EnvironmentSchema, R extends EnvironmentSchema>(
    name: string,
    spec: FunctionSpec<E, R>,
    source: {
      readonly stream: kinesis.IStream;
      readonly poison: s3.IBucket;
      readonly leavePoison: iam.IManagedPolicy;
      readonly settings: ConsumerSettings;
    },
  ): LambdaBehaviour {
    const target = this.#lambda(name, spec, 'stream', {
      statements: streamStatements(source.stream),
      managedPolicies: [source.leavePoison],
    });
    addStreamSource(target, this.#context, source);
    this.#alarms(
      name,
      spec.code ?? name,
      errorsSignal(
        target.function.metricErrors({ period: MINUTE }),
        `${name} failed in two of the last three minutes.`,
      ),
      silenceSignal(
        target.function.metricInvocations({ period: MINUTE }),
        5,
        `${name} got no records for five minutes.`,
      ),
    );
    return target;
  }

  /** Works off a queue. */
  working<E extends EnvironmentSchema, R extends EnvironmentSchema>(
    name: string,
    spec: FunctionSpec<E, R>,
    source: {
      readonly queue: sqs.IQueue;
      readonly settings: QueueSettings;
      /** The oldest message may wait this long. */
      readonly maxWaitSeconds: number;
      /** True where a single error is worth a look. */
      readonly everyErrorMatters?: boolean;
    },
  ): LambdaBehaviour {
    const target = this.#lambda(name, spec, 'queue', {
      queues: [source.queue],
      statements: queueStatements([source.queue]),
    });
    addQueueSource(target, this.#context, 'Queue', source);
    const oldest = source.queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' });
    this.#alarms(
      name,
      spec.code ?? name,
      errorsSignal(
        target.function.metricErrors({ period: MINUTE }),
        `${name} failed${source.everyErrorMatters ? '' : ' in two of the last three minutes'}.`,
        source.everyErrorMatters,
      ),
      waitingSignal(oldest, source.maxWaitSeconds, `Messages wait longer than ${source.maxWaitSeconds} s for ${name}.`),
    );
    return target;
  }

  /** Answers whoever calls it. It runs when somebody asks, so that "not running" means that callers were turned away. */
  answering<E extends EnvironmentSchema, R extends EnvironmentSchema>(
    name: string,
    spec: FunctionSpec<E, R>,
    alarmed: boolean,
  ): LambdaBehaviour {
    const target = this.#lambda(name, spec, 'caller', { statements: [] });
    if (alarmed) {
      const throttles = target.function.metricThrottles({ period: MINUTE });
      this.#alarms(
        name,
        spec.code ?? name,
        errorsSignal(
          target.function.metricErrors({ period: MINUTE }),
          `${name} failed in two of the last three minutes.`,
        ),
        { ...errorsSignal(throttles, `${name} turned callers away: too many at once.`), threshold: 5 },
      );
    }
    return target;
  }

  #lambda<E extends EnvironmentSchema, R extends EnvironmentSchema>(
    name: string,
    { code, resources, settings, use, options }: FunctionSpec<E, R>,
    startedBy: string,
    {
      queues = [],
      ...trigger
    }: Pick<LambdaBehaviourProps, 'statements' | 'managedPolicies' | 'invokedByEvents'> & {
      readonly queues?: readonly sqs.IQueue[];
    },
  ): LambdaBehaviour {
    // KnownResources has checked at compile time that each is one.
    const variables = variableNames(resources as EnvironmentSchema) as ResourceVariable[];
    const target = new LambdaBehaviour(this.#scope, name, this.#context, {
      ...options,
      ...trigger,
      code: code ?? name,
      environment: { ...settings, ...this.#resources.environment(variables, use) },
      statements: [...trigger.statements, ...this.#resources.statements(variables, use)],
    });
    this.entries.push({ lambda: target, startedBy, queues });
    return target;
  }

  #alarms(behaviour: string, section: string, failing: AlarmSignal, notRunning: AlarmSignal): void {
    new BehaviourAlarms(this.#scope, this.#context, { behaviour, section, failing, notRunning, topic: this.#topic });
  }
}

/** Five minutes for fast beats, three beats for slow ones, and never more than the day that an alarm can look back. */
const beatsOfSilence = (everySeconds: number): number =>
  everySeconds <= 60 ? 5 : Math.max(1, Math.min(3, Math.floor(86_400 / everySeconds)));
