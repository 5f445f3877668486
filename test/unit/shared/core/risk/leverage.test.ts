import { describe, expect, it } from 'vitest';
import { hip3Leverage, targetLeverage } from '#shared/core/risk/leverage.ts';

const policy = { maxLeverage: 10, hip3Leverage: 5 };

describe('hip3Leverage', () => {
  it.each([
    [1, 5, 5],
    [0.3, 1, 3],
    [4, 1, 1],
  ])('is floor(1 / (%d / %d)) = %i and never below 1', (threshold, multiple, leverage) => {
    expect(hip3Leverage(threshold, multiple)).toBe(leverage);
  });
});

describe('targetLeverage', () => {
  it('takes the largest allowed when nothing is configured', () => {
    expect(targetLeverage({ marginMode: 'cross', maxLeverage: 50 }, null, policy)).toEqual({
      leverage: 10,
      isolated: false,
    });
    expect(targetLeverage({ marginMode: 'cross', maxLeverage: 3 }, null, policy)).toEqual({
      leverage: 3,
      isolated: false,
    });
  });
  it('isolates HIP-3 symbols and caps them', () => {
    expect(targetLeverage({ marginMode: 'isolated', maxLeverage: 20 }, null, policy)).toEqual({
      leverage: 5,
      isolated: true,
    });
    expect(targetLeverage({ marginMode: 'isolated', maxLeverage: 20 }, 2, policy)).toEqual({
      leverage: 2,
      isolated: true,
    });
  });
  it('keeps a configured value above the limit, so that the limit refuses it aloud', () => {
    expect(targetLeverage({ marginMode: 'cross', maxLeverage: 50 }, 25, policy).leverage).toBe(25);
  });
});
