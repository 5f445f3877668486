import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kinesis from 'aws-cdk-lib/aws-kinesis';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Config } from '#config/schema.ts';
import { venueSettings } from '#config/venue-settings.ts';
import { exchangeOf, exchangesOf } from '#config/venues.ts';
import { DATABASE_NAME, type DatabaseUser, type StateStack } from '../stacks/state-stack.ts';

/** Every variable that names a resource (shared/messages/aws-resources.ts). */
export const RESOURCE_VARIABLES = [
  'STAGE',
  'LOG_LEVEL',
  'DATABASE_CLUSTER_ARN',
  'DATABASE_SECRET_ARN',
  'DATABASE_NAME',
  'DATABASE_STATE_SECRET_ARN',
  'DATABASE_READER_SECRET_ARN',
  'DATABASE_USER_SECRETS',
  'INSTALLATION_BUCKET',
  'MARKET_STREAM',
  'ACCOUNT_STREAM',
  'ORDERS_QUEUE_URL',
  'CANDLE_JOBS_QUEUE_URL',
  'RUN_REQUEST_QUEUES',
  'OBSERVER_BUCKET',
  'VENUE',
  'TRADING_SECRET_ARN',
] as const;
export type ResourceVariable = (typeof RESOURCE_VARIABLES)[number];

/** Queues through which a function is asked to run out of turn. */
export interface RequestQueues {
  readonly standard: sqs.Queue;
  readonly fifo: sqs.Queue;
}

export interface PlatformParts {
  readonly config: Config;
  readonly state: StateStack;
  /** Null while the stage is parked. */
  readonly streams: { readonly market: kinesis.Stream; readonly account: kinesis.Stream } | null;
  readonly orders: sqs.Queue;
  readonly candleJobs: sqs.Queue;
  /** By job, then one for each function that does it. */
  readonly requests: ReadonlyMap<string, readonly RequestQueues[]>;
}

/** How one function uses what its variables name. */
export interface ResourceUse {
  /** The database user of DATABASE_SECRET_ARN. */
  readonly databaseUser?: DatabaseUser;
  /** Set for an observer: it reads and writes this document and no other. */
  readonly observerId?: string;
  /** Other address of the venue, for an observer with a route of its own. */
  readonly venueHttpUrl?: string | null;
}

/** The objects that shared/adapters/aws reads and writes. */
export const observerKey = (observerId: string): string => `observers/3T-observer.${observerId}.json`;
const INSTALLATION_KEY = 'installation.json';

const DATA_API = [
  'rds-data:BatchExecuteStatement',
  'rds-data:BeginTransaction',
  'rds-data:CommitTransaction',
  'rds-data:ExecuteStatement',
  'rds-data:RollbackTransaction',
];

const allow = (actions: readonly string[], resources: readonly string[]): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions: [...actions], resources: [...resources] });

/** Value and grant of every resource variable: a function may use exactly what its environment names. */
export class PlatformResources {
  readonly #parts: PlatformParts;

  constructor(parts: PlatformParts) {
    this.#parts = parts;
  }

  environment(variables: readonly ResourceVariable[], use: ResourceUse = {}): Record<string, string> {
    return Object.fromEntries(this.#there(variables).map((variable) => [variable, this.#value(variable, use)]));
  }

  statements(variables: readonly ResourceVariable[], use: ResourceUse = {}): iam.PolicyStatement[] {
    return this.#there(variables).flatMap((variable) => this.#grants(variable, use));
  }

  /** Without what this stage has none of: a trading key, where nobody has to sign. */
  #there(variables: readonly ResourceVariable[]): readonly ResourceVariable[] {
    const isKeyless = this.#parts.state.tradingSecrets.size === 0;
    return variables.filter((variable) => !(isKeyless && variable === 'TRADING_SECRET_ARN'));
  }

