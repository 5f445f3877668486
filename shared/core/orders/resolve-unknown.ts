import { type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import type { ClientOrderId, EndStatus, Order } from './order.ts';

/** What the venue says of one order: VenueOrder of the exchange port, reduced to what is needed here. */
export interface VenueOrderView {
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
  readonly originalSize: DecimalText;
  readonly remainingSize: DecimalText;
  readonly status: 'open' | 'partially-filled' | EndStatus;
  readonly venueStatus: string;
  readonly statusTimeMs: EpochMs;
}

export interface VenueFillView {
  readonly venueOrderId: string;
  readonly clientOrderId: ClientOrderId | null;
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
  /** When the first of the three reads began. */
  readonly readFromMs: EpochMs;
  /** How long after the venue-side expiry absence starts to mean something. */
  readonly graceMs: number;
}

/** Default of {@link ResolveInputs.graceMs} (architecture, rule 3.5). */
export const NOT_FOUND_GRACE_MS = 5_000;

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
      readonly venueEndedAtMs: EpochMs;
    } & Learned)
  | { readonly kind: 'never-accepted' }
  | { readonly kind: 'still-unknown'; readonly reason: StillUnknownReason };

export type StillUnknownReason = 'reads-incomplete' | 'may-still-arrive' | 'accepted-but-invisible';

/**
 * What became of an order (architecture, rule 3.5). The venue's order status speaks first, then its open orders, then its
 * fills. Absence from all three, read from `graceMs` after the venue-side expiry on, means that it was never accepted; an order
 * that the venue once acknowledged is never declared so.
 */
export function resolveOrder(inputs: ResolveInputs): Resolution {
  const { order, lookup, openOrders, fills } = inputs;
  const traded = sumFills(order, fills);

  if (lookup.kind === 'found') return fromVenueOrder(order, lookup.order, traded);
  const resting = (openOrders ?? []).find((o) => isSame(order, o));
  if (resting) return fromVenueOrder(order, resting, traded);

  if (traded && dec(traded.filledSize).gte(order.size)) {
    return { kind: 'found', status: 'filled', venueStatus: 'fills', venueEndedAtMs: traded.lastMs, ...learned(traded) };
  }
  if (lookup.kind === 'failed' || openOrders === null || !inputs.fillsComplete) {
    return { kind: 'still-unknown', reason: 'reads-incomplete' };
  }
  if (inputs.readFromMs <= order.expiresAtMs + inputs.graceMs)
    return { kind: 'still-unknown', reason: 'may-still-arrive' };
  // Partly filled, not resting and unknown to the status query: what was left has been cancelled.
  if (traded) {
    return {
      kind: 'found',
      status: 'cancelled',
      venueStatus: 'fills',
      venueEndedAtMs: traded.lastMs,
      ...learned(traded),
    };
  }
  if (wasAcknowledged(order)) {
    return { kind: 'still-unknown', reason: 'accepted-but-invisible' };
  }
  return { kind: 'never-accepted' };
}

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
    venueEndedAtMs: Math.max(venue.statusTimeMs, traded?.lastMs ?? 0),
    ...common,
  };
}

const isSame = (
  order: Order,
  theirs: { readonly venueOrderId: string; readonly clientOrderId: ClientOrderId | null },
): boolean =>
  theirs.clientOrderId === order.clientOrderId ||
  (order.venueOrderId !== null && theirs.venueOrderId === order.venueOrderId);

const max = <T extends { gte(other: T): boolean }>(a: T, b: T): T => (a.gte(b) ? a : b);

function sumFills(order: Order, fills: readonly VenueFillView[]): Traded | null {
  const own = fills.filter((fill) => isSame(order, fill));
  const first = own[0];
  if (!first) return null;
  const size = own.reduce((sum, fill) => sum.plus(fill.size), ZERO);
  const value = own.reduce((sum, fill) => sum.plus(dec(fill.price).times(fill.size)), ZERO);
  return {
    venueOrderId: first.venueOrderId,
    filledSize: decimalText(size),
    averagePrice: size.gt(0) ? decimalText(value.div(size).toSignificantDigits(17)) : null,
    lastMs: own.reduce((last, fill) => Math.max(last, fill.venueTimeMs), 0),
  };
}
