import { describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { type DesiredInputs, desiredPosition } from '#shared/core/portfolio/desired-position.ts';
import { wants } from '#test/support/cycle.ts';

const inputs = (change: Partial<DesiredInputs> = {}): DesiredInputs => ({
  flattenLock: false,
  latched: null,
  managed: true,
  closing: false,
  dataState: 'live',
  runs: wants(20),
  supervisorFresh: true,
  runsAwaited: false,
  price: { price: dec(100), fresh: true, ageMs: 500 },
  equityQuote: dec(10_000),
  sizing: { kind: 'fixed', unitQuote: '20.25' },
  invertDecisions: false,
  canGoLong: true,
  canGoShort: true,
  profitRequired: true,
  sizeStep: '0.001',
  ...change,
});
const of = (change: Partial<DesiredInputs> = {}) => {
  const { position, rule } = desiredPosition(inputs(change));
  return position.kind === 'known' ? `${position.size} (${rule})` : position.reason;
};

describe('desired position', () => {
  it('is direction × unit ÷ price of the eligible runs', () => {
    expect(of()).toBe('4.05 (runs)');
    expect(of({ runs: wants(-3) })).toBe('-0.607 (runs)');
    expect(of({ sizing: { kind: 'equity-share', fraction: '0.0025' } })).toBe('5 (runs)');
  });

  it('is flat when the runs earn nothing together or cancel out', () => {
    expect(of({ runs: { ...wants(20), pnlSumMicros: 0 } })).toBe('0 (runs-not-profitable)');
    expect(of({ runs: wants(0) })).toBe('0 (runs-not-profitable)');
  });

  it('applies inversion before the direction flags', () => {
    expect(of({ invertDecisions: true })).toBe('-4.05 (runs)');
    expect(of({ invertDecisions: true, canGoShort: false })).toBe('0 (direction-blocked)');
    expect(of({ invertDecisions: true, canGoLong: false })).toBe('-4.05 (runs)');
    expect(of({ canGoLong: false })).toBe('0 (direction-blocked)');
    expect(of({ runs: wants(-3), canGoShort: false })).toBe('0 (direction-blocked)');
  });

  it.each<[string, Partial<DesiredInputs>, string]>([
    [
      'runs stopped updating',
      { runs: { ...wants(20), freshCount: 0, eligibleCount: 0, directionSum: 0 } },
      'strategy-stale',
    ],
    ['no run lives and the supervisor is silent', { runs: null, supervisorFresh: false }, 'strategy-stale'],
    ['trades were lost', { dataState: 'data-gap' }, 'data-gap'],
    ['strategies are not warm', { dataState: 'warming-up' }, 'warming-up'],
    ['the symbol was never stepped', { dataState: null }, 'warming-up'],
    ['there is no price', { price: null }, 'no-price'],
    ['the price is old', { price: { price: dec(100), fresh: false, ageMs: 99_000 } }, 'price-stale'],
    [
      'a share of an unknown equity is asked for',
      { sizing: { kind: 'equity-share', fraction: '0.1' }, equityQuote: null },
      'no-equity',
    ],
  ])('is unknown, not flat, when %s', (_, change, reason) => {
    expect(of(change)).toBe(reason);
  });

  it.each<[string, Partial<DesiredInputs>, string]>([
    ['a lock that flattens', { flattenLock: true }, 'flatten-lock'],
    ['a latched take profit', { latched: 'take-profit' }, 'take-profit'],
    ['a latched drawdown', { latched: 'drawdown' }, 'drawdown'],
    ['a symbol that the operator removed', { managed: false }, 'unmanaged'],
    ['no live runs under a living supervisor', { runs: { ...wants(0), liveCount: 0 } }, 'no-runs'],
  ])('is known to be flat by %s', (_, change, rule) => {
    expect(of(change)).toBe(`0 (${rule})`);
  });

  it('flattens on a latched stop whatever else is unknown', () => {
    expect(of({ latched: 'drawdown', runs: null, supervisorFresh: false, price: null, dataState: 'data-gap' })).toBe(
      '0 (drawdown)',
    );
  });
});
