import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeQuorum,
  type NotCounting,
  type QuorumRules,
  reduceView,
  type SourceReading,
} from '#shared/core/reconciliation/quorum.ts';
import { aReading, CYCLE_NOW_MS as NOW } from '#test/support/cycle.ts';

const rules = (change: Partial<QuorumRules> = {}): QuorumRules => ({
  quorum: 2,
  maxAgeMs: 300_000,
  futureToleranceMs: 2_000,
  settledAtMs: NOW - 60_000,
  lot: '0.001',
  nowMs: NOW,
  ...change,
});
const judge = (readings: readonly SourceReading[], change: Partial<QuorumRules> = {}) =>
  judgeQuorum(readings, rules(change));
const codeOf = (readings: readonly SourceReading[], change: Partial<QuorumRules> = {}) => {
  const result = judge(readings, change);
  return result.kind === 'refused' ? result.refusal.code : result.kind;
};

describe('quorum', () => {
  it('takes the number of the oldest agreeing source when two agree', () => {
    const result = judge([
      aReading('own-table', '1.501', { venueTimeMs: NOW - 1_000 }),
      aReading('observer:a', '1.500', { venueTimeMs: NOW - 30_000 }),
    ]);

    expect(result).toMatchObject({ kind: 'agreed', size: '1.5', source: 'observer:a', venueTimeMs: NOW - 30_000 });
  });

  it.each<[string, Partial<SourceReading>, NotCounting | null]>([
    ['exactly as old as allowed', { venueTimeMs: NOW - 300_000 }, null],
    ['a millisecond older', { venueTimeMs: NOW - 300_001 }, 'too-old'],
    ['as far ahead as tolerated', { venueTimeMs: NOW + 2_000 }, null],
    ['further ahead', { venueTimeMs: NOW + 2_001 }, 'from-the-future'],
    ['incomplete', { complete: false }, 'incomplete'],
    ['absent', { venueTimeMs: null, complete: false, size: null }, 'unreadable'],
    ['without a size', { size: null }, 'unreadable'],
  ])('judges a source that is %s', (_, change, notCounting) => {
    const { verdicts } = judge([aReading('own-table', '1', change)], { settledAtMs: 0 });

    expect(verdicts[0]?.notCounting).toBe(notCounting);
  });

  it('counts only sources later than the end of our last order', () => {
    const { verdicts } = judge([
      aReading('a', '1', { venueTimeMs: NOW - 60_000 }),
      aReading('b', '1', { venueTimeMs: NOW - 59_999 }),
    ]);

    expect(verdicts.map((v) => v.notCounting)).toEqual(['before-settlement', null]);
  });

  it('waits for the fill to be visible when a source has not seen it', () => {
    expect(codeOf([aReading('a', '1', { venueTimeMs: NOW - 60_000 }), aReading('b', '1')])).toBe(
      'awaiting-fill-visibility',
    );
  });

  it('refuses for want of a quorum when sources are old or silent', () => {
    expect(codeOf([aReading('a', '1'), aReading('b', '1', { complete: false })])).toBe('no-quorum');
    expect(codeOf([])).toBe('no-quorum');
  });

  it('refuses when a third source that counts differs by more than a lot', () => {
    expect(codeOf([aReading('a', '1'), aReading('b', '1'), aReading('c', '1.0011')])).toBe('dissent');
    expect(codeOf([aReading('a', '1'), aReading('b', '1'), aReading('c', '1.001')])).toBe('agreed');
  });

  it('does not hear a dissenting source that does not count', () => {
    expect(codeOf([aReading('a', '1'), aReading('b', '1'), aReading('c', '9', { complete: false })])).toBe('agreed');
  });

  it('counts a source that is listed twice once', () => {
    const twice = [aReading('a', '1'), aReading('a', '1', { venueTimeMs: NOW - 1 })];

    expect(codeOf(twice)).toBe('no-quorum');
    expect(judge(twice).verdicts.map((v) => v.notCounting)).toEqual([null, 'same-source-twice']);
  });

  it('names every source with its number, age and reason in a refusal', () => {
    const result = judge([
      aReading('own-table', '1'),
      aReading('observer:a', null, { complete: false, venueTimeMs: null }),
    ]);

    expect(result.kind === 'refused' && result.refusal.numbers).toMatchObject({
      counting: 1,
      quorum: 2,
      'own-table size': '1',
      'own-table ageMs': 5_000,
      'own-table notCounting': null,
      'observer:a notCounting': 'unreadable',
    });
  });
});

describe('reduceView', () => {
  const view = (...readings: SourceReading[]) => reduceView(judge(readings).verdicts);

  it('takes the smallest size that any counting source reports', () => {
    expect(view(aReading('a', '-3'), aReading('b', '-2'))).toEqual({ kind: 'known', size: '-2' });
  });

  it('is content with one source', () => {
    expect(view(aReading('a', '3'), aReading('b', '9', { complete: false }))).toEqual({ kind: 'known', size: '3' });
  });

  it('knows nothing when sources disagree about the sign, or none counts', () => {
    expect(view(aReading('a', '3'), aReading('b', '-3'))).toEqual({ kind: 'unknown', reason: 'opposite-signs' });
    expect(view(aReading('a', '3', { complete: false }))).toEqual({ kind: 'unknown', reason: 'no-fresh-source' });
  });

  it('sees nothing to reduce when one of the sources says flat', () => {
    expect(view(aReading('a', '3'), aReading('b', '0'))).toEqual({ kind: 'known', size: '0' });
  });
});

const reading = fc.record({
  source: fc.constantFrom('own-table', 'observer:a', 'observer:b', 'observer:c'),
  size: fc.option(
    fc.integer({ min: -3, max: 3 }).map((lots) => (lots / 1000).toString()),
    { nil: null },
  ),
  venueTimeMs: fc.option(fc.integer({ min: NOW - 400_000, max: NOW + 5_000 }), { nil: null }),
  complete: fc.boolean(),
  error: fc.constantFrom(null, 'HTTP 500'),
});

describe('quorum, always', () => {
  it('does not depend on the order of the sources, whatever one that is listed twice says', () => {
    const alike = reading.map((r) => ({ ...r, venueTimeMs: r.venueTimeMs === null ? null : NOW - 1_000 }));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(reading, alike), { maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        (list, quorum, random) => {
          const shuffled = list
            .map((item) => ({ item, at: random.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
          expect(judge(shuffled, { quorum })).toEqual(judge(list, { quorum }));
        },
      ),
    );
  });

  it('agrees only with enough distinct, complete, timely sources within one lot', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 6 }), fc.integer({ min: 1, max: 4 }), (list, quorum) => {
        const result = judge(list, { quorum });
        if (result.kind !== 'agreed') return;
        const counting = result.verdicts.filter((v) => v.notCounting === null);
        expect(new Set(counting.map((v) => v.source)).size).toBe(counting.length);
        expect(counting.length).toBeGreaterThanOrEqual(quorum);
        const sizes = counting.map((v) => Math.round(Number(v.size) * 1000));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const v of counting) {
          expect(v.complete).toBe(true);
          expect(v.venueTimeMs).toBeGreaterThan(NOW - 60_000);
          expect(v.venueTimeMs).toBeLessThanOrEqual(NOW + 2_000);
        }
      }),
    );
  });
});
