import { describe, expect, it } from 'vitest';
import { type ReconcilingInputs, reconcilingGaps } from '#shared/core/system/reconciling-gaps.ts';

const complete: ReconcilingInputs = {
  nowMs: 100_000,
  sinceMs: 50_000,
  instrumentsSyncedAtMs: 60_000,
  instrumentsMaxAgeMs: 3_600_000,
  clockError: null,
  clockBehindMaxMs: 1_000,
  workingOrders: [{ clientOrderId: '0xaa', symbol: 'BTC/USDC:USDC', status: 'open' }],
  pendingOutbox: [],
  ownSnapshot: { venueTimeMs: 90_000, complete: true, moneyDoubt: null },
  observers: [
    { observerId: 'a', venueTimeMs: 80_000, complete: true, reason: null },
    { observerId: 'b', venueTimeMs: null, complete: false, reason: null },
  ],
  observersRequired: 1,
};
const DOUBT = { code: 'money-contradicts', message: 'why', numbers: { equityQuote: '0' } } as const;
const codes = (change: Partial<ReconcilingInputs>) =>
  reconcilingGaps({ ...complete, ...change }).map((gap) => gap.code);

describe('reconciling gaps', () => {
  it('finds none when everything is newer than the start', () => {
    expect(reconcilingGaps(complete)).toEqual([]);
  });

  it.each<[string, Partial<ReconcilingInputs>]>([
    ['instruments-stale', { instrumentsSyncedAtMs: null }],
    ['instruments-stale', { instrumentsMaxAgeMs: 39_999 }],
    ['clock-doubtful', { clockError: 'clock is 90 s ahead' }],
    ['clock-doubtful', { ownSnapshot: { venueTimeMs: 101_001, complete: true, moneyDoubt: null } }],
    ['orders-unresolved', { workingOrders: [{ clientOrderId: '0xaa', symbol: 'BTC', status: 'unknown' }] }],
    ['orders-unresolved', { workingOrders: [{ clientOrderId: '0xaa', symbol: 'BTC', status: 'sending' }] }],
    ['outbox-pending', { pendingOutbox: [{ clientOrderId: '0xaa', expiresAtMs: 100_001 }] }],
    ['own-snapshot-missing', { ownSnapshot: null }],
    ['own-snapshot-missing', { ownSnapshot: { venueTimeMs: 90_000, complete: false, moneyDoubt: null } }],
    ['own-snapshot-missing', { ownSnapshot: { venueTimeMs: 50_000, complete: true, moneyDoubt: null } }],
    ['money-contradicts', { ownSnapshot: { venueTimeMs: 90_000, complete: true, moneyDoubt: DOUBT } }],
    ['observers-missing', { observersRequired: 2 }],
    ['observers-missing', { observers: [{ observerId: 'a', venueTimeMs: 50_000, complete: true, reason: null }] }],
    ['observers-missing', { observers: [{ observerId: 'a', venueTimeMs: 80_000, complete: false, reason: null }] }],
    ['observers-missing', { observers: [{ observerId: 'a', venueTimeMs: 101_001, complete: true, reason: null }] }],
    [
      'observers-missing',
      { observers: [{ observerId: 'a', venueTimeMs: 80_000, complete: true, reason: 'malformed' }] },
    ],
  ])('reports only %s for %j', (code, change) => {
    expect(codes(change)).toEqual([code]);
  });

  it('ignores an outbox row that has expired', () => {
    expect(codes({ pendingOutbox: [{ clientOrderId: '0xaa', expiresAtMs: 100_000 }] })).toEqual([]);
  });

  it('names each observer and why it does not count', () => {
    const [gap] = reconcilingGaps({ ...complete, observersRequired: 2 });

    expect(gap?.message).toContain('1 of 2');
    expect(gap?.message).toContain('b: never wrote');
  });
});
