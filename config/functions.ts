import { quorumOf } from './kind-settings.ts';
import type { Config } from './schema.ts';
import { exchangesOf } from './venues.ts';

/** Something that a schedule starts. */
interface Scheduled {
  readonly kind: 'schedule';
  readonly everySeconds: (config: Config) => number;
  /** Others may ask it to run out of turn: one by one, or also in the order of a group (`fifo`). */
  readonly requests?: 'standard' | 'fifo';
  /** Run once when a platform starts: what it brings would otherwise come within its cadence. */
  readonly atStart?: true;
  /** Trading needs it: `/ready` looks at the age of its last success. */
  readonly needed?: true;
}

/** Something that works off a stream. */
interface Streamed {
  readonly kind: 'stream';
  readonly stream: 'market' | 'account';
  readonly consumer: keyof Config['streams']['consumers'];
}

/** Something that works off a queue. */
interface Queued {
  readonly kind: 'queue';
  readonly queue: 'orders' | 'candle_jobs';
}

/** Something that answers whoever calls it. */
interface Called {
  readonly kind: 'caller';
}

export type FunctionFacts = Scheduled | Streamed | Queued | Called;

/**
 * Every function by its folder below functions/: what starts it. Schedules, queues, streams, stacks, heartbeats and tests follow from
 * this. In a slot that several share they run in this order: a cycle then reads what the others have just stored.
 */
const CATALOG = {
  balance: { kind: 'schedule', everySeconds: (c) => c.cadences.balance, requests: 'fifo', atStart: true, needed: true },
  observer: { kind: 'schedule', everySeconds: (c) => c.cadences.observer, requests: 'fifo', atStart: true },
  'market-data': {
    kind: 'schedule',
    everySeconds: (c) => c.cadences.market_data,
    requests: 'standard',
    atStart: true,
    needed: true,
  },
  'run-supervisor': {
    kind: 'schedule',
    everySeconds: (c) => c.cadences.run_supervisor,
    requests: 'standard',
    atStart: true,
    needed: true,
  },
  'order-tracker': { kind: 'schedule', everySeconds: (c) => c.cadences.order_tracker, requests: 'fifo', atStart: true },
  janitor: { kind: 'schedule', everySeconds: (c) => c.cadences.janitor },
  reconciliation: {
    kind: 'schedule',
    everySeconds: (c) => c.reconciliation_engine.rebalance_frequency,
    requests: 'fifo',
    needed: true,
  },
  'price-consumer': { kind: 'stream', stream: 'market', consumer: 'price_consumer' },
  'run-strategies': { kind: 'stream', stream: 'market', consumer: 'run_strategies' },
  'balance-consumer': { kind: 'stream', stream: 'account', consumer: 'balance_consumer' },
  'candle-fetcher': { kind: 'queue', queue: 'candle_jobs' },
  'order-gateway': { kind: 'queue', queue: 'orders' },
  api: { kind: 'caller' },
  migrate: { kind: 'caller' },
} as const satisfies Readonly<Record<string, FunctionFacts>>;

export type FunctionFolder = keyof typeof CATALOG;
export const FUNCTIONS: Readonly<Record<FunctionFolder, FunctionFacts>> = CATALOG;
type FoldersOf<Kind extends FunctionFacts['kind']> = {
  [F in FunctionFolder]: (typeof CATALOG)[F]['kind'] extends Kind ? F : never;
}[FunctionFolder];

const entries = Object.entries(FUNCTIONS) as (readonly [FunctionFolder, FunctionFacts])[];

/** A function as it is deployed. */
export interface FunctionInstance {
  readonly folder: FunctionFolder;
  readonly name: string;
  /** Whom it serves; null: events of every exchange come to it. */
  readonly exchange: string | null;
}

/** A resource's name for an exchange: the first one of the settings has the plain name. */
export const nameFor = (name: string, config: Config, exchange: string): string =>
  exchange === exchangesOf(config)[0] ? name : `${name}-${exchange}`;

/**
 * What a folder's code is deployed as: what a schedule or a work queue starts serves one exchange, with that exchange's variables, key
 * and queues; consumers of streams and what is called serve all. Each observer is a function of its own, named by its id.
 */
