import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';
import { newRunCache, StepConflictError, stepRuns } from '#shared/usecases/step-runs.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { aBundle, aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';

const BTC = 'BTC/USDC:USDC';
const MINUTE = 60_000;

const aRepository = async (count = 2) => {
  const runs = new SqlRunsRepository(memoryDatabase());
  // Two parameter sets that disagree, so that the order of trades shows.
  const created = Array.from({ length: count }, (_, i) => aNewRun(i, BTC, { inverted: i % 2 === 1 }));
  await runs.createRuns('sim', created, RUNS_START_MS);
  return runs;
};
const step = (runs: SqlRunsRepository, bundles: readonly MarketBundle[], cache = newRunCache()) =>
  stepRuns({ runs, cache }, { bundles, livePnlAboveMicros: 0 });
const stored = async (runs: RunsRepository) => {
  const [rows] = await runs.loadCohorts('sim', [BTC]);
  // Versions count saves, the time of becoming live is that of a batch, and a profit that moves inside a bar is stored when
  // the bar closes: these follow the batching by design. Whether a run counts does not.
  const { version: _, dataStateSinceMs: __, ...cohort } = rows!.cohort;
  return { cohort, runs: rows!.runs.map(({ livePnlMicros, ...run }) => ({ ...run, counts: livePnlMicros > 0 })) };
};
/** A trend of `count` trades, one every 30 s. */
const trend = (count: number, from = 0) =>
  aBundle(
    Array.from({ length: count }, (_, i) => 100 + from + i),
    { fromMs: RUNS_START_MS + from * 30_000, everyMs: 30_000, firstId: from },
  );

