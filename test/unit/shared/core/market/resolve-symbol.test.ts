import { describe, expect, it } from 'vitest';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';

const known = [
  { symbol: 'BTC/USDC:USDC', venueSymbol: 'BTC' },
  { symbol: 'XYZ-CL/USDC:USDC', venueSymbol: 'xyz:CL' },
  { symbol: 'CL/USDC:USDC', venueSymbol: 'CL' },
  { symbol: 'cl/USDT:USDT', venueSymbol: 'kCL' },
];

describe('resolve symbol', () => {
  it.each([
    ['BTC/USDC:USDC', 'BTC/USDC:USDC'],
    ['btc', 'BTC/USDC:USDC'],
    ['btc/usdc:usdc', 'BTC/USDC:USDC'],
    ['XYZ:CL', 'XYZ-CL/USDC:USDC'],
    ['xyz-cl', 'XYZ-CL/USDC:USDC'],
  ])('takes %s for %s', (text, symbol) => {
    expect(resolveSymbol(known, text)).toBe(symbol);
  });

  it.each(['', 'BT', 'DOGE', 'cl'])('does not guess what %j means', (text) => {
    expect(resolveSymbol(known, text)).toBeNull();
  });
});
