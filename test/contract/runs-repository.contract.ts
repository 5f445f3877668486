import { describe, expect, it } from 'vitest';
import type { Cohort } from '#shared/core/runs/cohort.ts';
import type { RunUpdate } from '#shared/core/runs/run-row.ts';
import { newTakeProfitState } from '#shared/core/runs/take-profit.ts';
import type { CohortSave, RunsRepository } from '#shared/ports/repositories/runs-repository.ts';
import { aBar, aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';

const BTC = 'BTC/USDC:USDC';
const ETH = 'ETH/USDC:USDC';
const NOW = RUNS_START_MS + 1_000;
const ALL = { livePnlAboveMicros: 200_000, freshSinceMs: NOW, freshUntilMs: NOW + 60_000 };

const save = (cohort: Cohort, updates: readonly RunUpdate[] = [], fields: Partial<Cohort> = {}): CohortSave => ({
  cohort: { ...cohort, lastTradeTimeMs: NOW, lastTradeIds: ['a', 'b"\''], dataState: 'live', ...fields },
  updates,
  updatedAtMs: NOW,
  touchAll: true,
});
const update = (id: number, fields: Partial<RunUpdate> = {}): RunUpdate => ({
  id,
  state: null,
  positionDirection: 1,
  livePnlMicros: 300_000,
  ended: null,
  ...fields,
});
const ended = (reason: string, atMs = NOW) => ({ reason, atMs, endBalanceMicros: 7_000_300_000 });

/** What every store of runs promises. */
export function runsRepositoryContract(name: string, open: () => Promise<RunsRepository>): void {
  const load = async (runs: RunsRepository, symbol = BTC) => (await runs.loadCohorts('sim', [symbol]))[0]!;

  it('begins the warm-up of a symbol with its first runs, not at the beginning of time', async () => {
    const runs = await open();
    await runs.createRuns('sim', [aNewRun(0)], NOW);

    expect((await load(runs)).cohort).toMatchObject({ dataState: 'warming-up', dataStateSinceMs: NOW });
  });

  describe(`runs repository (${name})`, () => {
    it('answers an empty cohort of version 0 for a symbol never seen, in the order asked', async () => {
      const runs = await open();
      const rows = await runs.loadCohorts('sim', [ETH, BTC]);
      expect(rows.map((r) => [r.cohort.symbol, r.cohort.version, r.cohort.dataState, r.runs])).toEqual([
        [ETH, 0, 'warming-up', []],
        [BTC, 0, 'warming-up', []],
      ]);
      expect(await runs.loadCohorts('sim', [])).toEqual([]);
    });

    it('creates runs once per creation key', async () => {
      const runs = await open();
      expect(await runs.createRuns('sim', [aNewRun(0), aNewRun(1), aNewRun(2, ETH)], NOW)).toBe(3);
      expect(await runs.createRuns('sim', [aNewRun(1), aNewRun(3)], NOW)).toBe(1);
      expect(await runs.createRuns('sim', [aNewRun(1)], NOW)).toBe(0);
      const live = await runs.liveRuns('sim');
      expect([...live].sort()).toEqual([
        [BTC, { count: 3, newestStartMs: RUNS_START_MS }],
        [ETH, { count: 1, newestStartMs: RUNS_START_MS }],
      ]);
      const { runs: rows } = await load(runs);
      expect(rows[0]).toMatchObject({
        symbol: BTC,
        strategy: 'ema-crossover',
        paramsJson: aNewRun(0).paramsJson,
        state: aNewRun(0).state,
        positionDirection: 0,
        livePnlMicros: 0,
        startBalanceMicros: 7_000_000_000,
        startedAtMs: RUNS_START_MS,
      });
      expect((await runs.liveRuns('other')).size).toBe(0);
    });

    it('raises the version for new runs, and doubts the history of a symbol that had none', async () => {
      const runs = await open();
      await runs.saveCohorts('sim', [save((await load(runs)).cohort)]);
      await runs.createRuns('sim', [aNewRun(0)], NOW + 5);
      const cold = (await load(runs)).cohort;
      expect(cold).toMatchObject({ version: 2, dataState: 'warming-up', dataStateSinceMs: NOW + 5 });
      await runs.saveCohorts('sim', [save(cold)]);
      await runs.createRuns('sim', [aNewRun(1)], NOW + 9);
      expect((await load(runs)).cohort, 'others know the history').toMatchObject({ version: 4, dataState: 'live' });
    });

    it('stores a step: cohort, states, profits and ends', async () => {
      const runs = await open();
      await runs.createRuns('sim', [aNewRun(0), aNewRun(1), aNewRun(2)], NOW);
      const { cohort, runs: rows } = await load(runs);
      const [a, b, c] = rows.map((row) => row.id) as [number, number, number];
      const bars = { forming: aBar(3, 101.5), recent: [aBar(1, 99), aBar(2, 100)] };
      const outcome = await runs.saveCohorts('sim', [
        save(
          cohort,
          [
            update(a, { state: '[1,"x"]' }),
            update(b, { positionDirection: 0, livePnlMicros: -5 }),
            update(c, { ended: ended('target') }),
          ],
          bars,
        ),
      ]);
      expect(outcome).toEqual({ kind: 'saved' });
      const after = await load(runs);
      expect(after.cohort).toEqual({
        ...cohort,
        ...bars,
        version: cohort.version + 1,
        lastTradeTimeMs: NOW,
        lastTradeIds: ['a', 'b"\''],
        dataState: 'live',
      });
      expect(after.runs.map((r) => [r.id, r.state, r.livePnlMicros])).toEqual([
        [a, '[1,"x"]', 300_000],
        [b, aNewRun(1).state, -5],
      ]);
      expect(after.runs[0]!.positionDirection).toBe(1);
    });

    it('writes nothing at all when one version of several is not the one loaded', async () => {
      const runs = await open();
      await runs.createRuns('sim', [aNewRun(0), aNewRun(1, ETH)], NOW);
      const [btc, eth] = await runs.loadCohorts('sim', [BTC, ETH]);
      expect(await runs.saveCohorts('sim', [save(eth!.cohort)])).toEqual({ kind: 'saved' });
      const lost = await runs.saveCohorts('sim', [save(btc!.cohort, [update(btc!.runs[0]!.id)]), save(eth!.cohort)]);
      expect(lost.kind).toBe('conflict');
      expect(lost).toMatchObject({ symbols: expect.arrayContaining([ETH]) });
      expect(await load(runs)).toEqual(btc);
    });

    it('lets one of two first writers win', async () => {
      const runs = await open();
      const { cohort } = await load(runs);
      expect((await runs.saveCohorts('sim', [save(cohort)])).kind).toBe('saved');
      expect((await runs.saveCohorts('sim', [save(cohort)])).kind).toBe('conflict');
    });

    it('sums fresh, earning, live runs by symbol and height', async () => {
      const runs = await open();
      await runs.createRuns('sim', [0, 1, 2, 3, 4].map((i) => aNewRun(i)).concat(aNewRun(9, ETH)), NOW - 5_000);
      const { cohort, runs: rows } = await load(runs);
      const [a, b, c, d] = rows.map((row) => row.id) as [number, number, number, number];
      await runs.saveCohorts('sim', [
        save(cohort, [
          update(a, { livePnlMicros: 200_001 }),
          update(b, { livePnlMicros: 200_000 }),
          update(c, { livePnlMicros: -700_000, positionDirection: -1 }),
          update(d, { livePnlMicros: 900_000, positionDirection: 0, ended: ended('target') }),
        ]),
      ]);
      expect(await runs.aggregates('sim', ALL)).toEqual([
        {
          symbol: BTC,
          height: null,
          liveCount: 4,
          freshCount: 4,
          eligibleCount: 1,
          directionSum: 1,
          pnlSumMicros: 200_001,
          count: 4,
          wins: 3,
          winSumMicros: 1_300_001,
          losses: 1,
          lossSumMicros: -700_000,
          newestUpdateMs: NOW,
        },
        {
          symbol: ETH,
          height: null,
          liveCount: 1,
          freshCount: 0,
          eligibleCount: 0,
          directionSum: 0,
          pnlSumMicros: 0,
          count: 0,
          wins: 0,
          winSumMicros: 0,
          losses: 0,
          lossSumMicros: 0,
          newestUpdateMs: NOW - 5_000,
        },
      ]);
    });

    it('marks runs that did not change as stepped only when told to', async () => {
      const runs = await open();
      await runs.createRuns('sim', [aNewRun(0), aNewRun(1)], NOW - 5_000);
      const { cohort, runs: rows } = await load(runs);
      await runs.saveCohorts('sim', [{ ...save(cohort, [update(rows[0]!.id)]), touchAll: false }]);
      expect((await runs.aggregates('sim', ALL))[0]).toMatchObject({ liveCount: 2, freshCount: 1 });
    });

    it('ends the runs of symbols that are not kept, and raises their versions', async () => {
      const runs = await open();
      await runs.createRuns('sim', [aNewRun(0), aNewRun(1, ETH)], NOW);
      const before = await runs.loadCohorts('sim', [BTC, ETH]);
      expect(await runs.endRunsExcept('sim', [BTC], 'not-managed', NOW)).toBe(1);
      const after = await runs.loadCohorts('sim', [BTC, ETH]);
      expect(after.map((r) => r.runs.length)).toEqual([1, 0]);
      expect(after.map((r, i) => r.cohort.version - before[i]!.cohort.version)).toEqual([0, 1]);
      expect(await runs.endRunsExcept('sim', [], 'not-managed', NOW)).toBe(1);
    });

    it('purges what ended before the limit, and neither live nor finalised runs', async () => {
      const runs = await open();
      await runs.createRuns(
        'sim',
        [0, 1, 2, 3].map((i) => aNewRun(i)),
        NOW,
      );
      const { cohort, runs: rows } = await load(runs);
      await runs.saveCohorts('sim', [
        save(cohort, [
          update(rows[0]!.id, { ended: ended('target', NOW - 2) }),
          update(rows[1]!.id, { ended: ended('target', NOW - 1) }),
          update(rows[2]!.id, { ended: ended('target', NOW + 1) }),
        ]),
      ]);
      expect(await runs.purge('sim', NOW, 1)).toBe(1);
      expect(await runs.purge('sim', NOW, 100)).toBe(1);
      expect(await runs.purge('other', NOW + 9, 100)).toBe(0);
      await runs.saveTakeProfitState(newTakeProfitState('sim', 'main'), {
        reason: 'take-profit',
        height: 1,
        atMs: NOW,
      });
      expect(await runs.purge('sim', NOW + 9, 100), 'the one that ended later').toBe(1);
      expect((await runs.aggregates('sim', ALL)).map((a) => [a.height, a.liveCount])).toEqual([[1, 0]]);
    });

    it('tells the data state of every symbol', async () => {
      const runs = await open();
      const { cohort } = await load(runs);
      await runs.saveCohorts('sim', [save(cohort, [], { dataState: 'data-gap', dataStateSinceMs: 7 })]);
      expect([...(await runs.cohortHealth('sim')).values()]).toEqual([
        { symbol: BTC, dataState: 'data-gap', dataStateSinceMs: 7, lastTradeTimeMs: NOW },
      ]);
    });

    it('stores a take-profit state by compare-and-set', async () => {
      const runs = await open();
      expect(await runs.takeProfitState('sim', 'main')).toBeNull();
      const state = {
        ...newTakeProfitState('sim', 'main'),
        baselineQuote: '1000.10',
        netTransfersQuote: '-5',
        samples: ['1', '2.50'],
        height: 4,
        latched: 'drawdown',
        latchedAtMs: 9,
        lastVenueTimeMs: 10,
      } as const;
      expect(await runs.saveTakeProfitState(state, null)).toEqual({ stopped: 0 });
      expect(await runs.saveTakeProfitState(state, null), 'the version has moved on').toBeNull();
      expect(await runs.takeProfitState('sim', 'main')).toEqual({ ...state, baselineQuote: '1000.1', version: 1 });
      expect(await runs.takeProfitState('sim', 'other')).toBeNull();
    });

    it('stops every live run of the exchange with the state, or not at all', async () => {
      const runs = await open();
      await runs.createRuns('sim', [aNewRun(0), aNewRun(1, ETH)], NOW);
      const before = await runs.loadCohorts('sim', [BTC, ETH]);
      const state = newTakeProfitState('sim', 'main');
      const stop = { reason: 'take-profit', height: 3, atMs: NOW };
      expect(await runs.saveTakeProfitState({ ...state, version: 8 }, stop)).toBeNull();
      expect((await runs.liveRuns('sim')).size).toBe(2);
      expect(await runs.saveTakeProfitState(state, stop)).toEqual({ stopped: 2 });
      expect((await runs.liveRuns('sim')).size).toBe(0);
      const lost = await runs.saveCohorts('sim', [save(before[0]!.cohort, [update(before[0]!.runs[0]!.id)])]);
      expect(lost.kind, 'a step that was under way must not bring them back').toBe('conflict');
      expect((await runs.aggregates('sim', ALL)).map((a) => [a.symbol, a.height, a.liveCount])).toEqual([
        [BTC, 3, 0],
        [ETH, 3, 0],
      ]);
    });
  });
}
