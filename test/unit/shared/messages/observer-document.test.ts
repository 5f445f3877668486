import { describe, expect, it } from 'vitest';
import { decodeObserverDocument } from '#shared/messages/observer-document.ts';
import { ACCOUNT, anObserverDocument } from '#test/support/system.ts';

const withCoins = (...coins: string[]): string => {
  const document = anObserverDocument('observer-1', 1_000);
  const assetPositions = coins.map((coin) => ({ type: 'oneWay', position: { coin, szi: '1' } }));
  return JSON.stringify({
    ...document,
    positions: { [ACCOUNT]: { ...document.positions[ACCOUNT], assetPositions } },
  });
};

describe('decodeObserverDocument', () => {
  it('takes every coin once', () => {
    const { positions } = decodeObserverDocument(withCoins('BTC', 'xyz:BTC', 'ETH'), 'observer-1');
    expect(positions[ACCOUNT]?.assetPositions).toHaveLength(3);
  });

  it.each([
    ['BTC', 'BTC'],
    ['kPEPE', 'ETH', 'KPEPE'],
  ])('refuses a coin that is there twice: %s', (...coins) => {
    expect(() => decodeObserverDocument(withCoins(...coins), 'observer-1')).toThrow('a coin is there twice');
  });
});