export const instancesOf = (folder: FunctionFolder, config: Config): readonly FunctionInstance[] => {
  const { kind } = FUNCTIONS[folder];
  if (kind === 'stream' || kind === 'caller') return [{ folder, name: folder, exchange: null }];
  return exchangesOf(config).flatMap((exchange) => {
    const names =
      folder === 'observer'
        ? quorumOf(config, exchange).observers.map(({ id }) => id)
        : [nameFor(folder, config, exchange)];
    return names.map((name) => ({ folder, name, exchange }));
  });
};

/** Every function of a platform. */
export const functionsOf = (config: Config): readonly FunctionInstance[] =>
  entries.flatMap(([folder]) => instancesOf(folder, config));

/** An instance that serves one exchange. */
interface OfOneExchange extends FunctionInstance {
  readonly exchange: string;
}
const ofOneExchange = (folder: FunctionFolder, config: Config): readonly OfOneExchange[] =>
  instancesOf(folder, config).flatMap(({ name, exchange }) => (exchange === null ? [] : [{ folder, name, exchange }]));

export interface ScheduledFunction extends OfOneExchange {
  /** Its job, under which its exchange's heartbeats and slots are kept. */
  readonly job: string;
  readonly everySeconds: number;
  readonly atStart: boolean;
}

export const scheduledFunctions = (config: Config): readonly ScheduledFunction[] =>
  entries.flatMap(([folder, facts]) =>
    facts.kind !== 'schedule'
      ? []
      : ofOneExchange(folder, config).map((instance) => ({
          ...instance,
          job: folder === 'observer' ? instance.name : folder,
          everySeconds: facts.everySeconds(config),
          atStart: facts.atStart ?? false,
        })),
  );

export type ScheduledFolder = FoldersOf<'schedule'>;

export const everySecondsOf = (folder: ScheduledFolder, config: Config): number => CATALOG[folder].everySeconds(config);

export interface RequestedJob {
  readonly job: FunctionFolder;
  readonly exchange: string;
  /** Each function that does it has queues of its own, as its mapping has on AWS. */
  readonly functionNames: readonly string[];
  readonly requests: 'standard' | 'fifo';
}

/** Jobs that others may ask for out of turn, of each exchange. */
export const requestedJobs = (config: Config): readonly RequestedJob[] =>
  entries.flatMap(([job, facts]) => {
    if (facts.kind !== 'schedule' || facts.requests === undefined) return [];
    const { requests } = facts;
    const instances = ofOneExchange(job, config);
    return exchangesOf(config).map((exchange) => ({
      job,
      exchange,
      functionNames: instances.filter((i) => i.exchange === exchange).map(({ name }) => name),
      requests,
    }));
  });

/** A job that is asked for like those, of a container: it reads the symbols again. Nothing brings a message into it on AWS. */
export const PRODUCER_JOB = 'price-producer';

export const streamConsumers = (config: Config) =>
  entries.flatMap(([name, facts]) =>
    facts.kind === 'stream' ? [{ name, stream: facts.stream, settings: config.streams.consumers[facts.consumer] }] : [],
  );

export interface QueueWorker extends OfOneExchange {
  readonly queue: Queued['queue'];
  readonly settings: Config['queues']['orders'];
}

/** Each exchange has work queues of its own, and one worker on each. */
export const queueWorkers = (config: Config): readonly QueueWorker[] =>
  entries.flatMap(([folder, facts]) =>
    facts.kind === 'queue'
      ? ofOneExchange(folder, config).map((instance) => ({
          ...instance,
          queue: facts.queue,
          settings: config.queues[facts.queue],
        }))
      : [],
  );

/** Milliseconds by job that trading needs: three of its beats, and a minute. */
export const heartbeatAges = (config: Config): Readonly<Record<string, number>> =>
  Object.fromEntries(
    entries.flatMap(([job, facts]) =>
      facts.kind === 'schedule' && facts.needed ? [[job, 1000 * (60 + 3 * facts.everySeconds(config))]] : [],
    ),
  );
