import * as z from 'zod';

/**
 * Exchanges as the settings name them: a map of names to settings, told apart by `venue`, the adapter. Two names may have one venue
 * (two accounts of it, each traded by itself). A venue's own fields stand here and in its adapter, nowhere else.
 */

const seconds = (min: number, max: number) => z.number().min(min).max(max);
const url = (protocol: RegExp) => z.url({ protocol }).max(2048);
export const httpUrl = url(/^https?$/);
export const entryName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and dashes, at most 32');
const secretName = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, 'expected a dotted name of an entry in secrets.yml');
const symbol = z
  .string()
  .max(50)
  .regex(
    /^[A-Za-z0-9]+(-[A-Za-z0-9]+)?\/[A-Z0-9]+(:[A-Z0-9]+)?$/,
    'expected a symbol such as BTC/USDC:USDC, XYZ-CL/USDC:USDC or BTC/USDT',
  );

export const LIVE_ACKNOWLEDGEMENT = 'I accept that orders with real money are sent';

/** What every venue has. */
const common = {
  kind: z.enum(['simulator', 'paper', 'testnet', 'live']),
  http_url: httpUrl.nullable(),
  ws_url: url(/^wss?$/).nullable(),
  proxy: z.array(httpUrl).max(20),
  origin: httpUrl.nullable(),
  poll_interval: seconds(0.1, 60),
  poll_batch_size: z.int().min(1).max(1000),
  approval: z.enum(['manual', 'automatic']),
  live_acknowledgement: z.string().max(200).nullable(),
  symbols: z.array(symbol).min(1).max(1000),
};

const hyperliquid = z.strictObject({
  venue: z.literal('hyperliquid'),
  ...common,
  accounts: z
    .array(
      z.strictObject({
        name: entryName,
        address: z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hex digits'),
        agent_key_secret: secretName,
      }),
    )
    .min(1)
    .max(10),
  dexes: z.array(z.string().regex(/^[a-z0-9]{1,16}$/, 'expected a dex name such as xyz')).max(20),
});

const venueSchema = z.discriminatedUnion('venue', [hyperliquid]);
export const VENUES: readonly string[] = venueSchema.options.map(({ shape }) => shape.venue.value);
export const exchangesSchema = z
  .record(entryName, venueSchema)
  .refine((entries) => Object.keys(entries).length > 0, 'expected an exchange: every one is null');

type Parsed = z.infer<typeof venueSchema>;
type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;
export type ExchangeConfig = DeepReadonly<Parsed>;
export type ExchangeKind = ExchangeConfig['kind'];
export type Exchanges = Readonly<Record<string, ExchangeConfig>>;

/** An account in words that every venue has. */
export interface ConfiguredAccount {
  readonly name: string;
  /** What the venue knows the account by, in lower case. */
  readonly address: string;
  /** Name of the secret that signs its orders. */
  readonly tradingKeySecret: string;
}

/** The accounts of an exchange; the first one is traded. */
export const accountsOf = (exchange: ExchangeConfig): readonly ConfiguredAccount[] =>
  exchange.accounts.map((account) => ({
    name: account.name,
    address: account.address.toLowerCase(),
    tradingKeySecret: account.agent_key_secret,
  }));

/** Sub-accounts beside the venue's own that an exchange's account has. */
export const subAccountsOf = (exchange: ExchangeConfig): readonly string[] => exchange.dexes;

/** An exchange that manages one symbol, without sub-accounts that hold nothing of it. */
export function tradingOnly(exchange: ExchangeConfig, symbol: string): ExchangeConfig {
  const dex = symbol.includes('-') ? [symbol.slice(0, symbol.indexOf('-')).toLowerCase()] : [];
  return { ...exchange, symbols: [symbol], dexes: dex };
}

type HasExchanges = { readonly exchanges: Exchanges };

/** Names in the order of the settings: the first one's functions and queues have plain names. */
export function exchangesOf({ exchanges }: HasExchanges): readonly [string, ...string[]] {
  const [first, ...others] = Object.keys(exchanges);
  if (first === undefined) throw new Error('exchanges is empty');
  return [first, ...others];
}

/** The settings of one exchange; throws for a name that the settings do not have. */
export function exchangeOf({ exchanges }: HasExchanges, name: string): ExchangeConfig {
  const exchange = Object.hasOwn(exchanges, name) ? exchanges[name] : undefined;
  if (!exchange) throw new Error(`exchanges has no ${name}: ${Object.keys(exchanges).join(', ')}`);
  return exchange;
}

/** The account that a platform trades at an exchange. */
export function accountOf(config: HasExchanges, name: string): ConfiguredAccount {
  const [account] = accountsOf(exchangeOf(config, name));
  if (!account) throw new Error(`exchanges.${name}.accounts is empty`);
  return account;
}

export const hasKind = ({ exchanges }: HasExchanges, kind: ExchangeKind): boolean =>
  Object.values(exchanges).some((exchange) => exchange.kind === kind);

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The entries as the schema takes them: each with its venue, which is the entry's own name unless it says otherwise, and over what
 * default.yaml has for that venue; an entry that is null is dropped. Of default.yaml's own entries the first is there unless it is
 * null; others only when a later layer names them.
 */
export function resolveExchanges(defaults: unknown, layered: unknown): unknown {
  if (!isMap(defaults) || !isMap(layered)) return layered ?? defaults;
  const names = new Set([...Object.keys(defaults).slice(0, 1), ...Object.keys(layered)]);
  return Object.fromEntries(
    [...names].flatMap((name): [string, unknown][] => {
      const entry = Object.hasOwn(layered, name) ? layered[name] : {};
      if (entry === null) return [];
      if (!isMap(entry)) return [[name, entry]];
      const own = Object.hasOwn(defaults, name) ? defaults[name] : {};
      const venue = entry.venue ?? (isMap(own) ? own.venue : undefined) ?? name;
      const below = typeof venue === 'string' && Object.hasOwn(defaults, venue) ? defaults[venue] : {};
      return [[name, { ...(isMap(below) ? below : {}), ...entry, venue }]];
    }),
  );
}
