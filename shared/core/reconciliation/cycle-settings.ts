import * as z from 'zod';
import { dec, decimalText } from '../decimal.ts';
import type { MoneyRules } from '../portfolio/judge-money.ts';
import type { OrderLimits } from '../risk/limits.ts';
import type { TradingCalendar } from '../risk/market-hours.ts';
import { sizingFrom } from '../risk/sizing.ts';
import { factAges } from '../system/fact-ages.ts';
import type { CycleSettings } from './cycle-inputs.ts';

const fraction = z.number().min(0).max(1);

/** The keys of section `reconciliation_engine` that a cycle reads; names and defaults of the original where it has them. */
export const engineSectionSchema = z.object({
  live_pnl_threshold: z.number().default(0.2),
  invert_decisions: z.boolean().default(false),
  can_go_long: z.boolean().default(true),
  can_go_short: z.boolean().default(true),
  profit_required: z.boolean().default(true),
  max_margin_usage_percentage: fraction.default(0.01),
  risk_pos_size: z.number().positive().nullable().default(20.25),
  risk_pos_percentage: fraction.positive().nullable().default(null),
  margin_cap_multiplier: z.number().positive().max(100).default(1),
  minimum_trade_threshold: z.number().min(0).default(20),
  order_timeout: z.number().min(5).max(300).default(30),
  run_staleness_s: z.number().min(10).max(86_400).default(600),
  entry_slippage: fraction.max(0.2).default(0.005),
  exit_slippage_steps: z.array(fraction.positive().max(0.5)).min(1).max(10).default([0.005, 0.01, 0.02, 0.05]),
});
export type EngineSection = z.infer<typeof engineSectionSchema>;

/** The keys of section `quorum` that a cycle reads. */
export const quorumSectionSchema = z.object({
  quorum: z.number().int().min(1).max(10).default(2),
  max_age_s: z.number().min(1).max(3600).default(300),
  future_tolerance_s: z.number().min(0).max(60).default(2),
  equity_tolerance: fraction.positive().max(0.5).default(0.05),
  equity_tolerance_quote: z.number().min(0).max(1_000_000).default(5),
  sources: z.array(z.string()).min(1).max(11).default(['own-table', 'observer:observer-1', 'observer:observer-2']),
});
export type QuorumSection = z.infer<typeof quorumSectionSchema>;

/** Among `quorum.sources`: our own table of positions. The others are `observer:<id>`. */
export const OWN_TABLE = 'own-table';
const OBSERVER = 'observer:';

/** Ids of the observers that the quorum asks. */
export const quorumObserverIds = ({ sources }: { readonly sources: readonly string[] }): readonly string[] =>
  sources.filter((source) => source.startsWith(OBSERVER)).map((source) => source.slice(OBSERVER.length));

export interface CycleSections {
  readonly engine: EngineSection;
  readonly quorum: QuorumSection;
  readonly limits: OrderLimits;
  readonly calendar: TradingCalendar;
  /** Ceiling of leverage on HIP-3 dexes. */
  readonly hip3Leverage: number;
  /** Twice the supervisor's cadence and a minute: one late pass is not an outage. */
  readonly supervisorAgeMsMax: number;
}

const text = (value: number): string => decimalText(dec(value));
const DUST_EXIT_ATTEMPTS_MAX = 1;

/** The operator's sections as a cycle wants them. Throws when not exactly one sizing is set: the configuration check says so first. */
export function cycleSettings(sections: CycleSections): CycleSettings {
  const { engine, quorum, limits, calendar, hip3Leverage, supervisorAgeMsMax } = sections;
  const sizing = sizingFrom(engine.risk_pos_size, engine.risk_pos_percentage);
  if (sizing.kind === 'refused') throw new RangeError(sizing.refusal.message);
  const ages = factAges(limits, quorum);
  return {
    sizing: sizing.sizing,
    invertDecisions: engine.invert_decisions,
    canGoLong: engine.can_go_long,
    canGoShort: engine.can_go_short,
    profitRequired: engine.profit_required,
    marginUsageFractionMax: text(engine.max_margin_usage_percentage),
    marginCapMultiplier: text(engine.margin_cap_multiplier),
    minimumTradeQuote: text(engine.minimum_trade_threshold),
    slippage: { entry: text(engine.entry_slippage), exitSteps: engine.exit_slippage_steps.map(text) },
    dustExitAttemptsMax: DUST_EXIT_ATTEMPTS_MAX,
    quorum: quorum.quorum,
    sourceAgeMsMax: ages.accountMs,
    futureToleranceMs: ages.futureMs,
    supervisorAgeMsMax,
    orderTtlMs: engine.order_timeout * 1000,
    calendar,
    leverage: { maxLeverage: limits.max_leverage, hip3Leverage },
    limits,
  };
}

/** When a reading of the account's money is believed. */
export const moneyRules = (quorum: QuorumSection, confirmations: number): MoneyRules => ({
  toleranceShare: quorum.equity_tolerance,
  toleranceQuote: quorum.equity_tolerance_quote,
  confirmations,
  maxAgeMs: quorum.max_age_s * 1000,
  futureMs: quorum.future_tolerance_s * 1000,
});
