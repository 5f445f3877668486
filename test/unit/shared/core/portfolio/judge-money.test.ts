import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { believedFrom } from '#shared/core/portfolio/account-state.ts';
import { judgeMoney, type MoneyFill, type MoneyInputs, type MoneyRules } from '#shared/core/portfolio/judge-money.ts';
import { anAccountState } from '#test/support/system.ts';

const MINUTE = 60_000;
const T0 = 1_700_000_000_000;
const RULES: MoneyRules = {
  toleranceShare: 0.05,
  toleranceQuote: 5,
  confirmations: 2,
  maxAgeMs: 300_000,
  futureMs: 2_000,
};
const position = (symbol: string, size: number, mark: number) => ({
  symbol,
  coin: symbol,
  size: String(size),
  entryPrice: null,
  valueQuote: String(Math.abs(size) * mark),
  unrealizedPnlQuote: '0',
  marginUsedQuote: '0',
  liquidationPrice: null,
});
const state = (atMs: number, equity: number, positions: ReturnType<typeof position>[] = [], over = {}) =>
  anAccountState(atMs, { equityQuote: String(equity), positions, ...over });
const since = (
  before: ReturnType<typeof state>,
  reading: ReturnType<typeof state>,
  over: Partial<MoneyInputs> = {},
): MoneyInputs => ({
  nowMs: reading.venueTimeMs,
  reading,
  before: believedFrom(before, '0'),
  fills: [],
  netTransfers: ['0'],
  observed: [],
  doubtedSinceMs: null,
  ...over,
});
const observer = (
  source: string,
  equityQuote: string | null,
  venueTimeMs = T0 + MINUTE,
  mode: string | null = null,
) => ({
  source,
  equityQuote,
  venueTimeMs,
  mode,
});
const kindOf = (inputs: MoneyInputs, rules = RULES) => judgeMoney(inputs, rules).kind;

