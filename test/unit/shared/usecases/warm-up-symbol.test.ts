import { describe, expect, it } from 'vitest';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import { newRunCache, stepRuns } from '#shared/usecases/step-runs.ts';
import { warmUpSymbol } from '#shared/usecases/warm-up-symbol.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { aBundle, aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';

const BTC = 'BTC/USDC:USDC';
const input = { exchange: 'sim', symbol: BTC };
const history = Array.from(
  { length: 40 },
  (_, i): Candle => ({
    ...{ exchange: 'sim', symbol: BTC, timeframe: '1m', volume: '1', final: true },
    openTimeMs: RUNS_START_MS + (i - 40) * 60_000,
    ...{ open: `${60 + i}`, high: `${60 + i}`, low: `${60 + i}`, close: `${60 + i}` },
  }),
);

async function aBench(stored: readonly Candle[] = history) {
  const runs = new SqlRunsRepository(memoryDatabase());
  await runs.createRuns('sim', [aNewRun(0), aNewRun(1)], RUNS_START_MS);
  const asked: number[][] = [];
  const candles = {
    range: async (_e: string, _s: string, _t: string, fromMs: number, toMs: number) => {
      asked.push([fromMs, toMs]);
      return stored.filter((c) => c.openTimeMs >= fromMs && c.openTimeMs <= toMs);
    },
  };
  const deps = { runs, candles, clock: manualClock(RUNS_START_MS + 5) };
  const tick = () => stepRuns({ runs, cache: newRunCache() }, { bundles: [aBundle([100])], livePnlAboveMicros: 0 });
  return { deps, runs, asked, tick };
}

describe('warmUpSymbol', () => {
  it('feeds exactly the candles that the coldest run needs and makes the symbol live', async () => {
    const { deps, runs, asked, tick } = await aBench();
    await tick();
    expect(await warmUpSymbol(deps, input)).toEqual({
      kind: 'warmed',
      live: true,
      warmed: 2,
      bars: 12,
      neededBars: 12,
    });
    expect(asked).toEqual([[RUNS_START_MS - 12 * 60_000, RUNS_START_MS]]);
    expect((await runs.loadCohorts('sim', [BTC]))[0]!.cohort.dataState).toBe('live');
    expect(await warmUpSymbol(deps, input)).toEqual({ kind: 'already-warm' });
  });

  it('says how many bars it found when they are too few', async () => {
    const { deps, tick } = await aBench(history.slice(-5));
    await tick();
    expect(await warmUpSymbol(deps, input)).toMatchObject({ live: false, warmed: 2, bars: 5, neededBars: 12 });
  });

  it('waits for the first trade', async () => {
    const { deps, asked } = await aBench();
    expect(await warmUpSymbol(deps, input)).toEqual({ kind: 'no-ticks' });
    expect(asked).toEqual([]);
  });

  it('never overwrites a step that came between', async () => {
    const { deps, runs, tick } = await aBench();
    await tick();
    const range = deps.candles.range;
    deps.candles.range = async (...args) => {
      await runs.createRuns('sim', [aNewRun(9)], RUNS_START_MS);
      return range(...args);
    };
    expect(await warmUpSymbol(deps, input)).toEqual({ kind: 'conflict' });
  });
});
