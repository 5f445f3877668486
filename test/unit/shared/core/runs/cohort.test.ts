import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceCohort,
  type Cohort,
  decodeCohortBars,
  encodeCohortBars,
  FLAT_BARS_MAX,
  indicatorPrice,
  newCohort,
  RECENT_BARS_MAX,
  type RunTick,
  SAME_TIME_IDS_MAX,
} from '#shared/core/runs/cohort.ts';
import { RUNS_START_MS } from '#test/support/run-builders.ts';

const empty = newCohort('sim', 'BTC/USDC:USDC');
const live: Cohort = { ...empty, dataState: 'live' };
const tick = (seconds: number, px: string, id = `${seconds}`): RunTick => ({
  id,
  px,
  t: RUNS_START_MS + seconds * 1000,
});

describe('advanceCohort', () => {
  it('closes a minute with the first trade of a later one', () => {
    const { steps, cohort } = advanceCohort(
      live,
      [tick(1, '10'), tick(20, '12'), tick(59, '9'), tick(61, '11')],
      false,
    );
    expect(steps.map((s) => s.closedBars)).toEqual([
      [],
      [],
      [],
      [{ kind: 'bar', openTimeMs: RUNS_START_MS, open: 10, high: 12, low: 9, close: 9 }],
    ]);
    expect(cohort.forming).toMatchObject({ openTimeMs: RUNS_START_MS + 60_000, open: 11, close: 11 });
  });

  it('fills minutes without trades with the last close', () => {
    const { steps } = advanceCohort(live, [tick(0, '10'), tick(185, '11')], false);
    expect(steps[1]!.closedBars.map((b) => [b.openTimeMs - RUNS_START_MS, b.open, b.close])).toEqual([
      [0, 10, 10],
      [60_000, 10, 10],
      [120_000, 10, 10],
    ]);
  });

  it('counts a trade once, whatever is delivered again or late', () => {
    const first = advanceCohort(live, [tick(0, '10'), tick(5, '11', 'a'), tick(5, '12', 'b')], false);
    const again = advanceCohort(
      first.cohort,
      [tick(0, '10'), tick(5, '11', 'a'), tick(5, '13', 'c'), tick(4, '9', 'late')],
      false,
    );
    expect(again.steps.map((s) => s.price)).toEqual([13]);
    expect(again.alreadyProcessed).toBe(3);
    expect(again.cohort.lastTradeIds).toEqual(['a', 'b', 'c']);
  });

  it('returns the very same cohort when nothing is new', () => {
    const { cohort } = advanceCohort(live, [tick(0, '10')], false);
    expect(advanceCohort(cohort, [tick(0, '10')], true).cohort).toBe(cohort);
  });

  it('drops trades beyond the ids remembered at one instant rather than count one twice', () => {
    const many = Array.from({ length: SAME_TIME_IDS_MAX + 3 }, (_, i) => tick(0, '10', `${i}`));
    const { steps, cohort, alreadyProcessed } = advanceCohort(live, many, false);
    expect(steps.length).toBe(SAME_TIME_IDS_MAX);
    expect(alreadyProcessed).toBe(3);
    expect(advanceCohort(cohort, many, false).steps).toEqual([]);
  });

  it('marks a hole when trades before the bundle may be missing', () => {
    const before = advanceCohort(live, [tick(0, '10'), tick(70, '11')], false).cohort;
    const after = advanceCohort(before, [tick(200, '20'), tick(201, '21')], true);
    expect(after.gapBefore).toBe(0);
    expect(after.cohort).toMatchObject({
      dataState: 'data-gap',
      dataStateSinceMs: RUNS_START_MS + 200_000,
      recent: [],
    });
    expect(after.steps[0]!.closedBars, 'bars across a hole are nobody’s').toEqual([]);
  });

  it('sees no hole when the first trade of the bundle was processed before', () => {
    const before = advanceCohort(live, [tick(0, '10'), tick(70, '11')], false).cohort;
    const after = advanceCohort(before, [tick(70, '11'), tick(71, '12')], true);
    expect(after.gapBefore).toBeNull();
    expect(after.cohort.dataState).toBe('live');
  });

  it('takes a long silence for a hole and a short one for a quiet market', () => {
    const before = advanceCohort(live, [tick(0, '10')], false).cohort;
    expect(advanceCohort(before, [tick((FLAT_BARS_MAX + 1) * 60, '10')], false).gapBefore).toBeNull();
    expect(advanceCohort(before, [tick((FLAT_BARS_MAX + 2) * 60, '10')], false).gapBefore).toBe(0);
  });

  it('counts a price that is none and goes on', () => {
    const { steps, malformed } = advanceCohort(live, [tick(0, '0'), tick(1, '-5'), tick(2, '10')], false);
    expect([steps.length, malformed]).toEqual([1, 2]);
  });

  it('gives the same steps and the same cohort however the trades are cut into bundles and repeated', () => {
    const series = fc.array(fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 1, max: 999 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(series, fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 12 }), (rows, cuts) => {
        let seconds = 0;
        const ticks = rows.map(([pause, price], i) => {
          seconds += pause;
          return tick(seconds, `${price}`, `${i}`);
        });
        const whole = advanceCohort(live, ticks, false);
        let cohort = live;
        const steps = [];
        // Prefixes of any length, again and again, until the delivery that has everything.
        for (const [from, length] of [...cuts.map(([f, l]) => [0, Math.min(f, l)] as const), [0, 60] as const]) {
          const part = advanceCohort(cohort, ticks.slice(from, from + length), false);
          cohort = part.cohort;
          steps.push(...part.steps);
        }
        expect(steps).toEqual(whole.steps);
        expect(cohort).toEqual(whole.cohort);
      }),
    );
  });
});

describe('cohort bars', () => {
  it('survive their text', () => {
    const ticks = Array.from({ length: 40 }, (_, i) => tick(i * 45, `${100 + i}.5`));
    const { cohort } = advanceCohort(live, ticks, false);
    expect(cohort.recent.length).toBe(RECENT_BARS_MAX);
    const text = encodeCohortBars(cohort);
    expect(text.length).toBeLessThan(2048);
    expect(decodeCohortBars(text)).toEqual({ forming: cohort.forming, recent: cohort.recent });
    expect(decodeCohortBars(encodeCohortBars(empty))).toEqual({ forming: null, recent: [] });
  });

  it.each(['', '{}', '{"f":null}', '{"f":[1],"r":[]}', '{"f":null,"r":[[1,2,3,4,"5"]]}', '{"f":null,"r":[null]}'])(
    'are refused when the text is %s',
    (text) => {
      expect(decodeCohortBars(text)).toBeNull();
    },
  );
});

describe('indicatorPrice', () => {
  it('keeps eight significant digits', () => {
    expect(indicatorPrice('46411.5')).toBe(46411.5);
    expect(indicatorPrice('0.000012345678912')).toBe(0.000012345679);
    expect(indicatorPrice('118000.123456')).toBe(118000.12);
  });
});
