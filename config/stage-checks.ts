import type { CrossCheck } from './cross-checks.ts';
import type { Config } from './schema.ts';
import { accountsOf, type ExchangeConfig, hasKind } from './venues.ts';

/** Regions with Aurora MySQL Serverless v2 and the Data API for it (3.07 or newer), that need no opt-in. */
export const REGIONS: readonly string[] = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-2',
];

/** These answer HTTP 451 to addresses of the United States. */
const BLOCKED_IN_THE_US: readonly string[] = ['binance'];

/** `arn:aws:secretsmanager:ap-northeast-1:<account>:secret:3t/<stage>/database/migrate-<6>` is 85 characters and the stage. */
const STAGE_LENGTH_MAX = 15;

/** A live stage writes these itself: a limit for real money is never somebody else's default. */
const LIVE_LIMITS = ['max_order_notional', 'max_position_notional', 'max_daily_loss', 'max_daily_fees', 'max_leverage'];

/** EventBridge Scheduler counts minutes; below that one schedule per slot puts a delayed message on a queue. */
export const cadenceFits = (seconds: number): boolean =>
  seconds < 60 ? seconds >= MIN_CADENCE_S && 60 % seconds === 0 : seconds % 60 === 0;
/** A shorter one would need more than 12 schedules. */
const MIN_CADENCE_S = 5;

interface Problem {
  readonly path: string;
  readonly expected: string;
}
const when = (broken: boolean, path: string, expected: string): Problem[] => (broken ? [{ path, expected }] : []);

/** What a stage must keep to before it may be synthesized; listed together with every other problem of its file. */
export const stageChecks = (requestedStage: string): readonly CrossCheck[] => [
  {
    needs: ['stage'],
    check: ({ stage }) => [
      ...when(stage !== requestedStage, 'stage', `expected ${requestedStage}, the name of the stage's own file`),
      ...when(
        stage.length > STAGE_LENGTH_MAX,
        'stage',
        `expected at most ${STAGE_LENGTH_MAX} characters: the Data API takes ARNs of 100, and a secret's has the stage in it`,
      ),
    ],
  },
  {
    needs: ['aws.region'],
    check: ({ aws }) =>
      when(
        !REGIONS.includes(aws.region),
        'aws.region',
        `expected a region where Aurora MySQL has the Data API: ${REGIONS.join(', ')}`,
      ),
  },
  {
    needs: ['aws.region', 'exchanges'],
    check: ({ aws, exchanges }) =>
      Object.entries(exchanges)
        .filter(([, { venue }]) => BLOCKED_IN_THE_US.some((v) => venue.startsWith(v)) && aws.region.startsWith('us-'))
        .map(([name]) => ({
          path: 'aws.region',
          expected: `expected a region outside the United States: ${name} refuses addresses from there (HTTP 451)`,
        })),
  },
  {
    needs: ['exchanges.*.http_url', 'exchanges.*.ws_url', 'exchanges.*.accounts'],
    check: ({ exchanges }) => Object.entries(exchanges).flatMap(([name, exchange]) => venueRules(name, exchange)),
  },
  {
    needs: ['exchanges.*.kind'],
    check: (config, whereOf) =>
      !hasKind(config, 'live')
        ? []
        : LIVE_LIMITS.flatMap((limit) =>
            when(
              !whereOf(`limits.${limit}`)?.startsWith(`config/${requestedStage}.yaml:`),
              `limits.${limit}`,
              `expected config/${requestedStage}.yaml to set it: a live stage inherits no limit`,
            ),
          ),
  },
  {
    needs: ['aws.alarm_email', 'exchanges.*.kind'],
    check: (config) =>
      when(
        hasKind(config, 'live') && config.aws.alarm_email === null,
        'aws.alarm_email',
        'expected an address: nobody would hear of the alarms of a live stage',
      ),
  },
  {
    needs: ['aws.database'],
    check: ({ aws }) =>
      when(
        aws.database.max_acu < aws.database.min_acu,
        'aws.database.max_acu',
        `expected at least min_acu, ${aws.database.min_acu}`,
      ),
  },
  {
    needs: ['aws.functions.timeout_s', 'queues', 'streams'],
    check: ({ aws, queues }) =>
      (['candle_jobs', 'orders', 'run_requests'] as const).flatMap((name) =>
        when(
          queues[name].visibility_s < aws.functions.timeout_s,
          `queues.${name}.visibility_s`,
          `expected at least aws.functions.timeout_s, ${aws.functions.timeout_s}: Lambda refuses a shorter one`,
        ),
      ),
  },
  {
    needs: ['queues'],
    // The mapping of a queue takes two invocations at once at least; what must run alone has a reserved concurrency of 1.
    check: ({ queues }) =>
      (['candle_jobs', 'orders', 'run_requests'] as const).flatMap((name) =>
        when(
          queues[name].concurrency < 2,
          `queues.${name}.concurrency`,
          'expected at least 2: a queue mapping takes no less',
        ),
      ),
  },
  {
    needs: ['streams.consumers'],
    check: ({ streams }) =>
      Object.entries(streams.consumers).flatMap(([name, consumer]) =>
        when(
          consumer.batch_size > 10 && consumer.window_s < 1,
          `streams.consumers.${name}.window_s`,
          'expected at least 1: Lambda wants a window for batches above 10',
        ),
      ),
  },
  { needs: ['cadences', 'reconciliation_engine.rebalance_frequency'], check: cadenceRules },
  {
    needs: ['aws.producer'],
    check: ({ aws: { producer } }) =>
      when(
        producer.memory_mib < 2 * producer.cpu_units || producer.memory_mib > 8 * producer.cpu_units,
        'aws.producer.memory_mib',
        `expected ${2 * producer.cpu_units} to ${8 * producer.cpu_units} for ${producer.cpu_units} CPU units`,
      ),
  },
  {
    needs: ['exchanges'],
    check: ({ exchanges }) =>
      when(
        Object.keys(exchanges).length > 1,
        'exchanges',
        `expected one: the stacks have functions, queues and a key for one exchange, not for ${Object.keys(exchanges).join(', ')}`,
      ),
  },
];

function venueRules(name: string, exchange: ExchangeConfig): Problem[] {
  const path = `exchanges.${name}`;
  return [
    ...when(exchange.http_url === null, `${path}.http_url`, 'expected an address: nothing starts a venue on AWS'),
    ...when(exchange.ws_url === null, `${path}.ws_url`, 'expected an address: nothing starts a venue on AWS'),
    ...when(
      /^0x0{40}$/.test(accountsOf(exchange)[0]?.address ?? ''),
      `${path}.accounts.0.address`,
      'expected the master address of the account, not zero',
    ),
  ];
}

function cadenceRules({ cadences, reconciliation_engine: engine }: Config): Problem[] {
  const expected = `expected ${MIN_CADENCE_S} or more seconds that divide a minute, or whole minutes`;
  const scheduled = ['balance', 'observer', 'market_data', 'run_supervisor', 'order_tracker', 'janitor'] as const;
  return [
    ...scheduled.flatMap((name) => when(!cadenceFits(cadences[name]), `cadences.${name}`, expected)),
    ...when(!cadenceFits(engine.rebalance_frequency), 'reconciliation_engine.rebalance_frequency', expected),
  ];
}
