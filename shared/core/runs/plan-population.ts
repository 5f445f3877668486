import { toMicros } from '../decimal.ts';
import { STRATEGIES } from '../strategies/registry.ts';
import { HOUR_MS } from '../time.ts';
import type { ProvidenceSettings } from './providence-settings.ts';
import { decodeRunPlan, encodeRunParams, type RunParams } from './run-params.ts';
import { encodeRunState, initRunState } from './run-state.ts';
import { seededDraw } from './seeded-draw.ts';

/** A symbol that may get runs. */
export interface RunnableSymbol {
  readonly symbol: string;
  /** Leverage in use; below 1 counts as 1. */
  readonly leverage: number;
}

/** A row of `runs` to insert. */
export interface NewRun {
  /** `exchange:slot:index`: a supervisor that runs its slot again creates nothing twice. */
  readonly creationKey: string;
  readonly exchange: string;
  readonly symbol: string;
  readonly strategy: string;
  readonly paramsJson: string;
  readonly state: string;
  readonly startBalanceMicros: number;
  readonly startedAtMs: number;
}

export interface PopulationInput {
  readonly exchange: string;
  /** Slot of the supervisor: identity of the runs it creates. */
  readonly slotMs: number;
  readonly nowMs: number;
  readonly symbols: readonly RunnableSymbol[];
  /** Live runs per symbol, symbols without runs absent. */
  readonly liveRuns: ReadonlyMap<string, number>;
  readonly settings: ProvidenceSettings;
}

export interface PopulationPlan {
  readonly liveCount: number;
  /** How many are missing, before the limit of one pass. */
  readonly needed: number;
  readonly newRuns: readonly NewRun[];
  /** Missing runs that no symbol may take: every symbol is at its cap, or none is managed. */
  readonly withoutSymbol: number;
}

/**
 * Fills the population up to `desired_run_count` and removes nothing. A symbol is eligible while runs ÷ leverage does not pass
 * the cap, and is drawn with probability proportional to its leverage; parameters are drawn from the configured settings.
 */
export function planPopulation(input: PopulationInput): PopulationPlan {
  const { settings } = input;
  const counts = new Map(input.liveRuns);
  const liveCount = [...counts.values()].reduce((a, b) => a + b, 0);
  const needed = Math.max(settings.desired_run_count - liveCount, 0);
  const batch = Math.min(needed, settings.max_new_runs_per_cycle);
  const newRuns: NewRun[] = [];
  for (let index = 0; index < batch; index++) {
    const creationKey = `${input.exchange}:${input.slotMs}:${index}`;
    const draw = seededDraw(`${settings.seed}:${creationKey}`);
    const eligible = input.symbols.filter(
      (s) => (counts.get(s.symbol) ?? 0) / Math.max(s.leverage, 1) <= settings.max_margin_allocation_threshold,
    );
    const symbol = pick(eligible, (s) => Math.max(s.leverage, 1), draw.next());
    if (!symbol) return { liveCount, needed, newRuns, withoutSymbol: batch - index };
    counts.set(symbol.symbol, (counts.get(symbol.symbol) ?? 0) + 1);
    newRuns.push(drawRun(input, creationKey, symbol, draw));
  }
  return { liveCount, needed, newRuns, withoutSymbol: 0 };
}

function drawRun(
  input: PopulationInput,
  creationKey: string,
  symbol: RunnableSymbol,
  draw: ReturnType<typeof seededDraw>,
): NewRun {
  const { settings } = input;
  const section = (name: string) => settings.strategies[name as keyof typeof settings.strategies];
  const definition = pick(STRATEGIES, (s) => section(s.name).share, draw.next());
  if (!definition) throw new RangeError('no strategy has a share above 0');
  const maxDurationMs = draw.integer([settings.min_duration_s, settings.max_duration_s]) * 1000;
  const params: RunParams = {
    strategy: definition.draw(section(definition.name).params, draw),
    inverted: draw.integer(settings.system_swing) === 1,
    maxDurationMs,
    maxDirectionReversalMs: Math.trunc(maxDurationMs / draw.integer(settings.max_direction_reversal_divisor)),
    aprTarget: Number((draw.real(settings.apr_target) / 5 / 1.618).toFixed(6)),
    notionalQuote: Number((settings.virtual_balance * settings.pos_weight).toFixed(6)),
    feeRate: settings.fee_rate,
    leverage: Math.max(symbol.leverage, 1),
  };
  const paramsJson = encodeRunParams(params);
  const plan = decodeRunPlan(definition.name, paramsJson);
  if (!plan) throw new RangeError(`the ranges of ${definition.name} drew parameters that it refuses: ${paramsJson}`);
  return {
    creationKey,
    exchange: input.exchange,
    symbol: symbol.symbol,
    strategy: definition.name,
    paramsJson,
    state: encodeRunState(plan, initRunState(plan)),
    startBalanceMicros: toMicros(settings.virtual_balance),
    startedAtMs: input.nowMs,
  };
}

/** Weighted choice by one uniform number; null when nothing weighs anything. */
function pick<T>(items: readonly T[], weightOf: (item: T) => number, uniform: number): T | null {
  const total = items.reduce((sum, item) => sum + weightOf(item), 0);
  if (!(total > 0)) return null;
  let rest = uniform * total;
  for (const item of items) {
    rest -= weightOf(item);
    if (rest < 0) return item;
  }
  return items.findLast((item) => weightOf(item) > 0) ?? null;
}

/** Runs that ended or were stopped before this may be deleted; finalised ones stay for ever. */
export const purgeBeforeMs = (nowMs: number, settings: ProvidenceSettings): number =>
  nowMs - settings.retention_h * HOUR_MS;
