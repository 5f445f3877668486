import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_ACCOUNT, pnlMicros, tradeTo } from '#shared/core/runs/virtual-account.ts';

const FEE = 0.0004;

describe('virtual account', () => {
  it('pays a fee on the way in and on the way out', () => {
    // 100 USD at 50 000: size 0.002; at 51 000 worth 102: profit 2 − 0.04 − 0.0408.
    const long = tradeTo(EMPTY_ACCOUNT, 1, 50_000, 100, FEE)!;
    expect(long).toEqual({ sizeE8: 200_000, entryMicros: 100_000_000, feesMicros: 40_000 });
    expect(pnlMicros(long, 51_000, FEE)).toBe(1_919_200);
    const flat = tradeTo(long, 0, 51_000, 100, FEE)!;
    expect(flat).toEqual({ sizeE8: 0, entryMicros: -2_000_000, feesMicros: 80_800 });
    expect(pnlMicros(flat, 1, FEE), 'a flat account does not move with the price').toBe(1_919_200);
  });

  it('earns on a falling price when short, and a flip is one trade of both sizes', () => {
    const short = tradeTo(EMPTY_ACCOUNT, -1, 50_000, 100, 0)!;
    expect(pnlMicros(short, 49_000, 0)).toBe(2_000_000);
    const long = tradeTo(short, 1, 50_000, 100, 0)!;
    expect(long.sizeE8).toBe(200_000);
    expect(pnlMicros(long, 50_000, 0)).toBe(0);
  });

  it('trades nothing while the side stays', () => {
    const long = tradeTo(EMPTY_ACCOUNT, 1, 50_000, 100, FEE)!;
    expect(tradeTo(long, 1, 60_000, 100, FEE)).toBe(long);
  });

  it('refuses a price at which the size is zero or cannot be counted', () => {
    expect(tradeTo(EMPTY_ACCOUNT, 1, 1e13, 100, FEE)).toBeNull();
    expect(tradeTo(EMPTY_ACCOUNT, 1, 1e-9, 100, FEE)).toBeNull();
  });

  it('equals the sum over its trades: Σ size·price − Σ entry − fees − the fee of leaving', () => {
    const moves = fc.array(
      fc.tuple(fc.constantFrom(-1 as const, 0 as const, 1 as const), fc.integer({ min: 1_000, max: 9_999_999 })),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(moves, fc.integer({ min: 1_000, max: 9_999_999 }), (trades, last) => {
        let account = EMPTY_ACCOUNT;
        let cash = 0;
        let fees = 0;
        let size = 0;
        for (const [stance, cents] of trades) {
          const price = cents / 100;
          const next = tradeTo(account, stance, price, 76, FEE)!;
          const traded = (next.sizeE8 - account.sizeE8) / 1e8;
          size += traded;
          cash -= traded * price;
          fees += Math.abs(traded) * price * FEE;
          account = next;
          expect(Math.sign(account.sizeE8)).toBe(stance);
        }
        const price = last / 100;
        const expected = cash + size * price - fees - Math.abs(size * price) * FEE;
        // Every trade rounds twice, to a millionth of a dollar.
        expect(Math.abs(pnlMicros(account, price, FEE) - expected * 1e6)).toBeLessThanOrEqual(2 + 2 * trades.length);
      }),
    );
  });
});
