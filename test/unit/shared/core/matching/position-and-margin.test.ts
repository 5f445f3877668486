import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE_FEES } from '#local/exchange-simulator/wire/hyperliquid/market-specs.ts';
import { dec, ZERO } from '#shared/core/decimal.ts';
import { feeQuote, fundingQuote, markPrice } from '#shared/core/matching/fees-and-funding.ts';
import {
  accountValue,
  isLiquidatable,
  liquidationPrice,
  maintenanceMargin,
  withdrawable,
} from '#shared/core/matching/margin.ts';
import { applyTrade, FLAT } from '#shared/core/matching/position.ts';

describe('applyTrade', () => {
  it('averages the entry when adding and keeps it when reducing', () => {
    const first = applyTrade(FLAT, dec(2), dec(100));
    const second = applyTrade(first.position, dec(2), dec(110));
    const third = applyTrade(second.position, dec(-1), dec(120));
    expect(second.position.entryPrice.toFixed()).toBe('105');
    expect([third.position.size, third.position.entryPrice, third.closedPnlQuote].map(String)).toEqual([
      '3',
      '105',
      '15',
    ]);
  });

  it('closes all and opens the rest at the trade price when it flips', () => {
    const flip = applyTrade({ size: dec(-2), entryPrice: dec(50) }, dec(5), dec(40));
    expect([flip.position.size, flip.position.entryPrice, flip.closedPnlQuote, flip.openedSize].map(String)).toEqual([
      '3',
      '40',
      '20',
      '3',
    ]);
  });

  it('conserves cash: balance plus value at any price is the realised plus the unrealised profit', () => {
    const trade = fc.tuple(
      fc.integer({ min: -1000, max: 1000 }).filter((n) => n !== 0),
      fc.integer({ min: 1, max: 10_000 }),
    );
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 30 }), fc.integer({ min: 1, max: 10_000 }), (trades, mark) => {
        let position = FLAT;
        let cash = ZERO;
        let realised = ZERO;
        for (const [lots, price] of trades) {
          const change = applyTrade(position, dec(lots).div(100), dec(price).div(10));
          position = change.position;
          cash = cash.plus(change.cashQuote);
          realised = realised.plus(change.closedPnlQuote);
        }
        const at = dec(mark).div(10);
        const unrealised = position.size.times(at.minus(position.entryPrice));
        const difference = cash.plus(position.size.times(at)).minus(realised).minus(unrealised);
        expect(difference.abs().lt('1e-20')).toBe(true);
      }),
    );
  });
});

describe('margin', () => {
  const long = { size: dec(10), markPrice: dec(100), leverage: 10, maxLeverage: 20 };

  it('asks half of the initial margin at maximum leverage as maintenance', () => {
    expect(maintenanceMargin(long).toFixed()).toBe('25');
  });

  it('keeps initial margin and a tenth of the open value from being withdrawn', () => {
    expect(withdrawable(dec(150), [long]).toFixed()).toBe('50');
    expect(withdrawable(dec(90), [long]).toFixed()).toBe('0');
    expect(withdrawable(dec(150), [{ ...long, leverage: 20 }]).toFixed()).toBe('50');
  });

  it('is liquidatable exactly below its liquidation price', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 60, max: 400 }), (isLong, value) => {
        const position = { ...long, size: dec(isLong ? 10 : -10) };
        const raw = dec(value).minus(position.size.times(position.markPrice));
        const price = liquidationPrice(position, accountValue(raw, [position]), [position]);
        if (price === null) return;
        const at = (markPrice: ReturnType<typeof dec>) => {
          const moved = { ...position, markPrice };
          return isLiquidatable(accountValue(raw, [moved]), [moved]);
        };
        const worse = price.times(isLong ? '0.9999' : '1.0001');
        const better = price.times(isLong ? '1.0001' : '0.9999');
        expect([at(worse), at(better)]).toEqual([true, false]);
      }),
    );
  });
});

describe('fees and funding', () => {
  it('charges taker and maker by value', () => {
    expect(feeQuote(dec(65_000), dec('0.01'), BASE_FEES.taker).toFixed()).toBe('0.2925');
    expect(feeQuote(dec(65_000), dec('-0.01'), BASE_FEES.maker).toFixed()).toBe('0.0975');
  });

  it('lets longs pay shorts while the rate is positive', () => {
    expect(fundingQuote(dec(2), dec(1000), dec('0.0001')).toFixed()).toBe('-0.2');
    expect(fundingQuote(dec(-2), dec(1000), dec('0.0001')).toFixed()).toBe('0.2');
  });

  it('marks at the median of bid, ask and last trade', () => {
    const mark = (last: number) => markPrice(dec(99), dec(101), dec(last)).toFixed();
    expect([mark(90), mark(100), mark(110)]).toEqual(['99', '100', '101']);
  });
});
