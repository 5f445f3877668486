import * as z from 'zod';
import { decimalText, isDecimalText } from '#shared/core/decimal.ts';

/**
 * The actions, read into the venue's own form: known fields only, in the venue's order, numbers without trailing zeros, addresses
 * and client order ids in lower case. The venue hashes this form and not the text that it was sent, so what was signed in
 * another form recovers another signer. Order of fields:
 * https://github.com/hyperliquid-dex/hyperliquid-python-sdk/blob/master/hyperliquid/utils/signing.py
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/signing
 */
const MAX_BATCH = 1_000;
const assetId = z.number().int().min(0);
const oid = z.number().int().min(0);
const cloid = z
  .string()
  .regex(/^0x[0-9a-fA-F]{32}$/)
  .toLowerCase();
const number = z.string().refine(isDecimalText).transform(decimalText);
const batchOf = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(MAX_BATCH);

const orderWire = z
  .object({
    a: assetId,
    b: z.boolean(),
    p: number,
    s: number,
    r: z.boolean(),
    t: z.object({ limit: z.object({ tif: z.enum(['Alo', 'Ioc', 'Gtc']) }) }),
    c: cloid.nullish(),
  })
  .transform(({ a, b, p, s, r, t, c }) => ({ a, b, p, s, r, t, ...(c == null ? {} : { c }) }));
export type OrderWire = z.infer<typeof orderWire>;

/** `f` in tenths of a basis point. */
const builder = z
  .object({
    b: z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/)
      .toLowerCase(),
    f: z.number().int().min(0),
  })
  .transform(({ b, f }) => ({ b, f }));
export type Builder = z.infer<typeof builder>;

const modification = z
  .object({ oid: z.union([oid, cloid]), order: orderWire })
  .transform(({ oid, order }) => ({ oid, order }));

export const actionSchema = z.discriminatedUnion('type', [
  z
    .object({
      type: z.literal('order'),
      orders: batchOf(orderWire),
      grouping: z.literal('na'),
      builder: builder.nullish(),
    })
    .transform(({ type, orders, grouping, builder }) => ({
      type,
      orders,
      grouping,
      ...(builder == null ? {} : { builder }),
    })),
  z
    .object({ type: z.literal('modify'), oid: z.union([oid, cloid]), order: orderWire })
    .transform(({ type, oid, order }) => ({ type, oid, order })),
  z
    .object({ type: z.literal('batchModify'), modifies: batchOf(modification) })
    .transform(({ type, modifies }) => ({ type, modifies })),
  z
    .object({
      type: z.literal('cancel'),
      cancels: batchOf(z.object({ a: assetId, o: oid }).transform(({ a, o }) => ({ a, o }))),
    })
    .transform(({ type, cancels }) => ({ type, cancels })),
  z
    .object({
      type: z.literal('cancelByCloid'),
      cancels: batchOf(z.object({ asset: assetId, cloid }).transform(({ asset, cloid }) => ({ asset, cloid }))),
    })
    .transform(({ type, cancels }) => ({ type, cancels })),
  z
    .object({
      type: z.literal('updateLeverage'),
      asset: assetId,
      isCross: z.boolean(),
      leverage: z.number().int(),
    })
    .transform(({ type, asset, isCross, leverage }) => ({ type, asset, isCross, leverage })),
  z
    .object({
      type: z.literal('updateIsolatedMargin'),
      asset: assetId,
      isBuy: z.boolean(),
      ntli: z.number().int(),
    })
    .transform(({ type, asset, isBuy, ntli }) => ({ type, asset, isBuy, ntli })),
  z
    .object({ type: z.literal('scheduleCancel'), time: z.number().int().min(0).nullish() })
    .transform(({ type, time }) => ({ type, ...(time == null ? {} : { time }) })),
  z
    .object({ type: z.literal('setReferrer'), code: z.string().max(64) })
    .transform(({ type, code }) => ({ type, code })),
  z.object({ type: z.literal('noop') }).transform(({ type }) => ({ type })),
]);
export type Action = z.infer<typeof actionSchema>;
export type ActionOf<T extends Action['type']> = Extract<Action, { type: T }>;

/** How many requests the venue counts for it: each order and each cancel of a batch is one. */
export function requestsOf(action: Action): number {
  if (action.type === 'order') return action.orders.length;
  if (action.type === 'batchModify') return action.modifies.length;
  return action.type === 'cancel' || action.type === 'cancelByCloid' ? action.cancels.length : 1;
}
