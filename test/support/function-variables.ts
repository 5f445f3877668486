import { functionEnvironments } from '#config/function-environments.ts';
import { requestedJobs } from '#config/functions.ts';
import type { Config } from '#config/schema.ts';
import { type VenueAddresses, venueSettings } from '#config/venue-settings.ts';
import { accountOf, exchangesOf } from '#config/venues.ts';

export const DATABASE = 'three_t';
export const CLUSTER = 'arn:aws:rds:ap-northeast-1:000000000000:cluster:tests';
export const secretArn = (name: string) => `arn:aws:secretsmanager:ap-northeast-1:000000000000:secret:${name}`;
const queueUrl = (name: string) => `https://sqs.ap-northeast-1.amazonaws.com/000000000000/${name}`;
const pair = (name: string) => ({ standard: queueUrl(`${name}-requests`), fifo: queueUrl(`${name}-requests.fifo`) });

/** Every resource that a process may be told of, under names of a test. */
const resourcesOf = (config: Config, venue: VenueAddresses): Readonly<Record<string, string>> => ({
  STAGE: config.stage,
  LOG_LEVEL: 'info',
  DATABASE_CLUSTER_ARN: CLUSTER,
  DATABASE_NAME: DATABASE,
  DATABASE_STATE_SECRET_ARN: secretArn('state'),
  DATABASE_READER_SECRET_ARN: secretArn('reader'),
  DATABASE_USER_SECRETS: JSON.stringify({
    app: secretArn('app'),
    state: secretArn('state'),
    reader: secretArn('reader'),
  }),
  MARKET_STREAM: 'market',
  ACCOUNT_STREAM: 'account',
  ORDERS_QUEUE_URL: queueUrl('orders.fifo'),
  CANDLE_JOBS_QUEUE_URL: queueUrl('candle-jobs'),
  RUN_REQUEST_QUEUES: JSON.stringify(Object.fromEntries(requestedJobs(config).map(({ job }) => [job, [pair(job)]]))),
  OBSERVER_BUCKET: 'documents',
  INSTALLATION_BUCKET: 'documents',
  TRADING_SECRET_ARN: secretArn('trading'),
  VENUE: JSON.stringify(venueSettings(config, exchangesOf(config)[0], venue)),
});

/** Is this name of a function an observer's id? Its code is that of `functions/observer`. */
export const isObserverOf = (config: Config, name: string): boolean =>
  config.quorum.observers.some(({ id }) => id === name);

/** The variables of a function or the container: its settings, and of the resources only those that its `env.ts` asks for. */
export async function functionVariables(
  config: Config,
  venue: VenueAddresses,
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const [exchange] = exchangesOf(config);
  const holder = accountOf(config, exchange).name;
  const settings = functionEnvironments({ config, holder, seed: 1, overlapping: true }, exchange);
  const isObserver = isObserverOf(config, name);
  const folder = isObserver ? 'observer' : name;
  const room = folder === 'price-producer' ? 'containers' : 'functions';
  const { resourcesSchema } = (await import(`../../${room}/${folder}/env.ts`)) as {
    resourcesSchema: { shape: object };
  };
  const own = isObserver ? settings.observer(name) : settings[name as Exclude<keyof typeof settings, 'observer'>];
  const user = { migrate: 'migrate', 'price-producer': 'reader' }[name] ?? 'app';
  const told = { ...resourcesOf(config, venue), DATABASE_SECRET_ARN: secretArn(user) };
  return {
    ...Object.fromEntries(Object.entries(told).filter(([key]) => key in resourcesSchema.shape)),
    ...(own as Readonly<Record<string, string>>),
  };
}
