import { expect, it } from 'vitest';
import { symbolParts } from '#shared/core/market/instrument.ts';

// Unified symbols: https://github.com/ccxt/ccxt/wiki/Manual#symbols-and-market-ids
it.each([
  ['BTC/USDT', { kind: 'spot', base: 'BTC', quote: 'USDT', settle: null }],
  ['BTC/USDC:USDC', { kind: 'perpetual', base: 'BTC', quote: 'USDC', settle: 'USDC' }],
  ['XYZ-CL/USDC:USDC', { kind: 'perpetual', base: 'XYZ-CL', quote: 'USDC', settle: 'USDC' }],
  ['BTC/USDT:BTC-211225', { kind: 'future', base: 'BTC', quote: 'USDT', settle: 'BTC' }],
  ['BTC', null],
  ['BTC/', null],
  ['BTC/USDT:', null],
])('reads %s', (symbol, parts) => {
  expect(symbolParts(symbol)).toEqual(parts);
});
