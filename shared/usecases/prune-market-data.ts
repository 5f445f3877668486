import type { Timeframe } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { CandlesRepository } from '#shared/ports/repositories/candles-repository.ts';
import type { PricesRepository } from '#shared/ports/repositories/prices-repository.ts';

export interface PruneMarketDataDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly candles: Pick<CandlesRepository, 'prune'>;
  readonly prices: Pick<PricesRepository, 'pruneTicks'>;
}

export interface PruneMarketDataInput {
  readonly tickRetentionMs: number;
  readonly candleRetention: readonly { readonly timeframe: Timeframe; readonly retentionMs: number }[];
  /** Rows in one statement, and statements in one call. */
  readonly batchRows: number;
  readonly maxBatches: number;
}

export interface PruneMarketDataOutcome {
  readonly ticks: number;
  readonly candles: number;
  /** False when the batches did not suffice: to be called again soon. */
  readonly done: boolean;
}

/** Deletes prices and candles beyond their retention, oldest first, in bounded batches so that no statement holds the table. */
export async function pruneMarketData(
  deps: PruneMarketDataDeps,
  input: PruneMarketDataInput,
): Promise<PruneMarketDataOutcome> {
  const nowMs = deps.clock.nowMs();
  let batches = input.maxBatches;
  /** Returns how many rows went, and whether those were all. */
  const drain = async (prune: () => Promise<number>): Promise<{ rows: number; done: boolean }> => {
    let rows = 0;
    while (batches > 0) {
      batches -= 1;
      const deleted = await prune();
      rows += deleted;
      if (deleted < input.batchRows) return { rows, done: true };
    }
    return { rows, done: false };
  };
  const ticks = await drain(() => deps.prices.pruneTicks(nowMs - input.tickRetentionMs, input.batchRows));
  let candles = 0;
  let done = ticks.done;
  for (const { timeframe, retentionMs } of input.candleRetention) {
    const result = await drain(() => deps.candles.prune(timeframe, nowMs - retentionMs, input.batchRows));
    candles += result.rows;
    done &&= result.done;
  }
  return { ticks: ticks.rows, candles, done };
}