describe('judgeMoney', () => {
  it('believes equity that follows from any prices, trades, fees and transfers, and none that is a tenth beside it', () => {
    const trade = fc.record({
      symbol: fc.constantFrom('A', 'B', 'C'),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      price: fc.integer({ min: 1, max: 400 }),
      size: fc.integer({ min: 1, max: 20 }),
      fee: fc.integer({ min: 0, max: 3 }),
    });
    const holding = fc.integer({ min: -50, max: 50 });
    const price = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(
        fc.record({ A: holding, B: holding }),
        fc.record({ A: price, B: price, C: price }),
        fc.record({ A: price, B: price, C: price }),
        fc.array(trade, { maxLength: 8 }),
        fc.integer({ min: -500, max: 5_000 }),
        (held, then, now, trades, transfers) => {
          // The venue's own books: cash, and what is held at its mark.
          const size = new Map<string, number>(Object.entries(held));
          let cash = 100_000;
          const equityAt = (marks: Record<string, number>) =>
            [...size].reduce((sum, [symbol, n]) => sum + n * (marks[symbol] ?? 0), cash);
          const positionsAt = (marks: Record<string, number>) =>
            [...size].filter(([, n]) => n !== 0).map(([symbol, n]) => position(symbol, n, marks[symbol] ?? 0));
          const before = state(T0, equityAt(then), positionsAt(then));
          for (const t of trades) {
            const signed = t.side === 'buy' ? t.size : -t.size;
            size.set(t.symbol, (size.get(t.symbol) ?? 0) + signed);
            cash -= signed * t.price + t.fee;
          }
          cash += transfers;
          const fills = trades.map(
            (t): MoneyFill => ({ ...t, price: String(t.price), size: String(t.size), feeQuote: String(t.fee) }),
          );
          const given = { fills, netTransfers: [String(transfers)] };
          const exact = { ...RULES, toleranceShare: 0, toleranceQuote: 0.000001 };
          const told = equityAt(now);
          expect(kindOf(since(before, state(T0 + MINUTE, told, positionsAt(now)), given), exact)).toBe('believed');
          const off = told + 0.1 * Math.max(told, equityAt(then)) + 5_000;
          expect(kindOf(since(before, state(T0 + MINUTE, off, positionsAt(now)), given))).toBe('doubted');
        },
      ),
    );
  });

  it('says with which numbers a reading contradicts', () => {
    const before = state(T0, 14_999, [position('A', 2, 1_000)]);
    const reading = state(T0 + MINUTE, 7_000, [position('A', 2, 900)]);
    expect(judgeMoney(since(before, reading), RULES)).toMatchObject({
      kind: 'doubted',
      doubt: {
        code: 'money-contradicts',
        numbers: {
          equityQuote: '7000',
          expectedQuote: '14799',
          gapQuote: '7799',
          // 5 % of 14,999, and a thousandth of 2,000 for an hour of funding.
          toleranceQuote: '751.95',
          lastEquityQuote: '14999',
          fromPricesQuote: '-200',
        },
      },
    });
  });

  it('lets dust be dust', () => {
    expect(kindOf(since(state(T0, 3), state(T0 + MINUTE, 0.5)))).toBe('believed');
    expect(kindOf(since(state(T0, 30), state(T0 + MINUTE, 20)))).toBe('doubted');
  });

  it.each([
    ['a fill is not stored yet: it costs its distance from the mark', 9_995, [position('A', 100, 100)]],
    ['a long pause brought funding', 9_400, []],
  ])('believes it when %s', (_, equity, positions) => {
    const before = state(T0, 10_000, positions.length === 0 ? [position('A', 100, 100)] : []);
    const reading = state(T0 + (positions.length === 0 ? 48 : 0) * 60 * MINUTE + MINUTE, equity, [
      position('A', 100, 100),
    ]);
    expect(kindOf(since(before, reading))).toBe('believed');
  });

  it('gives what vanished without a fill no price of its own, and room for that', () => {
    const before = state(T0, 10_000, [position('A', 10, 100)]);
    expect(kindOf(since(before, state(T0 + MINUTE, 10_580)))).toBe('believed');
    expect(kindOf(since(before, state(T0 + MINUTE, 10_700)))).toBe('doubted');
  });

  it('assumes no transfer when the venue would not say, and takes either side of one that is being settled', () => {
    const [before, paid] = [state(T0, 10_000), state(T0 + MINUTE, 15_000)];
    expect(kindOf(since(before, paid, { netTransfers: [] }))).toBe('doubted');
    expect(judgeMoney(since(before, state(T0 + MINUTE, 10_001), { netTransfers: [] }), RULES)).toMatchObject({
      netTransfersQuote: '0',
    });
    const settling = { netTransfers: ['5000', '0'] };
    expect(judgeMoney(since(before, paid, settling), RULES)).toMatchObject({ netTransfersQuote: '5000' });
    expect(judgeMoney(since(before, state(T0 + MINUTE, 10_000), settling), RULES)).toMatchObject({
      netTransfersQuote: '0',
    });
  });

  describe('observers', () => {
    const contradiction = since(state(T0, 10_000), state(T0 + 2 * MINUTE, 5_000));
    const with_ = (...observed: MoneyInputs['observed']) => ({ ...contradiction, observed });

    it.each([
      ['one alone', [observer('a', '5000')]],
      ['one that is older than the last believed reading', [observer('a', '5000'), observer('b', '5000', T0 - 1)]],
      ['one that is too old', [observer('a', '5000'), observer('b', '5000', T0 - 200_000)]],
      ['one from the future', [observer('a', '5000'), observer('b', '5000', T0 + 3 * MINUTE)]],
      ['one that read something else', [observer('a', '5000'), observer('b', '10000')]],
      ['one that could not read everything', [observer('a', '5000'), observer('b', null)]],
    ])('do not make a quorum with %s', (_, observed) => {
      expect(kindOf(with_(...observed))).toBe('doubted');
    });

    it('make one together; the books of paper need none', () => {
      const confirmed = { kind: 'believed', confirmed: { code: 'money-contradicts' } };
      expect(judgeMoney(with_(observer('a', '5000'), observer('b', '5100')), RULES)).toMatchObject(confirmed);
      expect(judgeMoney(with_(), { ...RULES, confirmations: 0 })).toMatchObject(confirmed);
    });

    it('that do not exist are replaced by time', () => {
      const waited = (ms: number) => ({ ...contradiction, doubtedSinceMs: contradiction.nowMs - ms });
      expect(kindOf(waited(300_000))).toBe('doubted');
      expect(kindOf(waited(300_001))).toBe('believed');
      expect(kindOf({ ...waited(300_001), observed: [observer('a', null)] })).toBe('doubted');
    });

    it('that differ keep the first reading of all from being believed', () => {
      const first = { ...contradiction, before: null };
      expect(kindOf(first)).toBe('believed');
      expect(kindOf({ ...first, observed: [observer('a', '10000')] })).toBe('doubted');
      expect(kindOf({ ...first, observed: [observer('a', '5100')] })).toBe('believed');
    });
  });

  it('notices another way of keeping collateral, although the equity is the same, until the observers say so, too', () => {
    const before = state(T0, 10_000, [], { mode: 'one' });
    const reading = state(T0 + MINUTE, 10_000, [], { mode: 'two' });
    expect(judgeMoney(since(before, reading), RULES)).toMatchObject({ doubt: { code: 'account-mode-changed' } });
    const say = (mode: string) => ['a', 'b'].map((id) => observer(id, '10000', T0 + MINUTE, mode));
    expect(kindOf(since(before, reading, { observed: say('one') }))).toBe('doubted');
    expect(judgeMoney(since(before, reading, { observed: say('two') }), RULES)).toMatchObject({
      kind: 'believed',
      confirmed: { code: 'account-mode-changed' },
    });
  });

  it('believes a crash to nothing and below, where prices lead there, while its margin is still in use', () => {
    const before = state(T0, 1_000, [position('A', 100, 100)]);
    const crash = (equity: number, mark: number) =>
      kindOf(since(before, state(T0 + MINUTE, equity, [position('A', 100, mark)], { marginUsedQuote: '900' })));
    expect([crash(0, 90), crash(-500, 85)]).toEqual(['believed', 'believed']);
    expect([crash(0, 99), crash(-500, 100)]).toEqual(['doubted', 'doubted']);
  });

  it('finds no equity with margin in use on the first reading, too', () => {
    const reading = state(T0, 0, [position('A', 1, 100)], { marginUsedQuote: '10' });
    expect(kindOf({ ...since(reading, reading), before: null })).toBe('doubted');
    expect(dec(reading.money?.equityQuote ?? '1').isZero()).toBe(true);
  });
});
