import { type DecimalText, dec, decimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import { installationTagOf } from './client-order-id.ts';
import type { ClientOrderId, OrderIntent, Side } from './order.ts';

export type HoldReason =
  | 'foreign-fill'
  | 'foreign-order'
  | 'liquidation'
  | 'position-mismatch'
  | 'order-contradicted'
  | 'position-not-ours'
  | 'odd-row';

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

/** What was asked for under an id of ours. */
export type OwnOrder = Pick<OrderIntent, 'symbol' | 'side' | 'size'>;

/** Orders that we have rows for, by either id. */
export interface OwnOrders {
  readonly clientOrderIds: ReadonlyMap<string, OwnOrder>;
  readonly venueOrderIds: ReadonlyMap<string, OwnOrder>;
}

interface Traceable {
  readonly symbol: string;
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
}

const rowsOf = (thing: Traceable, own: OwnOrders): readonly OwnOrder[] =>
  [own.clientOrderIds.get(thing.clientOrderId ?? ''), own.venueOrderIds.get(thing.venueOrderId)].filter(
    (row) => row !== undefined,
  );

/**
 * A row of ours explains the fill: by id, symbol, side and size. Our tag alone does not: the row may be missing from a restored
 * database, or be that of another order.
 */
export const isOurs = (
  fill: Traceable & { readonly side: Side; readonly size: DecimalText },
  own: OwnOrders,
): boolean =>
  rowsOf(fill, own).some((row) => row.symbol === fill.symbol && row.side === fill.side && dec(fill.size).lte(row.size));

const isOurOrder = (order: ForeignOrder, own: OwnOrders): boolean =>
  rowsOf(order, own).some(
    (row) => row.symbol === order.symbol && row.side === order.side && dec(order.originalSize).eq(row.size),
  );

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
    .filter((order) => !isOurOrder(order, own) && order.statusTimeMs > (adoptedAtMs.get(order.symbol) ?? -1))
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
  /** Signed position before it; null where the venue does not say. */
  readonly startPosition: DecimalText | null;
  readonly venueTimeMs: EpochMs;
}

/**
 * The position after the newest fills of one symbol: start ± size of the last of them. Fills of one venue time come without an
 * order, so the last is the one whose end no other starts from; null when that is not exactly one, or a start is not known.
 */
export function positionAfter(
  fills: readonly ChainedFill[],
): { readonly size: DecimalText; readonly atMs: EpochMs } | null {
  const atMs = fills.reduce((last, fill) => Math.max(last, fill.venueTimeMs), -1);
  const newest = fills
    .filter((fill) => fill.venueTimeMs === atMs)
    .map((fill) => ({ start: startOf(fill), end: endOf(fill) }));
  const starts = newest.map((fill) => fill.start);
  if (starts.includes(null)) return null;
  const [last, ...others] = newest.flatMap(({ end }) => (end === null || starts.includes(end) ? [] : [end]));
  return last === undefined || others.length > 0 ? null : { size: last, atMs };
}

/** A fill that does not begin where the fill before it ended: the position changed in between without one. */
export interface ChainBreak {
  readonly tradeId: string;
  /** Where the fills before it lead. */
  readonly expectedSize: DecimalText;
  readonly startPosition: DecimalText;
  readonly atMs: EpochMs;
}

/**
 * The first of the newly read fills of one symbol that continues neither the stored ones nor another new one. Null also where the
 * stored ones say nothing. `stored`: those of its newest time.
 */
export function chainBreak(
  stored: readonly ChainedFill[],
  read: readonly ChainedFill[],
  adoptedAtMs: EpochMs | null,
): ChainBreak | null {
  const before = positionAfter(stored);
  if (before === null || before.atMs <= (adoptedAtMs ?? -1)) return null;
  const known = new Set(stored.map((fill) => fill.tradeId));
  const fresh = read.filter((fill) => fill.venueTimeMs >= before.atMs && !known.has(fill.tradeId));
  const ends = new Set([before.size, ...fresh.map(endOf)]);
  for (const fill of fresh.toSorted((a, b) => a.venueTimeMs - b.venueTimeMs)) {
    const { tradeId, venueTimeMs } = fill;
    const startPosition = startOf(fill);
    if (startPosition === null || ends.has(startPosition)) continue;
    return { tradeId, expectedSize: before.size, startPosition, atMs: venueTimeMs };
  }
  return null;
}

/** A fill that became visible late leads to it after all. */
export const isMended = (gap: ChainBreak, fills: readonly ChainedFill[]): boolean =>
  fills.some(
    (fill) => fill.tradeId !== gap.tradeId && fill.venueTimeMs <= gap.atMs && endOf(fill) === gap.startPosition,
  );

const startOf = ({ startPosition }: ChainedFill): DecimalText | null =>
  startPosition === null ? null : decimalText(startPosition);

const endOf = ({ startPosition, side, size }: ChainedFill): DecimalText | null =>
  startPosition === null ? null : decimalText(dec(startPosition).plus(side === 'buy' ? size : dec(size).neg()));

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

/** `silent`: nothing can be said now; what was known stays known. */
export type PositionVerdict =
  | { readonly kind: 'silent' | 'agrees' }
  | { readonly kind: 'differs'; readonly change: ForeignChange };

/**
 * Whether our fills lead to a reported position. Judged only when nothing is moving: no working order, a report well after the last
 * fill and the last end, and every fill up to the report stored. Anything else is silence, not agreement.
 */
export function comparePosition(check: PositionCheck): PositionVerdict {
  const { explained, reported } = check;
  if (explained && check.adoptedAtMs !== null && explained.atMs <= check.adoptedAtMs) return { kind: 'agrees' };
  if (!explained || !reported || check.hasWorkingOrder) return { kind: 'silent' };
  const quietFromMs = Math.max(explained.atMs + check.settleMs, check.settledAtMs, check.adoptedAtMs ?? -1);
  if (reported.venueTimeMs <= quietFromMs || reported.venueTimeMs > check.fillsCompleteToMs) return { kind: 'silent' };
  if (dec(explained.size).eq(reported.size)) return { kind: 'agrees' };
  const detail = {
    explainedSize: explained.size,
    explainedAtMs: explained.atMs,
    reportedSize: reported.size,
    reportedAtMs: reported.venueTimeMs,
  };
  return { kind: 'differs', change: { symbol: check.symbol, reason: 'position-mismatch', detail } };
}
