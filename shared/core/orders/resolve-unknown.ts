import { type Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import type { ClientOrderId, EndStatus, Order, Side } from './order.ts';

interface Claim {
  readonly symbol: string;
  readonly side: Side;
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
}

/** What the venue says of one order: VenueOrder of the exchange port, reduced to what is needed here. */
export interface VenueOrderView extends Claim {
  readonly originalSize: DecimalText;
  readonly remainingSize: DecimalText;
  readonly status: 'open' | 'partially-filled' | EndStatus;
  readonly venueStatus: string;
  /** Why it ended, in our codes; absent where only the venue's word is known. */
  readonly endCode?: string | undefined;
  readonly statusTimeMs: EpochMs;
}

export interface VenueFillView extends Claim {
  readonly tradeId: string;
  readonly price: DecimalText;
  readonly size: DecimalText;
  readonly venueTimeMs: EpochMs;
}

export interface ResolveInputs {
  readonly order: Order;
  /** `failed`: the venue could not be asked. */
  readonly lookup:
    | { readonly kind: 'found'; readonly order: VenueOrderView }
    | { readonly kind: 'not-found' }
    | { readonly kind: 'failed' };
  /** All open orders of the account; null when they could not be read. */
  readonly openOrders: readonly VenueOrderView[] | null;
  /** Every fill of the order that is known. */
  readonly fills: readonly VenueFillView[];
  /** All fills of the account since the order was stored were read just now. */
  readonly fillsComplete: boolean;
  /** What the venue's own clock showed at least before the first of the three reads; null when nobody knows. */
  readonly venueFromMs: EpochMs | null;
  /** How long after the venue-side expiry absence starts to mean something. */
  readonly graceMs: number;
}

interface Learned {
  readonly venueOrderId: string;
  readonly filledSize: DecimalText;
  readonly averagePrice: DecimalText | null;
}

export type Resolution =
  | ({ readonly kind: 'found'; readonly status: 'open' | 'partially-filled' } & Learned)
  | ({
      readonly kind: 'found';
      readonly status: EndStatus;
      readonly venueStatus: string;
      /** As in {@link VenueOrderView.endCode}. */
      readonly endCode?: string | undefined;
      readonly venueEndedAtMs: EpochMs;
    } & Learned)
  | { readonly kind: 'never-accepted' }
  | { readonly kind: 'still-unknown'; readonly reason: StillUnknownReason };

/** All was read, late enough, and it does not say: asking again will hardly help. */
const UNRESOLVABLE = [
  'accepted-but-invisible',
  /** Fills under its id are more than it can have traded, or of several orders: which are its own would be a guess. */
  'fills-contradict',
] as const;
export const isUnresolvable = (code: string | null): boolean =>
  (UNRESOLVABLE as readonly (string | null)[]).includes(code);
export type StillUnknownReason = 'reads-incomplete' | 'may-still-arrive' | (typeof UNRESOLVABLE)[number];

/**
 * What became of an order (architecture, rule 3.5). The venue's order status speaks first, then its open orders, then its
 * fills; of each only what fits the order by id, symbol, side and size ({@link contradictions} are somebody else's). Absence
 * from all three, read from `graceMs` after the venue-side expiry on, means that it was never accepted; an order that the venue
 * once acknowledged is never declared so.
 */
export function resolveOrder(inputs: ResolveInputs): Resolution {
  const { order, lookup, openOrders } = inputs;
  const { seen, traded, isGuess } = claimsOf(inputs);

  if (seen) return fromVenueOrder(order, seen, traded);
  if (traded && dec(traded.filledSize).gte(order.size)) {
    return { kind: 'found', status: 'filled', venueStatus: 'fills', venueEndedAtMs: traded.lastMs, ...learned(traded) };
  }
  if (lookup.kind === 'failed' || openOrders === null || !inputs.fillsComplete) {
    return { kind: 'still-unknown', reason: 'reads-incomplete' };
  }
  // By the venue's clock, which decides what it still takes. By ours, one that is ahead would call dead what is about to be filled.
  if (inputs.venueFromMs === null || inputs.venueFromMs <= order.expiresAtMs + inputs.graceMs)
    return { kind: 'still-unknown', reason: 'may-still-arrive' };
  if (isGuess) return { kind: 'still-unknown', reason: 'fills-contradict' };
  // Partly filled, not resting and unknown to the status query: what was left has been cancelled.
  if (traded) {
    return {
      kind: 'found',
      status: 'cancelled',
      venueStatus: 'fills',
      endCode: 'cancelled',
      venueEndedAtMs: traded.lastMs,
      ...learned(traded),
    };
  }
  if (wasAcknowledged(order)) {
    return { kind: 'still-unknown', reason: 'accepted-but-invisible' };
  }
  return { kind: 'never-accepted' };
}

/** An order or a fill that the venue shows under an id of the order, and that cannot be the order's. */
export interface Contradiction extends Claim {
  /** Of the order: its original size. */
  readonly size: DecimalText;
  /** Null: an order. */
  readonly tradeId: string | null;
}

/** What the venue says under the order's ids and the order does not take for its own: orders first, then fills. */
export const contradictions = (inputs: ResolveInputs): readonly Contradiction[] => claimsOf(inputs).contradicting;

interface Claims {
  /** The order as the venue sees it; null when it shows none that fits. */
  readonly seen: VenueOrderView | null;
  /** Its own fills; null without any. */
  readonly traded: Traded | null;
  /** There are fills that may be its own, and cannot all be. */
  readonly isGuess: boolean;
  readonly contradicting: readonly Contradiction[];
}

/** Sorts what carries an id of the order into what fits it and what does not. */
function claimsOf({ order, lookup, openOrders, fills }: ResolveInputs): Claims {
  const shown = [
    ...(lookup.kind === 'found' ? [lookup.order] : []),
    ...(openOrders ?? []).filter((open) => hasItsId(order, open)),
  ];
  const seen = shown.find((found) => fitsOrder(order, found)) ?? null;
  const strangers = shown.filter((found) => !fitsOrder(order, found));
  const strangerIds = new Set(strangers.map((found) => found.venueOrderId));
  const venueOrderId = seen?.venueOrderId ?? order.venueOrderId;

  const claimed = fills.filter((fill) => hasItsId(order, fill));
  const fitting = fittingFills(order, claimed).filter(
    (fill) => !strangerIds.has(fill.venueOrderId) && (venueOrderId === null || fill.venueOrderId === venueOrderId),
  );
  // One order of ours is one order of the venue, and trades its size at most.
  const ofOneOrder = new Set(fitting.map((fill) => fill.venueOrderId)).size === 1;
  const own = ofOneOrder && sizeOf(fitting).lte(order.size) ? fitting : [];
  return {
    seen,
    traded: sumFills(own),
    isGuess: fitting.length > own.length,
    contradicting: [
      ...strangers.map((found) => ({ ...claimOf(found), size: found.originalSize, tradeId: null })),
      ...claimed
        .filter((fill) => !own.includes(fill))
        .map((fill) => ({ ...claimOf(fill), size: fill.size, tradeId: fill.tradeId })),
    ],
  };
}

/** Fills under an id of the order that could be its own by symbol and side. */
export const fittingFills = (order: Order, fills: readonly VenueFillView[]): readonly VenueFillView[] =>
  fills.filter((fill) => hasItsId(order, fill) && isAlike(order, fill));

const claimOf = ({ symbol, side, venueOrderId, clientOrderId }: Claim): Claim => ({
  symbol,
  side,
  venueOrderId,
  clientOrderId,
});

const isAlike = (order: Order, theirs: Claim): boolean => theirs.symbol === order.symbol && theirs.side === order.side;

/** The venue's order is the one that was asked for; an id alone may have been given twice. */
export const fitsOrder = (order: Order, found: VenueOrderView): boolean =>
  isAlike(order, found) && dec(found.originalSize).eq(order.size);

const wasAcknowledged = (order: Order): boolean =>
  order.venueOrderId !== null ||
  order.status === 'open' ||
  order.status === 'partially-filled' ||
  dec(order.filledSize).gt(0);

interface Traded extends Learned {
  readonly lastMs: EpochMs;
}

const learned = ({ venueOrderId, filledSize, averagePrice }: Traded): Learned => ({
  venueOrderId,
  filledSize,
  averagePrice,
});

function fromVenueOrder(order: Order, venue: VenueOrderView, traded: Traded | null): Resolution {
  const byStatus =
    venue.status === 'filled' ? dec(venue.originalSize) : dec(venue.originalSize).minus(venue.remainingSize);
  // After a cancel, "remaining" may mean what is left at the venue, which is nothing: only fills tell how much traded.
  const shown =
    venue.status === 'filled' || venue.status === 'open' || venue.status === 'partially-filled' ? byStatus : ZERO;
  const filledSize = decimalText([shown, dec(traded?.filledSize ?? 0), dec(order.filledSize)].reduce(max));
  const common = { venueOrderId: venue.venueOrderId, filledSize, averagePrice: traded?.averagePrice ?? null };
  if (venue.status === 'open' || venue.status === 'partially-filled') {
    return { kind: 'found', status: dec(filledSize).gt(0) ? 'partially-filled' : 'open', ...common };
  }
  return {
    kind: 'found',
    status: venue.status,
    venueStatus: venue.venueStatus,
    endCode: venue.endCode,
    venueEndedAtMs: Math.max(venue.statusTimeMs, traded?.lastMs ?? 0),
    ...common,
  };
}

const hasItsId = (order: Order, theirs: Claim): boolean =>
  theirs.clientOrderId === order.clientOrderId ||
  (order.venueOrderId !== null && theirs.venueOrderId === order.venueOrderId);

const max = <T extends { gte(other: T): boolean }>(a: T, b: T): T => (a.gte(b) ? a : b);

const sizeOf = (fills: readonly VenueFillView[]): Decimal => fills.reduce((sum, fill) => sum.plus(fill.size), ZERO);

function sumFills(own: readonly VenueFillView[]): Traded | null {
  const first = own[0];
  if (!first) return null;
  const size = sizeOf(own);
  const value = own.reduce((sum, fill) => sum.plus(dec(fill.price).times(fill.size)), ZERO);
  return {
    venueOrderId: first.venueOrderId,
    filledSize: decimalText(size),
    averagePrice: size.gt(0) ? decimalText(value.div(size).toSignificantDigits(17)) : null,
    lastMs: own.reduce((last, fill) => Math.max(last, fill.venueTimeMs), 0),
  };
}
