import type { OddRow } from '#shared/core/odd-row.ts';
import type { OwnOrders } from '#shared/core/orders/foreign-changes.ts';
import type { ClientOrderId, Order } from '#shared/core/orders/order.ts';
import type { TrackerMemory } from '#shared/core/orders/tracker-memory.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { OrderLookup, VenueFill, VenueOrder } from './exchange.ts';
import type { PositionEpoch } from './repositories/orders-repository.ts';

/** What the store knew and what the venue said at the start of one run of the order tracker. */
export interface VenueView {
  readonly startedAtMs: EpochMs;
  /** The venue's clock before anything else was asked; null when it was not needed or did not answer. */
  readonly venueFromMs: EpochMs | null;
  /** Orders that have not ended, oldest first. */
  readonly working: readonly Order[];
  readonly epochs: ReadonlyMap<string, PositionEpoch>;
  readonly memory: TrackerMemory;
  /** Newest stored fill, before this run. */
  readonly newestFillMs: EpochMs | null;
  /** Answers by order; absent when it was not asked for in this run. */
  readonly lookups: ReadonlyMap<ClientOrderId, OrderLookup | { readonly kind: 'failed' }>;
  /** All open orders of the account; null when they were not read, or could not be. */
  readonly openOrders: readonly VenueOrder[] | null;
  /** Fills since the newest stored one, and since the oldest order whose fate is unknown; null when not read. */
  readonly fills: readonly VenueFill[] | null;
  /** Rows of fills and open orders that could not be read. */
  readonly odd: readonly OddRow[];
  /** False when there were more fills than one run reads: then `fills` are only the oldest. */
  readonly fillsComplete: boolean;
  /** Which of the ids in `openOrders` and `fills` are ours. */
  readonly own: OwnOrders;
  readonly venueCalls: number;
  /** Questions that the venue did not answer. */
  readonly errors: readonly string[];
}
