import type { Instrument } from '#shared/core/market/instrument.ts';
import type { BookedPosition } from '#shared/core/orders/booked-position.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { Refusals } from '#shared/core/orders/refusals.ts';
import type { Takeover } from '#shared/core/portfolio/takeover.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { AccountActivity, CycleOrder, PreviousDecision } from '#shared/core/reconciliation/cycle-inputs.ts';
import type { SymbolPrice } from '#shared/core/reconciliation/order-pricing.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Trace } from '#shared/messages/trace.ts';

/** One product with everything stored about its symbol. */
export interface CycleSymbolRow {
  readonly instrument: Instrument;
  readonly managed: boolean;
  readonly managedSinceMs: EpochMs | null;
  readonly takeover: Takeover | null;
  readonly leverage: number | null;
  readonly price: SymbolPrice | null;
  readonly dataState: 'live' | 'warming-up' | 'data-gap' | null;
  /** 0 when the symbol never had an order. */
  readonly epoch: number;
  readonly settledAtMs: EpochMs;
  readonly holdReason: string | null;
  readonly exitAttempts: number;
  readonly refusals: Refusals;
  /** Where our stored fills lead; null where they say nothing. */
  readonly booked: BookedPosition | null;
  /** The order tracker is watching a position that they do not lead to. */
  readonly mismatchPending: boolean;
}

export interface CycleRows {
  /** Managed and unmanaged products, by symbol. */
  readonly symbols: readonly CycleSymbolRow[];
  /** Orders that have not ended, or that ended at the venue after the stored account snapshot. */
  readonly orders: readonly CycleOrder[];
  /** The newest decision of each product, and of each symbol with a stored position. */
  readonly previous: readonly PreviousDecision[];
  readonly latched: 'take-profit' | 'drawdown' | null;
  readonly supervisorOkAtMs: EpochMs | null;
  /** Symbols managed since then or earlier have been given runs, or told that they get none (core/runs/runs-told.ts). */
  readonly runsToldUpToMs: EpochMs | null;
  /** What the limits count: orders sent within 60 s; realised profit (without fees) and fees since 00:00 UTC. */
  readonly activity: AccountActivity;
}

export interface CycleQuery {
  readonly exchange: string;
  readonly account: string;
  /** Name of the run supervisor's job in `exchange_jobs`. */
  readonly supervisorJob: string;
  /** Name of the row of `exchange_jobs` that holds the order tracker's memory. */
  readonly trackerJob: string;
  readonly nowMs: EpochMs;
}

export interface CycleSave {
  readonly exchange: string;
  readonly account: string;
  readonly cycleId: string;
  readonly decisions: readonly CycleDecision[];
  /** JSON of `OrderCommand` for each intent. */
  readonly outboxBodies: ReadonlyMap<ClientOrderId, string>;
  readonly trace: Trace;
  /** Of an order asked for by hand: stored with each intent; a key that another order has makes the intent `taken`. */
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
  readonly atMs: EpochMs;
}

export interface CycleSaved {
  readonly stored: readonly ClientOrderId[];
  /** Lost to another order of the same (account, symbol, epoch, leg), or planned on an epoch that has ended since. */
  readonly superseded: readonly { readonly clientOrderId: ClientOrderId; readonly reason: 'taken' | 'stale-epoch' }[];
}

/** Everything a cycle reads and writes in SQL. The number of statements does not depend on the number of symbols. */
export interface ReconciliationRepository {
  readCycle(query: CycleQuery): Promise<CycleRows>;
  /**
   * Decisions, intents and outbox rows in one transaction, in which the epochs are checked again. Losers are recorded as
   * `superseded`; a decision that repeats is counted in the row of its episode.
   */
  saveCycle(save: CycleSave): Promise<CycleSaved>;
}
