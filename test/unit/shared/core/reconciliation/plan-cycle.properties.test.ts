import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec, ZERO } from '#shared/core/decimal.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { CycleInputs, SymbolFacts } from '#shared/core/reconciliation/cycle-inputs.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import type { SystemStateName } from '#shared/core/system/system-state.ts';
import { aCycle, aSymbol, aSystemState, CYCLE_NOW_MS as NOW, someSettings } from '#test/support/cycle.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';

const LOT = 0.001;
const size = fc.integer({ min: -8_000, max: 8_000 }).map((lots) => dec(lots).div(1000).toFixed());
const nearby = fc.integer({ min: -2, max: 2 });

/** The usual value nine times in ten: a generator that mostly fails would never reach an order. */
const mostly = <T>(usual: T, ...rare: readonly T[]) =>
  fc.oneof({ weight: 9 * rare.length, arbitrary: fc.constant(usual) }, ...rare.map((r) => fc.constant(r)));

const source = (name: string) =>
  fc.record({
    name: mostly(name, 'own-table'),
    off: fc.oneof({ weight: 18, arbitrary: fc.constant(0) }, nearby, fc.integer({ min: -9000, max: 9000 })),
    ageMs: fc.oneof(
      { weight: 18, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
      fc.integer({ min: -5_000, max: 400_000 }),
    ),
    complete: mostly(true, false),
    silent: mostly(false, true),
  });

/** Sources that mostly agree, with every way of not doing so. */
const sources = fc
  .tuple(fc.oneof(fc.constant('0'), size), source('own-table'), source('observer:a'), source('observer:b'))
  .map(([base, ...list]) =>
    list.map(({ name, off, ageMs, complete, silent }) => ({
      source: name,
      size: silent
        ? null
        : dec(base)
            .plus(off * LOT)
            .toFixed(),
      venueTimeMs: silent ? null : NOW - ageMs,
      complete: complete && !silent,
      error: null,
    })),
  );

const facts = fc.record({
  coin: fc.constantFrom('BTC', 'ETH', 'SOL', 'HYPE', 'ZEC', 'APT'),
  sources,
  direction: fc.integer({ min: -40, max: 40 }),
  pnlSumMicros: mostly(5_000_000, -1, 1),
  freshCount: mostly(10, 0),
  liveCount: mostly(10, 0),
  dataState: mostly<'live' | 'data-gap' | 'warming-up'>('live', 'data-gap', 'warming-up'),
  priceAgeMs: mostly(100, 60_000),
  cents: fc.integer({ min: 50, max: 20_000 }),
  settledAgoMs: mostly(600_000, 15_000, 1),
  holdReason: mostly<string | null>(null, 'foreign-fill'),
  managed: mostly(true, false),
  exitAttempts: fc.integer({ min: 0, max: 6 }),
});

const toSymbol = (f: typeof facts extends fc.Arbitrary<infer T> ? T : never): SymbolFacts => {
  const price = dec(f.cents).div(100).toFixed();
  return aSymbol({
    instrument: anInstrument(f.coin, { ...lots(3) }),
    sources: f.sources,
    runs: {
      liveCount: f.liveCount,
      freshCount: Math.min(f.freshCount, f.liveCount),
      eligibleCount: 5,
      directionSum: f.direction,
      pnlSumMicros: f.pnlSumMicros,
      newestUpdateMs: NOW,
    },
    dataState: f.dataState,
    price: { last: { price, venueTimeMs: NOW - f.priceAgeMs }, mark: { price, timeMs: NOW - 1_000 } },
    settledAtMs: NOW - f.settledAgoMs,
    holdReason: f.holdReason,
    managed: f.managed,
    exitAttempts: f.exitAttempts,
  });
};

const cycle = fc
  .record({
    symbols: fc.uniqueArray(facts, { selector: (f) => f.coin, minLength: 1, maxLength: 6 }),
    equity: fc.integer({ min: 0, max: 50_000 }),
    used: fc.integer({ min: 0, max: 2_000 }),
    fraction: fc.constantFrom('0.01', '0.05', '0.5'),
    multiplier: fc.constantFrom('1', '3'),
    supervisorAgoMs: mostly(1_000, 9_000_000),
    state: mostly<SystemStateName>('HEALTHY', 'RECONCILING', 'LOCKED'),
    known: mostly(true, false),
  })
  .map(
    (c): CycleInputs =>
      aCycle(c.symbols.map(toSymbol), {
        settings: someSettings({ marginUsageFractionMax: c.fraction, marginCapMultiplier: c.multiplier }),
        money: c.known ? { equityQuote: String(c.equity), marginUsedQuote: String(c.used), venueTimeMs: NOW } : null,
        supervisorOkAtMs: NOW - c.supervisorAgoMs,
        systemState: aSystemState({ state: c.state, lockMode: c.state === 'LOCKED' ? 'close-only' : null }),
      }),
  );

const always = (check: (inputs: CycleInputs, decisions: readonly CycleDecision[]) => void) =>
  fc.assert(
    fc.property(cycle, (inputs) => check(inputs, planCycle(inputs))),
    { numRuns: 400 },
  );

const counting = (inputs: CycleInputs, decision: CycleDecision) => {
  const facts = inputs.symbols.find((s) => s.instrument.symbol === decision.symbol)!;
  const seen = new Map<string, { size: number; at: number }>();
  for (const s of facts.sources) {
    const at = s.venueTimeMs;
    if (s.size === null || at === null || !s.complete) continue;
    if (at > NOW + 2_000 || NOW - at > 300_000 || at <= facts.settledAtMs) continue;
    const other = seen.get(s.source);
    if (!other || at < other.at || (at === other.at && s.size < String(other.size)))
      seen.set(s.source, { size: Number(s.size), at });
  }
  return [...seen.values()].map((v) => v.size);
};

describe('planCycle, always', () => {
  it('opens nothing without a quorum, in HEALTHY, off hold, for a managed symbol with a known account', () => {
    let opened = 0;
    always((inputs, decisions) => {
      for (const decision of decisions) {
        if (decision.intent?.orderClass !== 'open') continue;
        opened += 1;
        const sizes = counting(inputs, decision);
        const facts = inputs.symbols.find((s) => s.instrument.symbol === decision.symbol)!;
        expect(sizes.length).toBeGreaterThanOrEqual(2);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(LOT + 1e-9);
        expect(inputs.systemState?.state).toBe('HEALTHY');
        expect([facts.holdReason, facts.managed, facts.dataState]).toEqual([null, true, 'live']);
        expect(inputs.money).not.toBeNull();
      }
    });
    expect(opened, 'the generator must reach opening orders').toBeGreaterThan(50);
  });

  it('moves the position towards what is desired, never past it and never through zero', () => {
    let reduced = 0;
    always((inputs, decisions) => {
      for (const decision of decisions) {
        if (decision.intent === null) continue;
        const { side, orderClass } = decision.intent;
        const signed = dec(decision.intent.size).times(side === 'buy' ? 1 : -1);
        if (orderClass === 'reduce') reduced += 1;
        for (const actual of counting(inputs, decision).map((n) => dec(n))) {
          const desired = dec(decision.desiredSize ?? NaN);
          const after = actual.plus(signed);
          const slack = decision.actualSize === null ? 0 : LOT;
          expect(after.minus(desired).abs().lte(actual.minus(desired).abs().plus(slack))).toBe(true);
          if (orderClass === 'reduce') expect(after.isZero() || after.isNegative() === actual.isNegative()).toBe(true);
        }
      }
    });
    expect(reduced, 'the generator must reach reductions').toBeGreaterThan(50);
  });

  it('never reads an error as flat', () => {
    always((inputs, decisions) => {
      for (const decision of decisions) {
        const facts = inputs.symbols.find((s) => s.instrument.symbol === decision.symbol)!;
        const live = (facts.runs?.liveCount ?? 0) > 0;
        const silent = NOW - (inputs.supervisorOkAtMs ?? 0) > 660_000;
        const unknown = live ? facts.dataState !== 'live' || facts.runs?.freshCount === 0 : silent;
        if (facts.managed && unknown) expect([decision.desiredSize, decision.intent]).toEqual([null, null]);
        if (decision.kind === 'in-sync') expect(counting(inputs, decision).length).toBeGreaterThanOrEqual(1);
      }
    });
  });

  it('keeps all increases together within the free margin, and each within its cap', () => {
    let shared = 0;
    always((inputs, decisions) => {
      if (inputs.money === null) return;
      const equity = dec(inputs.money.equityQuote);
      const budget = equity.times(inputs.settings.marginUsageFractionMax);
      let needed = ZERO;
      const managed = inputs.symbols.filter((s) => s.managed).length;
      for (const { intent, symbol, desiredSize } of decisions) {
        if (intent?.orderClass !== 'open') continue;
        const last = dec(inputs.symbols.find((s) => s.instrument.symbol === symbol)!.price!.last!.price);
        needed = needed.plus(dec(intent.size).times(last).div(10));
        // Every symbol of this generator has leverage 10: equal shares.
        const cap = budget.div(managed).times(inputs.settings.marginCapMultiplier);
        expect(dec(desiredSize!).abs().times(last).div(10).lte(cap)).toBe(true);
      }
      if (!needed.isZero()) shared += 1;
      if (!needed.isZero()) expect(needed.plus(inputs.money.marginUsedQuote).lte(budget)).toBe(true);
    });
    expect(shared, 'the generator must reach increases').toBeGreaterThan(50);
  });

  it('does not depend on the order of symbols or sources', () => {
    always((inputs, decisions) => {
      const reversed = inputs.symbols.toReversed().map((s) => ({ ...s, sources: s.sources.toReversed() }));
      expect(planCycle({ ...inputs, symbols: reversed })).toEqual(decisions);
    });
  });
});
