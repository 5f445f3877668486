import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { netWithUnread } from '#shared/core/portfolio/unread-transfers.ts';

const before = { venueTimeMs: 100, equityQuote: '10000', netTransfersQuote: '8000' };
const deposit = { amountQuote: '8000', venueTimeMs: 1 };

describe('netWithUnread', () => {
  it.each([
    ['nothing is new', '12000', [], '8000'],
    ['an entry names more than the step', '10400', ['1000'], '8400'],
    ['an entry names less than the step', '10400', ['100'], '8100'],
    ['two entries name it together', '9700', ['100', '200'], '7700'],
    ['an entry names nothing', '3000', [null], '1000'],
  ] as const)('is what the step shows, within what is named, when %s', (_, equityQuote, fresh, net) => {
    expect(netWithUnread({ before, now: { equityQuote }, transfers: [deposit], fresh })).toBe(net);
  });

  it('counts a readable transfer of the same time apart, and keeps what earlier entries were taken for', () => {
    const transfers = [deposit, { amountQuote: '-50', venueTimeMs: 101 }];
    const earlier = { ...before, netTransfersQuote: '8300' };
    expect(netWithUnread({ before: earlier, now: { equityQuote: '9950' }, transfers, fresh: [] })).toBe('8250');
    expect(netWithUnread({ before: earlier, now: { equityQuote: '10950' }, transfers, fresh: ['1000'] })).toBe('9250');
  });

  it('has nothing to compare the first point with', () => {
    const now = { equityQuote: '5' };
    expect(netWithUnread({ before: null, now, transfers: [deposit], fresh: [null] })).toBe('8000');
  });

  it('never moves by more than what is named', () => {
    const cents = fc.integer({ min: -2_000_000, max: 2_000_000 }).map((n) => String(n / 100));
    fc.assert(
      fc.property(cents, fc.array(cents, { maxLength: 4 }), (equityQuote, fresh) => {
        const net = Number(netWithUnread({ before, now: { equityQuote }, transfers: [deposit], fresh }));
        const most = fresh.reduce((sum, amount) => sum + Math.abs(Number(amount)), 0);
        expect(Math.abs(net - 8000)).toBeLessThanOrEqual(most + 1e-6);
      }),
    );
  });
});
