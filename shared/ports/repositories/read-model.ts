import type { DecimalText } from '#shared/core/decimal.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import type { Order } from '#shared/core/orders/order.ts';
import type { AccountMoney, MoneyDoubt } from '#shared/core/portfolio/account-state.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import type { EpochMs, Timeframe } from '#shared/core/time.ts';
import type { JobState } from './job-state-repository.ts';
import type { StoredFill } from './orders-repository.ts';

/** A decision as stored; `inputs` are parsed and only there when they were asked for. */
export interface DecisionView {
  readonly id: string;
  readonly cycleId: string;
  readonly symbol: string;
  readonly epoch: number;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly desiredSize: DecimalText | null;
  readonly actualSize: DecimalText | null;
  readonly clientOrderId: string | null;
  readonly inputs: Readonly<Record<string, unknown>> | null;
  readonly correlationId: string;
  readonly episodeCount: number;
  readonly createdAtMs: EpochMs;
  readonly lastAtMs: EpochMs;
}

export interface PositionView {
  readonly symbol: string;
  readonly size: DecimalText;
  readonly entryPrice: DecimalText | null;
  readonly valueQuote: DecimalText;
  readonly unrealizedPnlQuote: DecimalText;
  readonly marginUsedQuote: DecimalText;
  readonly liquidationPrice: DecimalText | null;
  readonly venueTimeMs: EpochMs;
}

export interface PriceView {
  readonly symbol: string;
  readonly price: DecimalText;
  readonly venueTimeMs: EpochMs;
  readonly receivedAtMs: EpochMs;
  readonly markPrice: DecimalText | null;
  readonly markTimeMs: EpochMs | null;
}

/** Live runs (not ended, not asked to stop, no height) of one symbol and strategy. */
export interface RunsView {
  readonly symbol: string;
  readonly strategy: string;
  readonly live: number;
  readonly long: number;
  readonly short: number;
  readonly winning: number;
  readonly losing: number;
  readonly directionSum: number;
  readonly pnlMicros: number;
  readonly newestUpdateMs: EpochMs | null;
}

export interface SymbolView {
  readonly symbol: string;
  readonly venueSymbol: string;
  readonly sizeStep: DecimalText;
  readonly marginMode: 'cross' | 'isolated';
  readonly minNotionalQuote: DecimalText;
  readonly maxLeverage: number;
  readonly status: string;
  readonly managed: boolean;
  /** Taken over by the operator: 3T leaves its position alone. */
  readonly released: boolean;
  readonly leverage: number | null;
  readonly position: PositionView | null;
  readonly price: PriceView | null;
  readonly epoch: number;
  readonly holdReason: string | null;
  readonly heldAtMs: EpochMs | null;
  readonly dataState: string | null;
  readonly dataStateSinceMs: EpochMs | null;
  /** The newest decision, with its inputs. */
  readonly decision: DecisionView | null;
}

export interface AccountView {
  readonly venueTimeMs: EpochMs;
  readonly storedAtMs: EpochMs;
  readonly complete: boolean;
  /** Symbols whose position the view could not read. */
  readonly unreadSymbols: readonly string[];
  /** The last believed one, as old as its own time says; null until there was one. */
  readonly believed: (AccountMoney & { readonly venueTimeMs: EpochMs }) | null;
  /** Why the newest snapshot's money is unknown; null: `believed` is of this snapshot. */
  readonly moneyDoubt: MoneyDoubt | null;
}

export interface TakeProfitView {
  readonly baselineQuote: DecimalText | null;
  readonly height: number;
  readonly latched: string | null;
  readonly latchedAtMs: EpochMs | null;
}

/** Everything that the page, `status` and `positions` show, in a fixed number of statements. */
export interface OverviewView {
  readonly state: SystemState | null;
  readonly jobs: readonly JobState[];
  /** Null until the first snapshot. A position that is absent from an incomplete snapshot is unknown, not flat. */
  readonly account: AccountView | null;
  /** All products, ordered by symbol. */
  readonly symbols: readonly SymbolView[];
  /** The newest refusal of any symbol, however long ago; without its inputs. */
  readonly lastRefusal: DecisionView | null;
  /** Positions in symbols that are no products. */
  readonly foreignPositions: readonly PositionView[];
  readonly takeProfit: TakeProfitView | null;
  readonly runs: readonly RunsView[];
  readonly ordersByStatus: Readonly<Record<string, number>>;
  readonly pendingOutbox: number;
  readonly deadLetters: number;
  readonly alerts: number;
}

