import { DAY_MS, HOUR_MS, slotOf } from '#shared/core/time.ts';
import { pruneMarketData } from '#shared/usecases/prune-market-data.ts';
import type { MarketDataDeps } from './deps.ts';
import { forTimeframe, type MarketDataEnv } from './env.ts';

export interface Chores {
  /** Once in each slot over all processes; goes on with the next call while rows are left. */
  prune(): Promise<void>;
}

/** What market-data does more rarely than it is invoked. */
export function createChores(deps: MarketDataDeps, env: MarketDataEnv): Chores {
  /** Slots that this process has seen: saves the statement; between processes the row decides. */
  const seenSlotMs = new Map<string, number>();
  let pruneUnfinished = false;

  async function isTurn(chore: string, everyMs: number): Promise<boolean> {
    const slotMs = slotOf(deps.clock.nowMs(), Math.max(1, everyMs));
    if (seenSlotMs.get(chore) === slotMs) return false;
    const claimed = await deps.jobs.claimSlot(`market-data:${chore}`, slotMs);
    seenSlotMs.set(chore, slotMs);
    return claimed;
  }

  return {
    async prune() {
      if (!(await isTurn('prune', env.PRUNE_EVERY_MS)) && !pruneUnfinished) return;
      const { done } = await pruneMarketData(deps, {
        tickRetentionMs: env.TICK_RETENTION_H * HOUR_MS,
        candleRetention: env.TIMEFRAMES.map((timeframe) => ({
          timeframe,
          retentionMs: forTimeframe(env.RETENTION_DAYS, timeframe) * DAY_MS,
        })),
        batchRows: env.PRUNE_BATCH_ROWS,
        maxBatches: env.PRUNE_MAX_BATCHES,
      });
      pruneUnfinished = !done;
    },
  };
}
