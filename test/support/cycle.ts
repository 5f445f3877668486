import { NO_REFUSALS } from '#shared/core/orders/refusals.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { CycleInputs, CycleOrder, CycleSettings, SymbolFacts } from '#shared/core/reconciliation/cycle-inputs.ts';
import { cycleSettings, engineSectionSchema, quorumSectionSchema } from '#shared/core/reconciliation/cycle-settings.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import type { SourceReading } from '#shared/core/reconciliation/quorum.ts';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import { lots } from '#test/support/instruments.ts';
import { anInstrument } from './instruments.ts';

export const CYCLE_NOW_MS = Date.UTC(2026, 5, 10, 12);

/** The default settings, with generous margin so that a test which is not about margin never meets it. */
export const someSettings = (change: Partial<CycleSettings> = {}): CycleSettings => ({
  ...cycleSettings({
    engine: engineSectionSchema.parse({ max_margin_usage_percentage: 0.5 }),
    quorum: quorumSectionSchema.parse({}),
    limits: orderLimitsSchema.parse({}),
    calendar: 'always',
    hip3Leverage: 5,
    supervisorAgeMsMax: 660_000,
  }),
  ...change,
});

export const aReading = (source: string, size: string | null, change: Partial<SourceReading> = {}): SourceReading => ({
  source,
  size,
  venueTimeMs: CYCLE_NOW_MS - 5_000,
  complete: true,
  error: null,
  ...change,
});

/** Own table and two observers, all fresh and of one mind. */
export const agreed = (size: string): readonly SourceReading[] => [
  aReading('own-table', size, { venueTimeMs: CYCLE_NOW_MS - 9_000 }),
  aReading('observer:observer-1', size),
  aReading('observer:observer-2', size, { venueTimeMs: CYCLE_NOW_MS - 7_000 }),
];

/** BTC at 100, flat by all sources, with 10 runs that want +20 units of 20.25 USD: 4.05 BTC. */
export const aSymbol = (change: Partial<SymbolFacts> = {}): SymbolFacts => ({
  instrument: anInstrument('BTC', { ...lots(3) }),
  managed: true,
  managedSinceMs: null,
  takeover: null,
  leverage: null,
  price: {
    last: { price: '100', venueTimeMs: CYCLE_NOW_MS - 500 },
    mark: { price: '100', timeMs: CYCLE_NOW_MS - 5_000 },
  },
  runs: wants(20),
  dataState: 'live',
  epoch: 7,
  settledAtMs: CYCLE_NOW_MS - 600_000,
  holdReason: null,
  exitAttempts: 0,
  refusals: NO_REFUSALS,
  sources: agreed('0'),
  orders: [],
  previous: null,
  ...change,
});

/** Ten fresh runs that together want this direction. */
export const wants = (directionSum: number): NonNullable<SymbolFacts['runs']> => ({
  liveCount: 10,
  freshCount: 10,
  eligibleCount: directionSum === 0 ? 0 : 5,
  directionSum,
  pnlSumMicros: directionSum === 0 ? 0 : 5_000_000,
  newestUpdateMs: CYCLE_NOW_MS - 2_000,
});

export const aSystemState = (change: Partial<SystemState> = {}): SystemState => ({
  exchange: 'hyperliquid',
  state: 'HEALTHY',
  lockMode: null,
  reason: 'test',
  changedBy: 'test',
  changedAtMs: CYCLE_NOW_MS - 3_600_000,
  approved: true,
  version: 3,
  ...change,
});

export const aCycle = (symbols: readonly SymbolFacts[], change: Partial<CycleInputs> = {}): CycleInputs => ({
  exchange: 'hyperliquid',
  account: 'main',
  cycleId: 'c0ffee0000000001',
  correlationId: 'corr-1',
  installationTag: '0a1b2c3d',
  nowMs: CYCLE_NOW_MS,
  settings: someSettings(),
  systemState: aSystemState(),
  latched: null,
  supervisorOkAtMs: CYCLE_NOW_MS - 100_000,
  runsToldUpToMs: CYCLE_NOW_MS - 100_001,
  money: { equityQuote: '10000', marginUsedQuote: '0', venueTimeMs: CYCLE_NOW_MS - 9_000 },
  activity: { ordersLastMinute: 0, realizedPnlTodayQuote: '0', feesTodayQuote: '0' },
  symbols,
  foreign: [],
  only: null,
  ...change,
});

/** Runs that want nothing. */
export const flat = { runs: wants(0) } as const;

/** The one decision about one symbol. */
export function decideOne(facts: Partial<SymbolFacts> = {}, cycle: Partial<CycleInputs> = {}): CycleDecision {
  const decisions = planCycle(aCycle([aSymbol(facts)], cycle));
  if (decisions.length !== 1) throw new Error(`expected one decision, got ${decisions.length}`);
  return decisions[0]!;
}
export const codeOf = (facts: Partial<SymbolFacts> = {}, cycle: Partial<CycleInputs> = {}): string =>
  decideOne(facts, cycle).code;

/** A resting buy of what {@link aSymbol} wants. */
export const workingOrder = (change: Partial<CycleOrder> = {}): CycleOrder => ({
  clientOrderId: `0x0a1b2c3d${'0'.repeat(24)}`,
  symbol: 'BTC/USDC:USDC',
  orderClass: 'open',
  side: 'buy',
  size: '4.05',
  filledSize: '0',
  limitPrice: '100',
  status: 'open',
  epoch: 7,
  ...change,
});
