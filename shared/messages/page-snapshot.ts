import * as z from 'zod';
import { decimalText, epochMs, nameText, symbolText } from './fields.ts';

/** What Mission Control shows, `GET /api/events` (an SSE event `snapshot` each second) and `GET /api/snapshot`. */

/** One source of a position as the quorum judged it. */
const sourceOnPage = z.object({
  /** `own-table`, `observer:<id>`. */
  source: nameText,
  size: decimalText.nullable(),
  venueTimeMs: epochMs.nullable(),
  /** Null: it counts. */
  notCounting: z.string().max(64).nullable(),
});

const symbolOnPage = z.object({
  symbol: symbolText,
  /** False: no longer managed; desired is zero until flat. */
  managed: z.boolean(),
  price: z.object({ last: decimalText, mark: decimalText.nullable(), venueTimeMs: epochMs }).nullable(),
  desired: z
    .object({
      size: decimalText.nullable(),
      /** Why it is unknown; null when `size` is known. */
      unknownReason: z.string().max(64).nullable(),
      atMs: epochMs,
    })
    .nullable(),
  /** The own table's position. */
  position: z
    .object({
      size: decimalText,
      entryPrice: decimalText.nullable(),
      valueQuote: decimalText,
      unrealizedPnlQuote: decimalText,
      venueTimeMs: epochMs,
    })
    .nullable(),
  sources: z.array(sourceOnPage).max(20),
  /** `agreed`, or the code that says why not (`no-quorum`, `dissent`, `awaiting-fill-visibility`); null before the first cycle. */
  quorum: z.string().max(64).nullable(),
  lastDecision: z
    .object({
      id: z.string().max(128),
      kind: z.string().max(32),
      code: z.string().max(64),
      message: z.string().max(1000),
      episodeCount: z.number().int(),
      atMs: epochMs,
      clientOrderId: z.string().max(64).nullable(),
    })
    .nullable(),
  /** Why the symbol is on HOLD, or null. */
  holdReason: z.string().max(300).nullable(),
  liveRuns: z.number().int().nonnegative(),
});

const orderOnPage = z.object({
  clientOrderId: z.string().max(64),
  symbol: symbolText,
  side: z.enum(['buy', 'sell']),
  orderClass: z.string().max(16),
  size: decimalText,
  filledSize: decimalText,
  limitPrice: decimalText,
  averagePrice: decimalText.nullable(),
  status: z.string().max(32),
  errorCode: z.string().max(64).nullable(),
  errorMessage: z.string().max(1000).nullable(),
  createdAtMs: epochMs,
  endedAtMs: epochMs.nullable(),
});

export const pageSnapshotSchema = z.object({
  v: z.literal(1),
  /** The platform's clock: ages are counted from it, not from the browser's. */
  nowMs: epochMs,
  stage: nameText,
  exchange: nameText,
  exchangeKind: z.enum(['simulator', 'paper', 'testnet', 'live']),
  account: nameText,
  /** Numbers older than this turn grey. */
  staleAfterMs: z.number().int().positive(),
  system: z
    .object({
      state: z.string().max(32),
      lockMode: z.string().max(32).nullable(),
      reason: z.string().max(1000),
      changedBy: z.string().max(200),
      changedAtMs: epochMs,
      approved: z.boolean(),
      /** Sent back with lock and unlock, so that nobody undoes what he has not seen. */
      version: z.number().int(),
    })
    .nullable(),
  balance: z
    .object({ equityQuote: decimalText, marginUsedQuote: decimalText, venueTimeMs: epochMs, complete: z.boolean() })
    .nullable(),
  /** Null when it is not measured. */
  ticksPerSecond: z.number().nonnegative().nullable(),
  liveRuns: z.number().int().nonnegative(),
  symbols: z.array(symbolOnPage).max(1000),
  /** Newest first. */
  orders: z.array(orderOnPage).max(200),
});
export type PageSnapshot = z.infer<typeof pageSnapshotSchema>;

/** `GET /api/candles?symbol=&timeframe=&limit=`: bars oldest first, and our fills in their span. */
export const pageCandlesSchema = z.object({
  v: z.literal(1),
  symbol: symbolText,
  timeframe: z.string().max(8),
  candles: z
    .array(
      z.object({
        openTimeMs: epochMs,
        open: decimalText,
        high: decimalText,
        low: decimalText,
        close: decimalText,
        volume: decimalText,
        final: z.boolean(),
      }),
    )
    .max(5000),
  fills: z
    .array(
      z.object({
        tradeId: z.string().max(128),
        side: z.enum(['buy', 'sell']),
        price: decimalText,
        size: decimalText,
        feeQuote: decimalText,
        closedPnlQuote: decimalText,
        venueTimeMs: epochMs,
      }),
    )
    .max(5000),
});
export type PageCandles = z.infer<typeof pageCandlesSchema>;

/** `GET /api/pnl?sinceMs=`: the equity curve, oldest first, thinned to at most 2000 points. */
export const pagePnlSchema = z.object({
  v: z.literal(1),
  points: z
    .array(
      z.object({
        venueTimeMs: epochMs,
        equityQuote: decimalText,
        /** Deposits less withdrawals up to then: equity less this is profit. */
        netTransfersQuote: decimalText,
        complete: z.boolean(),
      }),
    )
    .max(2000),
  realizedPnlQuote: decimalText,
  feesQuote: decimalText,
});
export type PagePnl = z.infer<typeof pagePnlSchema>;

/** `POST /api/lock` and `POST /api/unlock`, header `X-3T-Token`. The answer is 200 with the new state, or 409 with a refusal. */
export const lockRequestSchema = z.strictObject({
  mode: z.enum(['freeze', 'close-only', 'flatten']).default('close-only'),
  reason: z.string().trim().min(3).max(300),
});
export const unlockRequestSchema = z.strictObject({
  reason: z.string().trim().min(3).max(300),
  expectedVersion: z.number().int().optional(),
});

/** Every answer of the API that is not 2xx. */
export const apiErrorSchema = z.object({
  error: z.object({ code: z.string().max(64), message: z.string().max(1000) }),
});
