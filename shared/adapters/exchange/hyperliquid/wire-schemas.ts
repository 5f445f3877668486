import * as z from 'zod';
import { fitsMicros } from '#shared/core/decimal.ts';
import { decimal, money, positive, rows, time, unsigned } from '../wire/reply-fields.ts';

/**
 * Shapes of HyperLiquid's replies, loose: new fields are welcome, a changed one is a malformed reply. Lists have rows of any shape:
 * each is read by itself (wire/sift-rows.ts).
 */

/** Ids beyond 2^53 arrive as text, because ccxt quotes unsafe integers. */
const id = z.union([z.number().int().min(0), z.string().regex(/^\d{1,20}$/)]).transform(String);
const coin = z.string().min(1).max(64);
const side = z.enum(['A', 'B']).transform((letter) => (letter === 'B' ? ('buy' as const) : ('sell' as const)));
const cloid = z
  .string()
  .regex(/^0x[0-9a-fA-F]{32}$/)
  .transform((text) => text.toLowerCase() as `0x${string}`)
  .nullish();

/** The place of a dex in this list numbers its assets. */
export const perpDexsSchema = rows.min(1).max(200);

export const metaSchema = z.looseObject({ universe: rows.max(5000), collateralToken: z.number().int().optional() });
/** The place of an asset in its universe is its number. */
export const assetSchema = z.looseObject({
  name: coin,
  szDecimals: z.number().int().min(0).max(8),
  maxLeverage: z.number().int().min(1).max(1000),
  isDelisted: z.boolean().optional(),
});

export const metaAndContextsSchema = z.tuple([metaSchema, rows.max(5000)]);
export const contextSchema = z.looseObject({ markPx: positive.nullable(), midPx: positive.nullish() });

export const candlesSchema = rows.max(5000);
/** Whether the numbers make a bar is judged by whoever stores it. */
export const barSchema = z.looseObject({ t: time, o: decimal, h: decimal, l: decimal, c: decimal, v: decimal });

/** Its money is read by itself: exits rest on the positions, whatever is odd about amounts. */
export const clearinghouseSchema = z.looseObject({ assetPositions: rows.max(5000), time });
export type ClearinghouseState = z.infer<typeof clearinghouseSchema>;
export const subAccountMoneySchema = z.looseObject({
  marginSummary: z.looseObject({ accountValue: money, totalMarginUsed: money }),
  crossMaintenanceMarginUsed: money,
  withdrawable: money,
});
export type SubAccountMoney = z.infer<typeof subAccountMoneySchema>;
export const assetPositionSchema = z.looseObject({
  type: z.literal('oneWay'),
  position: z.looseObject({
    coin,
    szi: decimal,
    entryPx: positive.nullish(),
    positionValue: unsigned.refine(fitsMicros, 'more than there is money'),
    unrealizedPnl: money,
    marginUsed: unsigned.refine(fitsMicros, 'more than there is money'),
    liquidationPx: decimal.nullish(),
  }),
});

/** A stop of a whole position has the size 0. */
export const venueOrderSchema = z.looseObject({
  coin,
  side,
  limitPx: positive,
  sz: unsigned,
  oid: id,
  timestamp: time,
  origSz: unsigned,
  cloid,
});
export const openOrdersSchema = rows.max(10_000);
export const historicalOrdersSchema = rows.max(10_000);

export const orderStatusSchema = z.discriminatedUnion('status', [
  z.looseObject({
    status: z.literal('order'),
    order: z.looseObject({ order: venueOrderSchema, status: z.string().min(1).max(64), statusTimestamp: time }),
  }),
  z.looseObject({ status: z.literal('unknownOid') }),
]);
export type WireOrder = z.infer<typeof venueOrderSchema>;

export const fillsSchema = rows.max(2000);
export const fillSchema = z.looseObject({
  coin,
  px: positive,
  sz: positive,
  side,
  time,
  startPosition: decimal,
  closedPnl: money,
  oid: id,
  tid: id,
  crossed: z.boolean(),
  fee: decimal,
  feeToken: z.string().max(32),
  cloid,
  liquidation: z.looseObject({ liquidatedUser: z.string().max(64) }).nullish(),
});
export type WireFill = z.infer<typeof fillSchema>;

export const ledgerSchema = rows.max(2000);
export const ledgerEntrySchema = z.looseObject({
  time,
  hash: z.string().min(1).max(80),
  delta: z.looseObject({ type: z.string().max(64) }),
});
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;
export const ledgerMoney = money;
/** Amounts of any token. */
export const tokenAmount = decimal;
export const ledgerAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

/** Answers of `POST /exchange`. */
export const exchangeReplySchema = z.discriminatedUnion('status', [
  z.looseObject({ status: z.literal('ok'), response: z.unknown() }),
  z.looseObject({ status: z.literal('err'), response: z.string().max(2000) }),
]);

/** One status per order; anything else than exactly one known variant is not an answer. */
export const orderAnswerSchema = z.looseObject({
  type: z.literal('order'),
  data: z.looseObject({
    statuses: z.tuple([
      z.union([
        z.strictObject({ resting: z.looseObject({ oid: id, cloid }) }),
        z.strictObject({ filled: z.looseObject({ oid: id, totalSz: positive, avgPx: positive, cloid }) }),
        z.strictObject({ error: z.string().max(2000) }),
      ]),
    ]),
  }),
});

export const cancelAnswerSchema = z.looseObject({
  type: z.literal('cancel'),
  data: z.looseObject({
    statuses: z.tuple([z.union([z.literal('success'), z.strictObject({ error: z.string().max(2000) })])]),
  }),
});

/** https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#query-a-users-role */
export const userRoleSchema = z.looseObject({
  role: z.string().max(32),
  data: z.looseObject({ user: z.string().max(42).optional() }).optional(),
});

/** Agents that have a name, with their ends. */
export const extraAgentsSchema = z
  .array(z.looseObject({ address: z.string().max(42), validUntil: time.nullable() }))
  .max(100);