describe('stepRuns', () => {
  it('steps every live run over every new trade and tells what became of the wish', async () => {
    const runs = await aRepository();
    const facts = await step(runs, [trend(30)]);
    expect(facts).toMatchObject({ steps: 60, reloads: 0 });
    expect(facts.symbols[0]).toMatchObject({
      symbol: BTC,
      ticks: 30,
      runs: 2,
      ended: [],
      dataStateBefore: 'warming-up',
      dataState: 'live',
      directionBefore: 0,
      directionAfter: 1,
    });
    const rows = (await stored(runs)).runs;
    expect(rows.map((r) => r.positionDirection)).toEqual([1, -1]);
    expect(rows.map((r) => r.counts)).toEqual([true, false]);
  });

  it('changes nothing when a batch is delivered again, to a warm handler or to a cold one', async () => {
    const runs = await aRepository();
    const cache = newRunCache();
    await step(runs, [trend(30)], cache);
    const before = await runs.loadCohorts('sim', [BTC]);
    for (const again of [cache, newRunCache()]) {
      const facts = await step(runs, [trend(30)], again);
      expect(facts.symbols[0]).toMatchObject({ ticks: 0, alreadyProcessed: 30 });
    }
    expect(await runs.loadCohorts('sim', [BTC]), 'not even the version').toEqual(before);
  });

  it('ends with the same rows however batches are cut, repeated and overlapped, by warm and cold handlers', async () => {
    const prices = fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 20, maxLength: 60 });
    const deliveries = fc.array(fc.tuple(fc.nat(60), fc.boolean()), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(prices, deliveries, async (walk, cuts) => {
        const whole = aBundle(walk, { everyMs: 30_000 });
        const oneGo = await aRepository();
        await step(oneGo, [whole]);

        const pieces = await aRepository();
        let cache = newRunCache();
        for (const [end, cold] of [...cuts, [60, false] as const]) {
          if (cold) cache = newRunCache();
          const items = whole.items.slice(Math.max(0, end - 25), end);
          const reaches = (await stored(pieces)).cohort.lastTradeTimeMs >= (items[0]?.t ?? 0) - 30_000;
          // A delivery that would skip trades is never made: the stream is in order per symbol.
          const piece = reaches ? { ...whole, items } : { ...whole, items: whole.items.slice(0, end) };
          if (piece.items.length > 0) await step(pieces, [piece], cache);
        }
        await step(pieces, [whole], cache);
        expect(await stored(pieces)).toEqual(await stored(oneGo));
      }),
      { numRuns: 40 },
    );
  });

  it('stores a profit that only moved with the price when the bar closes, or when the run begins to count', async () => {
    const runs = await aRepository(1);
    const cache = newRunCache();
    const pnl = async () => (await runs.loadCohorts('sim', [BTC]))[0]!.runs[0]!.livePnlMicros;
    const at = (seconds: number, price: number) =>
      step(runs, [aBundle([price], { fromMs: RUNS_START_MS + seconds * 1000, firstId: 1000 + seconds })], cache);
    await step(runs, [trend(26)], cache);
    const entry = await pnl();
    expect((await runs.loadCohorts('sim', [BTC]))[0]!.runs[0]!.positionDirection).toBe(1);
    await at(13 * 60 + 1, 124);
    const opened = await pnl();
    expect(opened, 'a bar closed').not.toBe(entry);
    expect(opened).toBeLessThan(0);
    await at(13 * 60 + 2, 123.9);
    expect(await pnl(), 'inside the bar').toBe(opened);
    await at(13 * 60 + 3, 140);
    const counting = await pnl();
    expect(counting, 'it counts from here').toBeGreaterThan(0);
    await at(13 * 60 + 4, 141);
    expect(await pnl()).toBe(counting);
    await at(14 * 60, 141);
    expect(await pnl()).toBeGreaterThan(counting);
  });

  it('loads again once when another writer was faster, and then counts every trade once', async () => {
    const runs = await aRepository();
    const cache = newRunCache();
    await step(runs, [trend(10)], cache);
    await runs.createRuns('sim', [aNewRun(7)], RUNS_START_MS);
    const facts = await step(runs, [trend(5, 10)], cache);
    expect(facts).toMatchObject({ reloads: 1, steps: 15 });
  });

  it('asks for another delivery when it loses every time', async () => {
    const runs = await aRepository();
    let saves = 0;
    const losing = {
      loadCohorts: runs.loadCohorts.bind(runs),
      saveCohorts: async () => {
        saves += 1;
        return { kind: 'conflict', symbols: [BTC] } as const;
      },
    };
    const deps = { runs: losing, cache: newRunCache() };
    await expect(stepRuns(deps, { bundles: [trend(3)], livePnlAboveMicros: 0 })).rejects.toThrow(StepConflictError);
    expect(saves).toBe(9);
  });

  it('outlasts a writer that changes one cohort after another', async () => {
    const runs = await aRepository();
    let left = 7;
    const busy = {
      loadCohorts: runs.loadCohorts.bind(runs),
      saveCohorts: async (...args: Parameters<typeof runs.saveCohorts>) =>
        left-- > 0 ? ({ kind: 'conflict', symbols: [BTC] } as const) : runs.saveCohorts(...args),
    };
    const facts = await stepRuns({ runs: busy, cache: newRunCache() }, { bundles: [trend(3)], livePnlAboveMicros: 0 });
    expect(facts).toMatchObject({ reloads: 7, symbols: [{ ticks: 3 }] });
  });

  it('does not bring back runs that were stopped while it was under way', async () => {
    const runs = await aRepository();
    const cache = newRunCache();
    await step(runs, [trend(10)], cache);
    await runs.endRunsExcept('sim', [], 'not-managed', RUNS_START_MS);
    expect((await step(runs, [trend(5, 10)], cache)).symbols[0]).toMatchObject({ runs: 0, ticks: 5 });
    expect((await runs.liveRuns('sim')).size).toBe(0);
  });

  it('marks a hole, keeps positions, and forgets what the strategies knew', async () => {
    const runs = await aRepository();
    const cache = newRunCache();
    await step(runs, [trend(30)], cache);
    const hole = aBundle([200, 201], { fromMs: RUNS_START_MS + 60 * MINUTE, firstId: 900, gap: true });
    const facts = await step(runs, [hole], cache);
    expect(facts.symbols[0]).toMatchObject({ gap: true, dataState: 'data-gap' });
    const after = await stored(runs);
    expect(after.cohort.dataState).toBe('data-gap');
    expect(after.runs.map((r) => r.positionDirection)).toEqual([1, -1]);
    expect((await step(runs, [hole], newRunCache())).symbols[0], 'delivered again').toMatchObject({
      gap: false,
      ticks: 0,
    });
  });

  it('ends a run that nobody can read, and steps the others', async () => {
    const runs = await aRepository(1);
    await runs.createRuns(
      'sim',
      [
        { ...aNewRun(5), state: 'garbage' },
        { ...aNewRun(6), strategy: 'gone' },
      ],
      RUNS_START_MS,
    );
    const facts = await step(runs, [trend(3)]);
    expect(facts.symbols[0]!.ended.map((e) => e.reason)).toEqual(['bad-state', 'bad-state']);
    expect((await stored(runs)).runs.length).toBe(1);
  });

  it('steps the symbols of several exchanges apart', async () => {
    const runs = await aRepository();
    const facts = await step(runs, [
      trend(3),
      { ...trend(3), exchange: 'other' },
      { ...trend(2), symbol: 'ETH/USDC:USDC' },
    ]);
    expect(facts.symbols.map((s) => [s.exchange, s.symbol, s.ticks, s.runs])).toEqual([
      ['sim', BTC, 3, 2],
      ['sim', 'ETH/USDC:USDC', 2, 0],
      ['other', BTC, 3, 0],
    ]);
  });
});
