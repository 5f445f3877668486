import { RUN_BAR_MS } from '#shared/core/runs/cohort.ts';
import { decodeRunRow, runUpdate } from '#shared/core/runs/run-row.ts';
import { neededWarmupBars, warmUpCohort } from '#shared/core/runs/warm-up.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { CandlesRepository } from '#shared/ports/repositories/candles-repository.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';

export interface WarmUpSymbolDeps {
  readonly runs: Pick<RunsRepository, 'loadCohorts' | 'saveCohorts'>;
  readonly candles: Pick<CandlesRepository, 'range'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface WarmUpSymbolInput {
  readonly exchange: string;
  readonly symbol: string;
}

export type WarmUpSymbolOutcome =
  /** Every run knows its history and the data is whole. */
  | { readonly kind: 'already-warm' }
  /** No trade was seen yet: bars cannot be joined to anything. */
  | { readonly kind: 'no-ticks' }
  | { readonly kind: 'conflict' }
  /** `live` says whether the symbol counts again; otherwise `bars` of `neededBars` were found. */
  | {
      readonly kind: 'warmed';
      readonly live: boolean;
      readonly warmed: number;
      readonly bars: number;
      readonly neededBars: number;
    };

/** Candles read at most: the longest warm-up of the longest parameters, and the running bar. */
const CANDLES_MAX = 3_001;

/**
 * Feeds stored one-minute candles to the cold strategies of one symbol, and clears `data-gap` and `warming-up` once all are warm.
 * Saved under the cohort's version, so it never overwrites a step; on a conflict the next pass tries again.
 */
export async function warmUpSymbol(deps: WarmUpSymbolDeps, input: WarmUpSymbolInput): Promise<WarmUpSymbolOutcome> {
  const [rows] = await deps.runs.loadCohorts(input.exchange, [input.symbol]);
  if (!rows) return { kind: 'no-ticks' };
  const { cohort } = rows;
  const runs = rows.runs.flatMap((row) => decodeRunRow(row) ?? []);
  const neededBars = neededWarmupBars(runs);
  if (neededBars === 0 && cohort.dataState === 'live') return { kind: 'already-warm' };
  if (!cohort.forming) return { kind: 'no-ticks' };
  const candles = await deps.candles.range(
    input.exchange,
    input.symbol,
    '1m',
    cohort.forming.openTimeMs - Math.min(neededBars, CANDLES_MAX - 1) * RUN_BAR_MS,
    cohort.forming.openTimeMs,
    CANDLES_MAX,
  );
  const warm = warmUpCohort({ cohort, runs }, candles, deps.clock.nowMs());
  if (!warm) return { kind: 'no-ticks' };
  const updates = runs.flatMap((run, i) => runUpdate(run, warm.runs[i]!) ?? []);
  const outcome = {
    kind: 'warmed',
    live: warm.cohort.dataState === 'live',
    warmed: warm.warmed,
    bars: warm.bars,
    neededBars,
  } as const;
  if (updates.length === 0 && warm.cohort === cohort) return outcome;
  const saved = await deps.runs.saveCohorts(input.exchange, [
    { cohort: warm.cohort, updates, updatedAtMs: cohort.lastTradeTimeMs, touchAll: false },
  ]);
  return saved.kind === 'conflict' ? { kind: 'conflict' } : outcome;
}
