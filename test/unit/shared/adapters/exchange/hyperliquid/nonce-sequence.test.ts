import { describe, expect, it } from 'vitest';
import { NonceSequence } from '#shared/adapters/exchange/hyperliquid/nonce-sequence.ts';
import { manualClock } from '#test/support/manual-clock.ts';

const T0 = 1_700_000_000_000;

describe('nonces', () => {
  it('rise within one millisecond, and do not go on from a clock that was a day ahead', () => {
    const clock = manualClock(T0);
    const nonces = new NonceSequence(clock);
    expect([nonces.next(), nonces.next()]).toEqual([T0, T0 + 1]);
    clock.set(T0 + 86_400_000);
    nonces.next();
    clock.set(T0 + 10_000);
    expect(nonces.next(), 'the venue refuses what lies a day ahead').toBe(T0 + 10_000);
  });
});
