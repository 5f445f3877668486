import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TickSequence, type TickSequenceLimits } from '#shared/core/market/tick-sequence.ts';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';

const NOW = 1_700_000_000_000;
const limits: TickSequenceLimits = {
  rememberedIds: 100,
  maxPending: 1000,
  maxAgeMs: 60_000,
  maxBackfillAgeMs: 3_600_000,
  maxFutureMs: 10_000,
};

const tick = (id: number | string, agoMs: number): TradeTick => ({
  exchange: 'hyperliquid',
  symbol: 'BTC/USDC:USDC',
  tradeId: String(id),
  price: '1',
  size: '1',
  side: 'buy',
  venueTimeMs: NOW - agoMs,
});
const ids = (taken: { ticks: readonly TradeTick[] } | null) => taken?.ticks.map((t) => t.tradeId);

/** A sequence that has delivered trade 1 (10 s old) already. */
function started(overrides: Partial<TickSequenceLimits> = {}): TickSequence {
  const sequence = new TickSequence({ ...limits, ...overrides });
  sequence.admit([tick(1, 10_000)], NOW, true);
  sequence.take(10);
  return sequence;
}

describe('TickSequence', () => {
  it('marks a gap before the first trade of all, whose predecessors are unknown', () => {
    const sequence = new TickSequence(limits);
    sequence.admit([tick(1, 2), tick(2, 1)], NOW, true);
    expect(sequence.take(1)).toMatchObject({ gap: true });
    expect(sequence.take(1)).toMatchObject({ gap: false });
    expect(sequence.take(1)).toBeNull();
  });

  it("puts trades of one batch, and of batches not yet taken, in order of time, the venue's own order within a millisecond", () => {
    const sequence = started();
    sequence.admit([tick(30, 5), tick(100, 7), tick(9, 7)], NOW, false);
    sequence.admit([tick(20, 6)], NOW, false);
    expect(sequence.take(10)).toMatchObject({
      gap: false,
      ticks: [100, 9, 20, 30].map((id) => ({ tradeId: `${id}` })),
    });
  });

  it('drops a backfill that overlaps what was seen without a gap, and keeps its newer trades', () => {
    const sequence = started();
    const result = sequence.admit([tick(0, 11_000), tick(1, 10_000), tick(2, 9_000)], NOW, true);
    expect(result).toMatchObject({ duplicate: 1, late: 1, admitted: 1 });
    const taken = sequence.take(10);
    expect([ids(taken), taken?.gap]).toEqual([['2'], false]);
  });

  it('marks a gap when a resumed batch does not overlap', () => {
    const sequence = started();
    sequence.admit([tick(7, 100), tick(8, 50)], NOW, true);
    expect(sequence.take(10)).toMatchObject({ gap: true });
  });

  it('marks a gap after dropping a trade that came too late', () => {
    const sequence = started();
    sequence.admit([tick(3, 1_000)], NOW, false);
    sequence.take(10);
    expect(sequence.admit([tick(2, 2_000)], NOW, false)).toMatchObject({ late: 1 });
    expect(sequence.take(10)).toBeNull();
    sequence.admit([tick(4, 500)], NOW, false);
    expect(sequence.take(10)).toMatchObject({ gap: true });
  });

  it('drops stale and future-dated trades with a gap, but takes old ones of a resumed batch', () => {
    const sequence = started();
    expect(sequence.admit([tick(2, -10_001)], NOW, false)).toMatchObject({ future: 1 });
    expect(sequence.admit([tick(3, 9_000)], NOW + 60_000, false)).toMatchObject({ stale: 1 });
    expect(sequence.admit([tick(4, 8_000)], NOW + 60_000, true)).toMatchObject({ admitted: 1 });
    expect(sequence.take(10)).toMatchObject({ gap: true });
  });

  it('never puts a hole in the middle of what it hands out', () => {
    const sequence = started();
    sequence.admit([tick(2, 900)], NOW, false);
    sequence.admit([tick(5, 100), tick(6, 90)], NOW, true);
    expect([sequence.take(10), sequence.take(10)].map((t) => [ids(t), t?.gap])).toEqual([
      [['2'], false],
      [['5', '6'], true],
    ]);
  });

  it('drops the oldest with a gap when too many are waiting', () => {
    const sequence = started({ maxPending: 2 });
    expect(sequence.admit([tick(2, 4), tick(3, 3), tick(4, 2)], NOW, false)).toMatchObject({ overflow: 1 });
    const taken = sequence.take(10);
    expect([ids(taken), taken?.gap]).toEqual([['3', '4'], true]);
  });

  it('says so with the next trade when what was taken is lost', () => {
    const sequence = started();
    sequence.markLost();
    sequence.admit([tick(2, 4)], NOW, false);
    expect(sequence.take(10)?.gap).toBe(true);
  });

  it('keeps memory of ids bounded and does not deliver what it forgot again', () => {
    const sequence = started({ rememberedIds: 10 });
    for (let i = 2; i <= 100; i += 1) {
      sequence.admit([tick(i, 5_000 - i)], NOW, false);
      sequence.take(10);
    }
    expect(sequence.admit([tick(2, 4_998)], NOW, false)).toMatchObject({ late: 1, admitted: 0 });
    sequence.admit([tick(200, 10)], NOW, false);
    expect(sequence.take(10)).toMatchObject({ gap: false });
  });

  it('delivers each trade at most once and in order, and a missing one only behind a gap, whatever arrives', () => {
    const history = Array.from({ length: 60 }, (_, i) => tick(1000 + ((i * 37) % 60), 6_000 - Math.floor(i / 2) * 10));
    const arrival = fc.record({
      from: fc.nat(59),
      length: fc.integer({ min: 1, max: 12 }),
      shuffle: fc.boolean(),
      resumed: fc.boolean(),
      take: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 40 }), (arrivals) => {
        const sequence = new TickSequence({ ...limits, maxPending: 15 });
        const out: { tick: TradeTick; gap: boolean }[] = [];
        const drain = (max: number) => {
          const taken = sequence.take(max);
          taken?.ticks.forEach((t, i) => {
            out.push({ tick: t, gap: taken.gap && i === 0 });
          });
          return taken;
        };
        let told = 0;
        const offered = new Set<TradeTick>();
        for (const a of arrivals) {
          const batch = history.slice(a.from, a.from + a.length);
          for (const t of batch) offered.add(t);
          const admission = sequence.admit(a.shuffle ? batch.toReversed() : batch, NOW, a.resumed);
          told += Object.values(admission).reduce((sum, n) => sum + n, 0) - admission.overflow;
          expect(sequence.pendingCount).toBeLessThanOrEqual(15);
          if (a.take > 0) drain(a.take);
        }
        // The end of every story: one more trade, which carries whatever is still to be told.
        sequence.admit([tick(9_999, 1)], NOW, false);
        while (drain(20) !== null);
        const times = out.map((o) => o.tick.venueTimeMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(new Set(out.map((o) => o.tick.tradeId)).size).toBe(out.length);
        expect(told).toBe(arrivals.reduce((sum, a) => sum + Math.min(a.length, 60 - a.from), 0));
        // A trade that was offered and lies between two delivered ones was dropped: a gap between them or later says so.
        const delivered = new Set(out.map((o) => o.tick));
        for (let i = 1; i < out.length; i += 1) {
          const [before, after] = [times[i - 1]!, times[i]!];
          const missing = [...offered].some(
            (t) => !delivered.has(t) && t.venueTimeMs > before && t.venueTimeMs < after,
          );
          if (missing) expect(out.slice(i).some((o) => o.gap)).toBe(true);
        }
      }),
    );
  });
});
