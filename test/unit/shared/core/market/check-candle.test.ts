import { describe, expect, it } from 'vitest';
import type { Candle } from '#shared/core/market/candle.ts';
import { checkCandle, sameBar } from '#shared/core/market/check-candle.ts';

const bar: Candle = {
  exchange: 'hyperliquid',
  symbol: 'BTC/USDC:USDC',
  timeframe: '1m',
  openTimeMs: 120_000,
  open: '10',
  high: '12',
  low: '9',
  close: '11',
  volume: '0',
  final: true,
};

describe('checkCandle', () => {
  it('accepts a bar, one without a trade, and one that stands still', () => {
    expect(checkCandle(bar)).toBeNull();
    expect(checkCandle({ ...bar, high: '10', low: '10', open: '10', close: '10.0' })).toBeNull();
  });

  it.each<[string, Partial<Candle>]>([
    ['not-a-number', { high: 'NaN' }],
    ['not-a-number', { close: '' }],
    ['not-a-number', { volume: undefined as never }],
    ['not-a-number', { open: 10 as never }],
    ['misaligned', { openTimeMs: 120_001 }],
    ['misaligned', { openTimeMs: Number.NaN }],
    ['not-positive', { low: '0' }],
    ['not-positive', { low: '-1' }],
    ['not-positive', { volume: '-0.1' }],
    ['inconsistent', { high: '10.999999999999999999' }],
    ['inconsistent', { low: '10.000000000000000001' }],
    ['inconsistent', { low: '13', high: '12.5', open: '12.5', close: '12.5' }],
  ])('refuses %s: %o', (code, change) => {
    expect(checkCandle({ ...bar, ...change })?.code).toBe(code);
  });

  it('knows a bar that was told twice with different numbers', () => {
    expect(sameBar(bar, { ...bar, final: false })).toBe(true);
    expect(sameBar(bar, { ...bar, volume: '1' })).toBe(false);
  });
});