export interface EquityView {
  readonly venueTimeMs: EpochMs;
  readonly equityQuote: DecimalText;
  readonly marginUsedQuote: DecimalText;
  readonly netTransfersQuote: DecimalText;
  readonly complete: boolean;
}

/** Sums over all stored fills of one symbol, in millionths of quote units. */
export interface FillTotalsView {
  readonly symbol: string;
  readonly fills: number;
  /** Venue time of the first of them. */
  readonly firstAtMs: EpochMs;
  /** Without fees. */
  readonly realizedPnlMicros: number;
  readonly feesMicros: number;
}

/** A closed cohort of runs. */
export interface HeightView {
  readonly height: number;
  readonly symbol: string;
  readonly count: number;
  readonly pnlMicros: number;
}

export interface DeadLetterView {
  readonly id: string;
  readonly source: string;
  readonly recordId: string;
  readonly error: string;
  /** Cut to 2,000 characters. */
  readonly payload: string;
  readonly attempts: number;
  readonly failedAtMs: EpochMs;
}

export interface AlertView {
  readonly id: string;
  readonly kind: string;
  readonly severity: string;
  readonly symbol: string | null;
  readonly message: string;
  readonly count: number;
  readonly firstAtMs: EpochMs;
  readonly lastAtMs: EpochMs;
}

/** What `/metrics` adds to the overview. */
export interface MetricsView {
  readonly candleTimes: readonly {
    readonly symbol: string;
    readonly timeframe: string;
    readonly lastFinalOpenMs: EpochMs;
  }[];
  readonly heights: readonly HeightView[];
  readonly completedRuns: number;
  readonly runStartsMs: readonly EpochMs[];
  readonly ordersLastHour: number;
  readonly decisionsLastHour: readonly { readonly kind: string; readonly code: string; readonly count: number }[];
}

export interface ChainView {
  /** When the tick arrived that led to its orders; null without one. */
  readonly bornAtMs: EpochMs | null;
  readonly decisions: readonly DecisionView[];
  readonly orders: readonly Order[];
}

export interface ListFilter {
  readonly symbol?: string | undefined;
  /** At most so many rows, newest first. */
  readonly limit: number;
}

export interface FillWindow {
  /** Venue time, itself within. */
  readonly untilMs?: EpochMs | undefined;
  /** Newest rows to leave out: the pages before. */
  readonly offset?: number | undefined;
}

/** The read side of the page, the CLI and `/metrics`. Every method makes a fixed number of statements. */
export interface ReadModel {
  overview(exchange: string, account: string): Promise<OverviewView>;
  orders(
    exchange: string,
    account: string,
    filter: ListFilter & { readonly workingOnly?: boolean },
  ): Promise<readonly Order[]>;
  order(clientOrderId: string): Promise<Order | null>;
  fills(
    exchange: string,
    account: string,
    filter: ListFilter & {
      readonly clientOrderId?: string | undefined;
      readonly sinceMs?: EpochMs | undefined;
    } & FillWindow,
  ): Promise<readonly StoredFill[]>;
  /** Decisions, without inputs, and orders that bear this correlation id, oldest first; at most `limit` of each. */
  chain(exchange: string, account: string, correlationId: string, limit: number): Promise<ChainView>;
  /** Without inputs. */
  decisions(exchange: string, account: string, filter: ListFilter): Promise<readonly DecisionView[]>;
  /** With inputs. */
  decision(id: string): Promise<DecisionView | null>;
  latestDecision(exchange: string, account: string, symbol: string): Promise<DecisionView | null>;
  /** Oldest first; the newest `limit` points since `sinceMs`. */
  equity(exchange: string, account: string, sinceMs: EpochMs, limit: number): Promise<readonly EquityView[]>;
  /** The newest complete point at or before `atMs`; null when none is stored. */
  equityAt(exchange: string, account: string, atMs: EpochMs): Promise<EquityView | null>;
  fillTotals(exchange: string, account: string): Promise<readonly FillTotalsView[]>;
  /** The newest `limit` bars, the running one included, oldest first. */
  candles(exchange: string, symbol: string, timeframe: Timeframe, limit: number): Promise<readonly Candle[]>;
  heights(exchange: string, limit: number): Promise<readonly HeightView[]>;
  deadLetters(limit: number): Promise<readonly DeadLetterView[]>;
  alerts(exchange: string, limit: number): Promise<readonly AlertView[]>;
  metrics(exchange: string, account: string, nowMs: EpochMs): Promise<MetricsView>;
}
