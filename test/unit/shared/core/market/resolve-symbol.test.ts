import { describe, expect, it } from 'vitest';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';

const known = [
  { symbol: 'BTC/USDC:USDC', coin: 'BTC' },
  { symbol: 'XYZ-CL/USDC:USDC', coin: 'xyz:CL' },
  { symbol: 'CL/USDC:USDC', coin: 'CL' },
  { symbol: 'cl/USDT:USDT', coin: 'kCL' },
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
