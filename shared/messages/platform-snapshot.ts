import * as z from 'zod';
import { feedTroubleSchema } from './feed-status.ts';
import { decimalText, epochMs, nameText } from './fields.ts';

const ageMs = z.number().int();
const decimalOrNull = decimalText.nullable();

/** A source of the actual position as the newest decision judged it. */
const sourceView = z.object({
  source: z.string(),
  size: decimalOrNull,
  /** Age when the decision was made; see `decision.atMs`. */
  ageMs: ageMs.nullable(),
  counts: z.boolean(),
  /** Why it does not count, in a word. */
  why: z.string().nullable(),
});

const symbolView = z.object({
  symbol: z.string(),
  venueSymbol: z.string(),
  managed: z.boolean(),
  released: z.boolean(),
  sizeStep: decimalText,
  marginMode: z.enum(['cross', 'isolated']),
  minNotionalQuote: decimalText,
  maxLeverage: z.number(),
  /** The operator's; null means the largest that every rule allows. */
  leverage: z.number().nullable(),
  hold: z.string().nullable(),
  dataState: z.string().nullable(),
  price: z
    .object({
      price: decimalText,
      ageMs,
      stale: z.boolean(),
      markPrice: decimalOrNull,
      markAgeMs: ageMs.nullable(),
      /** An opening order may rest on it: last trade or mark is fresh, and the mark is not too old. */
      counts: z.boolean().optional(),
    })
    .nullable(),
  /** Desired position of the newest decision: a size, or null with the reason why it is unknown. */
  desired: z.object({ size: decimalOrNull, reason: z.string().nullable() }).nullable(),
  /** What keeps prices and candles of the symbol away, in a sentence: behind its data state and refusals. */
  cause: z.string().nullable().optional(),
  /** Own table: null when the snapshot says nothing certain about the symbol. */
  actual: z.object({ size: decimalText, ageMs, stale: z.boolean() }).nullable(),
  entryPrice: decimalOrNull,
  valueQuote: decimalOrNull,
  unrealizedPnlQuote: decimalOrNull,
  sources: z.array(sourceView),
  /** True: a quorum agreed at the newest decision; null: no decision yet. */
  quorum: z.boolean().nullable(),
  decision: z
    .object({
      id: z.string(),
      kind: z.string(),
      code: z.string(),
      message: z.string(),
      count: z.number().int(),
      atMs: epochMs,
      ageMs,
      clientOrderId: z.string().nullable(),
    })
    .nullable(),
  runs: z.object({
    live: z.number().int(),
    long: z.number().int(),
    short: z.number().int(),
    direction: z.number().int(),
    pnlQuote: decimalText,
  }),
});

const orderView = z.object({
  clientOrderId: z.string(),
  symbol: z.string(),
  orderClass: z.string(),
  side: z.string(),
  size: decimalText,
  limitPrice: decimalText,
  timeInForce: z.string(),
  reduceOnly: z.boolean(),
  status: z.string(),
  filledSize: decimalText,
  averagePrice: decimalOrNull,
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  createdAtMs: epochMs,
  endedAtMs: epochMs.nullable(),
});
export type OrderView = z.infer<typeof orderView>;

const readyCheck = z.object({
  check: z.enum(['state', 'account', 'prices', 'feed', 'key', 'heartbeats']),
  ok: z.boolean(),
  /** What is wrong, for a human; null when nothing is. With `ok`: wrong in a part that trading can do without. */
  problem: z.string().nullable(),
});
export type ReadyCheck = z.infer<typeof readyCheck>;

/** `GET /api/status`, and each event of `GET /api/events`: everything the page shows at once. Ages are against `nowMs`. */
export const platformSnapshotSchema = z.object({
  v: z.literal(1),
  nowMs: epochMs,
  exchange: nameText,
  account: nameText,
  /** What `stale` and `counts` were judged by, for ages that go on growing after this moment; see `FactAges`. */
  ages: z.object({ priceMs: ageMs, markMs: ageMs, accountMs: ageMs, futureMs: ageMs }).optional(),
  /** Why prices do not come; null when nothing is known to be wrong. */
  feed: feedTroubleSchema.nullable().optional(),
  /** The answer of `GET /ready`. */
  readiness: z.object({ ready: z.boolean(), checks: z.array(readyCheck) }).optional(),
  system: z
    .object({
      state: z.string(),
      lockMode: z.string().nullable(),
      reason: z.string(),
      changedBy: z.string(),
      changedAtMs: epochMs,
      approved: z.boolean(),
      version: z.number().int(),
      /** What RECONCILING still waits for. */
      missing: z.array(z.object({ code: z.string(), message: z.string() })),
    })
    .nullable(),
  money: z
    .object({
      /** The last believed ones, `equityAgeMs` old; null until there were any. */
      equityQuote: decimalOrNull,
      marginUsedQuote: decimalOrNull,
      withdrawableQuote: decimalOrNull,
      equityAgeMs: ageMs.nullish(),
      /** Why the newest reading's equity is unknown; null: it is the one above. */
      doubt: z.object({ code: z.string(), message: z.string() }).nullish(),
      unrealizedPnlQuote: decimalText,
      /** Of the newest reading: of the positions. */
      ageMs,
      complete: z.boolean(),
      stale: z.boolean(),
    })
    .nullable(),
  symbols: z.array(symbolView),
  foreignPositions: z.array(z.object({ symbol: z.string(), size: decimalText, valueQuote: decimalText, ageMs })),
  orders: z.array(orderView),
  takeProfit: z
    .object({ baselineQuote: decimalOrNull, height: z.number().int(), latched: z.string().nullable() })
    .nullable(),
  counts: z.object({
    workingOrders: z.number().int(),
    unknownOrders: z.number().int(),
    pendingOutbox: z.number().int(),
    deadLetters: z.number().int(),
    alerts: z.number().int(),
    liveRuns: z.number().int(),
    openPositions: z.number().int(),
    holds: z.number().int(),
  }),
  /** The newest refusal of any symbol: by reconciliation, or of an order by gateway or venue. */
  lastRefusal: z.object({ symbol: z.string(), code: z.string(), message: z.string(), ageMs }).nullable(),
  jobs: z.array(
    z.object({
      job: z.string(),
      okAgeMs: ageMs.nullable(),
      lastError: z.string().nullable(),
      /** What its last run left out: it succeeded in part. */
      partly: z.string().nullish(),
      stale: z.boolean(),
    }),
  ),
});
export type PlatformSnapshot = z.infer<typeof platformSnapshotSchema>;
export type SymbolSnapshot = PlatformSnapshot['symbols'][number];
