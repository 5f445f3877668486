import { describe, expect, it } from 'vitest';
import { openPositionsText } from '#local/open-positions.ts';
import { pageSample, symbolSample } from '#test/support/page-samples.ts';

const NOW_MS = 1_700_000_000_000;

describe('openPositionsText', () => {
  it('names every position that stays open with its age, and what is unknown', () => {
    const symbols = [
      symbolSample('BTC/USDC:USDC', NOW_MS, { actual: { size: '0.002', ageMs: 2_400, stale: false } }),
      symbolSample('ETH/USDC:USDC', NOW_MS),
      symbolSample('SOL/USDC:USDC', NOW_MS, { actual: null }),
    ];
    const foreignPositions = [{ symbol: 'DOGE/USDC:USDC', size: '-5', valueQuote: '1', ageMs: 61_000 }];

    expect(openPositionsText(pageSample(NOW_MS, { symbols, foreignPositions }))).toBe(
      'these positions stay open, and nothing watches them until the next start: BTC/USDC:USDC 0.002 (2 s old), DOGE/USDC:USDC -5 (61 s old); unknown: SOL/USDC:USDC',
    );
  });

  it('says that none stays open only of an account that was read', () => {
    const symbols = [symbolSample('ETH/USDC:USDC', NOW_MS)];

    expect(openPositionsText(pageSample(NOW_MS, { symbols }))).toBe(
      'no known position stays open (account of 2023-11-14 22:13:18 UTC)',
    );
    expect(openPositionsText(pageSample(NOW_MS, { symbols: [], money: null }))).toBe('the account was never read');
  });
});
