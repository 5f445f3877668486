import type { DecimalText } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import type { BookedPosition } from '../orders/booked-position.ts';
import type { ClientOrderId, OrderClass, OrderStatus, Side } from '../orders/order.ts';
import type { Refusals } from '../orders/refusals.ts';
import type { RunsSummary } from '../portfolio/desired-position.ts';
import type { Takeover } from '../portfolio/takeover.ts';
import type { LeveragePolicy } from '../risk/leverage.ts';
import type { OrderLimits } from '../risk/limits.ts';
import type { TradingCalendar } from '../risk/market-hours.ts';
import type { Sizing } from '../risk/sizing.ts';
import type { SystemState } from '../system/system-state.ts';
import type { EpochMs } from '../time.ts';
import type { SlippageBounds, SymbolPrice } from './order-pricing.ts';
import type { SourceReading } from './quorum.ts';

/** The operator's rules of a cycle, from `reconciliation_engine`, `quorum`, `limits` and `trading_hours`. */
export interface CycleSettings {
  readonly sizing: Sizing;
  readonly invertDecisions: boolean;
  readonly canGoLong: boolean;
  readonly canGoShort: boolean;
  /** Eligible runs count only while they earn something together. */
  readonly profitRequired: boolean;
  /** Share of equity that initial margin may use. */
  readonly marginUsageFractionMax: DecimalText;
  readonly marginCapMultiplier: DecimalText;
  readonly minimumTradeQuote: DecimalText;
  readonly slippage: SlippageBounds;
  /** Full exits worth less than the venue's minimum are tried this often before they are reported as dust. */
  readonly dustExitAttemptsMax: number;
  readonly quorum: number;
  readonly sourceAgeMsMax: number;
  readonly futureToleranceMs: number;
  /** The supervisor's heartbeat is fresh within this. */
  readonly supervisorAgeMsMax: number;
  readonly orderTtlMs: number;
  readonly calendar: TradingCalendar;
  readonly leverage: LeveragePolicy;
  readonly limits: OrderLimits;
}

/** An order of ours that is not ended, or ended later than the account snapshot: its margin may be invisible there. */
export interface CycleOrder {
  readonly clientOrderId: ClientOrderId;
  readonly symbol: string;
  readonly orderClass: OrderClass;
  readonly side: Side;
  readonly size: DecimalText;
  readonly filledSize: DecimalText;
  readonly limitPrice: DecimalText;
  readonly status: OrderStatus;
  readonly epoch: number;
}

/** The newest decision of a symbol: a repeat of it is one episode. */
export interface PreviousDecision {
  readonly id: string;
  readonly symbol: string;
  readonly kind: string;
  readonly code: string;
  readonly epoch: number;
  readonly episodeCount: number;
}

/** Everything known of one managed (or just unmanaged) symbol. */
export interface SymbolFacts {
  readonly instrument: Instrument;
  readonly managed: boolean;
  /** Since when without a break; null for longer than this is written down. */
  readonly managedSinceMs: EpochMs | null;
  readonly takeover: Takeover | null;
  /** The operator's leverage; null means the largest that every rule allows. */
  readonly leverage: number | null;
  readonly price: SymbolPrice | null;
  readonly runs: RunsSummary | null;
  readonly dataState: 'live' | 'warming-up' | 'data-gap' | null;
  readonly epoch: number;
  readonly settledAtMs: EpochMs;
  readonly holdReason: string | null;
  readonly exitAttempts: number;
  readonly refusals: Refusals;
  /** Where our stored fills lead; null where they say nothing. */
  readonly booked?: BookedPosition | null;
  /** The order tracker is watching a position that they do not lead to. */
  readonly mismatchPending?: boolean;
  readonly sources: readonly SourceReading[];
  readonly orders: readonly CycleOrder[];
  readonly previous: PreviousDecision | null;
}

/** A position in a symbol that nobody manages: reported, not touched. */
export interface ForeignPosition {
  readonly symbol: string;
  readonly source: string;
  readonly size: DecimalText;
  readonly venueTimeMs: EpochMs;
  readonly previous: PreviousDecision | null;
}

/** The account's own numbers; null in {@link CycleInputs} when the snapshot is absent, incomplete or too old. */
export interface AccountMoney {
  readonly equityQuote: DecimalText;
  /** Initial margin in use. */
  readonly marginUsedQuote: DecimalText;
  readonly venueTimeMs: EpochMs;
}

export interface AccountActivity {
  readonly ordersLastMinute: number;
  readonly realizedPnlTodayQuote: DecimalText;
  readonly feesTodayQuote: DecimalText;
}

export interface CycleInputs {
  readonly exchange: string;
  readonly account: string;
  readonly cycleId: string;
  readonly correlationId: string;
  /** 8 lower-case hex digits. */
  readonly installationTag: string;
  readonly nowMs: EpochMs;
  readonly settings: CycleSettings;
  readonly systemState: SystemState | null;
  readonly latched: 'take-profit' | 'drawdown' | null;
  readonly supervisorOkAtMs: EpochMs | null;
  /** Of the supervisor: symbols managed since then or earlier have been given runs, or told that they get none. */
  readonly runsToldUpToMs: EpochMs | null;
  readonly money: AccountMoney | null;
  readonly activity: AccountActivity;
  /** All managed and unmanaged products, in any order. */
  readonly symbols: readonly SymbolFacts[];
  readonly foreign: readonly ForeignPosition[];
  /** Plan only these; null plans all. Shares and totals are taken over all symbols either way. */
  readonly only: ReadonlySet<string> | null;
}
