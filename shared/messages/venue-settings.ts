import * as z from 'zod';

const milliseconds = z.number().int().min(0).max(86_400_000);
const address = z.url({ protocol: /^(https?|wss?)$/ }).max(2048);

const fraction = z.number().min(0).max(0.1);

/** Terms of the paper venue; only kind `paper` reads them. */
export const paperSettingsSchema = z.object({
  /** What an account has at its first sight. */
  equityQuote: z.number().min(0).max(1_000_000_000),
  /** Shares of the traded value. */
  takerFee: fraction,
  makerFee: fraction,
  /** Between the best bid and the best ask around the stored price, in hundredths of a percent. */
  spreadBps: z.number().min(0).max(1_000),
  /** Quote value at the best level of the book. */
  depthQuote: z.number().min(1).max(1_000_000_000),
  /** With an older stored price there is nobody to trade with. */
  priceAgeMsMax: milliseconds,
});
export type PaperSettings = z.infer<typeof paperSettingsSchema>;

/** What every venue's adapter is told. */
const common = {
  /** The exchange's name here: rows, streams and metrics carry it. Two exchanges may be of one venue. */
  exchange: z.string().min(1).max(64),
  kind: z.enum(['simulator', 'paper', 'testnet', 'live']),
  /** REST base. */
  httpUrl: address,
  wsUrl: address,
  accounts: z
    .array(
      z.object({
        name: z.string().min(1).max(64),
        /** What the venue knows the account by; never a signer's. */
        address: z.string().min(1).max(64),
        /** Name of its trading key among the secrets; who has no secrets cannot use it. */
        tradingKeySecret: z.string().min(1).max(128),
      }),
    )
    .min(1)
    .max(10),
  /** URL prefixes, tried in turn; with any of them prices are polled. */
  proxies: z.object({ urlPrefixes: z.array(address).max(20), origin: address.nullable() }),
  timeoutMs: milliseconds,
  healthMaxAgeMs: milliseconds,
  weightPerMinute: z.number().int().min(1).max(100_000),
  /** Waits before each repeat of a call that is safe to repeat. */
  retryWaitsMs: z.array(milliseconds).max(10),
  breaker: z.object({ failures: z.number().int().min(1).max(1000), openForMs: milliseconds }),
  paper: paperSettingsSchema,
};

const hyperliquid = z.object({
  venue: z.literal('hyperliquid'),
  ...common,
  /** HIP-3 dexes whose sub-accounts belong to the accounts. */
  dexes: z.array(z.string().min(1).max(16)).max(20),
});

/** What an adapter of a venue is told, by `venue`; no secret stands in it. Travels as JSON in the environment variable `VENUE`. */
export const venueSettingsSchema = z.discriminatedUnion('venue', [hyperliquid]);
export type VenueSettings = z.infer<typeof venueSettingsSchema>;
export type Venue = VenueSettings['venue'];
/** The settings of one venue. */
export type SettingsOf<V extends Venue> = Extract<VenueSettings, { readonly venue: V }>;

/** How prices are followed; travels as JSON in the environment variable `FEED`. */
export const feedSettingsSchema = z.object({
  /** Without data for this long the connection is dead. */
  livenessMs: milliseconds.min(1),
  pingAfterMs: milliseconds.min(1),
  backoffMinMs: milliseconds.min(1),
  backoffMaxMs: milliseconds.min(1),
  /** Used only while polling. */
  pollIntervalMs: milliseconds.min(1),
  pollBatchSize: z.number().int().min(1).max(1000),
});
export type FeedSettings = z.infer<typeof feedSettingsSchema>;
