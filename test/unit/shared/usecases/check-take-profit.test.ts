import { describe, expect, it } from 'vitest';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import type { BalancePoint } from '#shared/ports/repositories/account-repository.ts';
import { checkTakeProfit, rearmTakeProfitState } from '#shared/usecases/check-take-profit.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';

const input = { exchange: 'sim', account: 'main', settings: takeProfitSettingsSchema.parse({}) };

async function aBench(equities: readonly string[]) {
  const runs = new SqlRunsRepository(memoryDatabase());
  await runs.createRuns('sim', [aNewRun(0), aNewRun(1)], RUNS_START_MS);
  const points: BalancePoint[] = [];
  const add = (equityQuote: string, complete = true, venueTimeMs = points.length + 1) =>
    points.push({
      venueTimeMs,
      equityQuote,
      marginUsedQuote: '0',
      netTransfersQuote: '0',
      complete,
    });
  for (const equity of equities) add(equity);
  const accounts = {
    balanceHistory: async (_e: string, _a: string, sinceMs: number, limit: number) =>
      points
        .filter((p) => p.venueTimeMs >= sinceMs)
        .sort((a, b) => a.venueTimeMs - b.venueTimeMs)
        .slice(0, limit),
  };
  return { deps: { runs, accounts, clock: manualClock(5_000) }, runs, add };
}
const FIVE = ['1000', '1000', '1000', '1000', '1000'];

describe('checkTakeProfit', () => {
  it('stops the cohort once, under a new height, however often it is asked', async () => {
    const { deps, runs } = await aBench([...FIVE, '1500', '2100']);
    expect(await checkTakeProfit(deps, input)).toMatchObject({
      verdict: 'take-profit',
      stoppedRuns: 2,
      height: 1,
      points: 7,
    });
    expect(await checkTakeProfit(deps, input)).toMatchObject({ verdict: 'stale', stoppedRuns: 0 });
    expect((await runs.takeProfitState('sim', 'main'))?.latched).toBe('take-profit');
    expect(
      (
        await runs.aggregates('sim', { livePnlAboveMicros: 0, freshSinceMs: 0, freshUntilMs: Number.MAX_SAFE_INTEGER })
      )[0],
    ).toMatchObject({
      height: 1,
      liveCount: 0,
    });
  });

  it('judges every balance since the last call, so that one between two calls is not missed', async () => {
    const { deps, add } = await aBench(FIVE);
    expect((await checkTakeProfit(deps, input)).verdict).toBe('forming-baseline');
    add('790');
    add('1000');
    const facts = await checkTakeProfit(deps, input);
    expect(facts).toMatchObject({ verdict: 'drawdown', points: 1, stoppedRuns: 2, height: 0 });
    expect((await checkTakeProfit(deps, input)).verdict, 'the balance after the stop').toBe('latched');
  });

  it('does nothing on an incomplete balance, and does not read it for ever', async () => {
    const { deps, add } = await aBench(FIVE);
    await checkTakeProfit(deps, input);
    add('1', false);
    expect(await checkTakeProfit(deps, input)).toMatchObject({ verdict: 'incomplete', stoppedRuns: 0, points: 1 });
    expect(await checkTakeProfit(deps, input)).toMatchObject({ verdict: 'stale', points: 0 });
  });

  it('judges the present past balances of a clock that was ahead: after them no fall would be seen until then', async () => {
    const { deps, add } = await aBench(FIVE);
    add('1000', true, 90_000_000);
    expect(await checkTakeProfit(deps, input)).toMatchObject({ points: 5, state: { lastVenueTimeMs: 5 } });
    add('790', true, 4_000);
    expect(await checkTakeProfit(deps, input)).toMatchObject({ verdict: 'drawdown', stoppedRuns: 2 });
  });

  it('lets one of two judges win', async () => {
    const { deps, runs } = await aBench([...FIVE, '2100']);
    const answers = await Promise.all([checkTakeProfit(deps, input), checkTakeProfit(deps, input)]);
    expect(answers.map((a) => a.verdict).sort()).toEqual(['conflict', 'take-profit']);
    expect(answers.reduce((sum, a) => sum + a.stoppedRuns, 0)).toBe(2);
    expect((await runs.takeProfitState('sim', 'main'))?.height).toBe(1);
  });

  it('is cleared by a human', async () => {
    const { deps, runs } = await aBench([...FIVE, '2100']);
    expect(await rearmTakeProfitState(deps, input)).toBe('not-latched');
    await checkTakeProfit(deps, input);
    expect(await rearmTakeProfitState(deps, input)).toBe('rearmed');
    expect(await runs.takeProfitState('sim', 'main')).toMatchObject({ latched: null, baselineQuote: null, height: 1 });
  });
});
