import { type DecimalText, dec, decimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import { installationTagOf } from './client-order-id.ts';
import type { ClientOrderId, Side } from './order.ts';

export type HoldReason = 'foreign-fill' | 'foreign-order' | 'liquidation' | 'position-mismatch';

/** A change that no intent of ours explains (architecture, rule 3.10): the symbol goes on HOLD. */
export interface ForeignChange {
  readonly symbol: string;
  readonly reason: HoldReason;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Another installation writes to this account: the whole account must be locked. */
export interface ForeignWriter {
  readonly tag: string;
  readonly clientOrderId: ClientOrderId;
  readonly symbol: string;
}

/** Ids of orders that we have rows for. */
export interface OwnOrders {
  readonly clientOrderIds: ReadonlySet<string>;
  readonly venueOrderIds: ReadonlySet<string>;
}

interface Traceable {
  readonly symbol: string;
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
}

/** A row of ours explains it. Our tag alone does not: the row may be missing from a restored database. */
export const isOurs = (thing: Omit<Traceable, 'symbol'>, own: OwnOrders): boolean =>
  (thing.clientOrderId !== null && own.clientOrderIds.has(thing.clientOrderId)) ||
  own.venueOrderIds.has(thing.venueOrderId);

export interface ForeignFill extends Traceable {
  readonly tradeId: string;
  readonly side: Side;
  readonly size: DecimalText;
  readonly price: DecimalText;
  readonly liquidation: boolean;
  readonly venueTimeMs: EpochMs;
}

export interface ForeignOrder extends Traceable {
  readonly side: Side;
  readonly originalSize: DecimalText;
  readonly statusTimeMs: EpochMs;
}

/** Fills that were never seen before and that no intent explains; a liquidation is foreign even on an order of ours. */
export function foreignFills(newFills: readonly ForeignFill[], own: OwnOrders): readonly ForeignChange[] {
  return newFills
    .filter((fill) => fill.liquidation || !isOurs(fill, own))
    .map((fill) => ({
      symbol: fill.symbol,
      reason: fill.liquidation ? ('liquidation' as const) : ('foreign-fill' as const),
      detail: {
        tradeId: fill.tradeId,
        venueOrderId: fill.venueOrderId,
        side: fill.side,
        size: fill.size,
        price: fill.price,
        venueTimeMs: fill.venueTimeMs,
      },
    }));
}

/** Open orders that no intent explains, except those that an `adopt` has already seen. */
export function foreignOrders(
  openOrders: readonly ForeignOrder[],
  own: OwnOrders,
  adoptedAtMs: ReadonlyMap<string, EpochMs>,
): readonly ForeignChange[] {
  return openOrders
    .filter((order) => !isOurs(order, own) && order.statusTimeMs > (adoptedAtMs.get(order.symbol) ?? -1))
    .map((order) => ({
      symbol: order.symbol,
      reason: 'foreign-order' as const,
      detail: { venueOrderId: order.venueOrderId, side: order.side, size: order.originalSize },
    }));
}

/** The first order or fill that carries the tag of another installation, or null. Ids that are not ours in form say nothing. */
export function foreignWriter(things: readonly Traceable[], installationTag: string): ForeignWriter | null {
  for (const { clientOrderId, symbol } of things) {
    const tag = clientOrderId === null ? null : installationTagOf(clientOrderId);
    if (tag !== null && tag !== installationTag) return { tag, clientOrderId: clientOrderId!, symbol };
  }
  return null;
}

export interface ChainedFill {
  readonly tradeId: string;
  readonly side: Side;
  readonly size: DecimalText;
  /** Signed position before it. */
  readonly startPosition: DecimalText;
  readonly venueTimeMs: EpochMs;
}

/**
 * The position after the newest fills of one symbol: start ± size of the last of them. Fills of one venue time come without an
 * order, so the last is the one whose end no other starts from; null when that is not exactly one.
 */
export function positionAfter(
  fills: readonly ChainedFill[],
): { readonly size: DecimalText; readonly atMs: EpochMs } | null {
  const atMs = fills.reduce((last, fill) => Math.max(last, fill.venueTimeMs), -1);
  const newest = fills
    .filter((fill) => fill.venueTimeMs === atMs)
    .map((fill) => ({
      start: decimalText(fill.startPosition),
      end: decimalText(dec(fill.startPosition).plus(fill.side === 'buy' ? fill.size : dec(fill.size).neg())),
    }));
  const starts = newest.map((fill) => fill.start);
  const ends = newest.filter((fill) => !starts.includes(fill.end));
  return ends.length === 1 ? { size: ends[0]!.end, atMs } : null;
}

export interface PositionCheck {
  readonly symbol: string;
  /** Position that our stored fills lead to. */
  readonly explained: { readonly size: DecimalText; readonly atMs: EpochMs } | null;
  /** What the venue reports; null when absent from an incomplete view. */
  readonly reported: { readonly size: DecimalText; readonly venueTimeMs: EpochMs } | null;
  readonly settledAtMs: EpochMs;
  /** Orders of ours that may still trade. */
  readonly hasWorkingOrder: boolean;
  /** Fills up to this venue time are stored for certain. */
  readonly fillsCompleteToMs: EpochMs;
  readonly adoptedAtMs: EpochMs | null;
  /** How much later than the last fill the report must be. */
  readonly settleMs: number;
}

/**
 * A reported position that our fills do not lead to. Judged only when nothing is moving: no working order, a report well after
 * the last fill and the last end, and every fill up to the report stored. Anything else is silence, not agreement.
 */
export function positionMismatch(check: PositionCheck): ForeignChange | null {
  const { explained, reported } = check;
  if (!explained || !reported || check.hasWorkingOrder) return null;
  const quietFromMs = Math.max(explained.atMs + check.settleMs, check.settledAtMs, check.adoptedAtMs ?? -1);
  if (reported.venueTimeMs <= quietFromMs || reported.venueTimeMs > check.fillsCompleteToMs) return null;
  if (check.adoptedAtMs !== null && explained.atMs <= check.adoptedAtMs) return null;
  if (dec(explained.size).eq(reported.size)) return null;
  return {
    symbol: check.symbol,
    reason: 'position-mismatch',
    detail: {
      explainedSize: explained.size,
      explainedAtMs: explained.atMs,
      reportedSize: reported.size,
      reportedAtMs: reported.venueTimeMs,
    },
  };
}