  #value(variable: ResourceVariable, use: ResourceUse): string {
    const { config, state, orders, candleJobs } = this.#parts;
    const values: Record<ResourceVariable, () => string> = {
      STAGE: () => config.stage,
      LOG_LEVEL: () => config.telemetry.log_level,
      DATABASE_CLUSTER_ARN: () => state.cluster.clusterArn,
      DATABASE_SECRET_ARN: () => state.databaseSecrets[use.databaseUser ?? 'app'].secretArn,
      DATABASE_NAME: () => DATABASE_NAME,
      DATABASE_STATE_SECRET_ARN: () => state.databaseSecrets.state.secretArn,
      DATABASE_READER_SECRET_ARN: () => state.databaseSecrets.reader.secretArn,
      DATABASE_USER_SECRETS: () => {
        const { app, reader, state: writer } = state.databaseSecrets;
        return JSON.stringify({ app: app.secretArn, reader: reader.secretArn, state: writer.secretArn });
      },
      INSTALLATION_BUCKET: () => state.observerBucket.bucketName,
      MARKET_STREAM: () => this.#stream('market').streamName,
      ACCOUNT_STREAM: () => this.#stream('account').streamName,
      ORDERS_QUEUE_URL: () => orders.queueUrl,
      CANDLE_JOBS_QUEUE_URL: () => candleJobs.queueUrl,
      RUN_REQUEST_QUEUES: () => JSON.stringify(this.#requestUrls()),
      OBSERVER_BUCKET: () => state.observerBucket.bucketName,
      VENUE: () => JSON.stringify(this.#venue(use)),
      TRADING_SECRET_ARN: () => this.#tradingSecret(),
    };
    return values[variable]();
  }

  #grants(variable: ResourceVariable, use: ResourceUse): iam.PolicyStatement[] {
    const { config, state, orders, candleJobs } = this.#parts;
    const read = (...users: DatabaseUser[]) =>
      allow(
        ['secretsmanager:GetSecretValue'],
        users.map((user) => state.databaseSecrets[user].secretArn),
      );
    const bucket = state.observerBucket;
    switch (variable) {
      case 'DATABASE_CLUSTER_ARN':
        return [allow(DATA_API, [state.cluster.clusterArn])];
      case 'DATABASE_SECRET_ARN':
        return [read(use.databaseUser ?? 'app')];
      case 'DATABASE_STATE_SECRET_ARN':
        return [read('state')];
      case 'DATABASE_READER_SECRET_ARN':
        return [read('reader')];
      case 'DATABASE_USER_SECRETS':
        return [read('app', 'reader', 'state')];
      case 'INSTALLATION_BUCKET':
        return [allow(['s3:GetObject', 's3:PutObject'], [bucket.arnForObjects(INSTALLATION_KEY)]), this.#seesAbsence()];
      case 'MARKET_STREAM':
        return [allow(['kinesis:PutRecords'], [this.#stream('market').streamArn])];
      case 'ACCOUNT_STREAM':
        return [allow(['kinesis:PutRecords'], [this.#stream('account').streamArn])];
      case 'ORDERS_QUEUE_URL':
        return [allow(['sqs:SendMessage'], [orders.queueArn])];
      case 'CANDLE_JOBS_QUEUE_URL':
        return [allow(['sqs:SendMessage'], [candleJobs.queueArn])];
      case 'RUN_REQUEST_QUEUES': {
        const queues = new Set([...this.#parts.requests.values()].flat().flatMap((pair) => [pair.standard, pair.fifo]));
        return [
          allow(
            ['sqs:SendMessage'],
            [...queues].map((queue) => queue.queueArn),
          ),
        ];
      }
      case 'OBSERVER_BUCKET':
        if (use.observerId !== undefined) {
          // It goes on from the document that it published last.
          const own = bucket.arnForObjects(observerKey(use.observerId));
          return [allow(['s3:GetObject', 's3:PutObject'], [own]), this.#seesAbsence()];
        }
        if (config.quorum.observers.length === 0) return [];
        return [
          allow(
            ['s3:GetObject'],
            config.quorum.observers.map(({ id }) => bucket.arnForObjects(observerKey(id))),
          ),
          this.#seesAbsence(),
        ];
      case 'TRADING_SECRET_ARN':
        return [allow(['secretsmanager:GetSecretValue'], [this.#tradingSecret()])];
      case 'STAGE':
      case 'LOG_LEVEL':
      case 'DATABASE_NAME':
      case 'VENUE':
        return [];
    }
  }

  /** Who may read an object but not list its bucket is told 403, and not 404, when there is none. */
  #seesAbsence(): iam.PolicyStatement {
    return allow(['s3:ListBucket'], [this.#parts.state.observerBucket.bucketArn]);
  }

  #stream(name: 'market' | 'account'): kinesis.Stream {
    const { streams } = this.#parts;
    if (streams === null) throw new Error(`a parked stage has no stream ${name}`);
    return streams[name];
  }

  #requestUrls(): Record<string, { standard: string; fifo: string }[]> {
    return Object.fromEntries(
      [...this.#parts.requests].map(([job, queues]) => [
        job,
        queues.map(({ standard, fifo }) => ({ standard: standard.queueUrl, fifo: fifo.queueUrl })),
      ]),
    );
  }

  #venue({ venueHttpUrl }: ResourceUse) {
    const { config } = this.#parts;
    const [exchange] = exchangesOf(config);
    const { http_url: httpUrl, ws_url: wsUrl } = exchangeOf(config, exchange);
    if (httpUrl === null || wsUrl === null) throw new Error('the venue has no address');
    return venueSettings(config, exchange, { httpUrl: venueHttpUrl ?? httpUrl, wsUrl });
  }

  #tradingSecret(): string {
    const [secret] = this.#parts.state.tradingSecrets.values();
    if (!secret) throw new Error('no account has a trading key');
    return secret.secretArn;
  }
}
