import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dec, decimalText } from '#shared/core/decimal.ts';
import { type ReportedSymbol, type SizingReportInputs, sizingReport } from '#shared/core/risk/sizing-report.ts';

const btc: ReportedSymbol = {
  symbol: 'BTC/USDC:USDC',
  minNotionalQuote: '10',
  leverage: 10,
  sizeStep: '0.00001',
  price: '30000',
};
const inputs: SizingReportInputs = {
  sizing: { kind: 'fixed', unitQuote: '20.25' },
  equityQuote: '10000',
  symbols: [btc],
  marginUsageFraction: 0.01,
  marginCapMultiplier: 1,
  minimumTradeQuote: 20,
  maxOrderQuote: 500,
  maxPositionQuote: 10_000,
  entrySlippage: 0.005,
  desiredRunCount: 100,
  runsPerLeverageMax: 45,
  directionMax: 1,
};
const report = (change: Partial<SizingReportInputs>) => sizingReport({ ...inputs, ...change })[0]!;

describe('sizing report', () => {
  it('values the smallest order at its limit price after rounding to lots', () => {
    // 20.25 ÷ 30000 = 0.000675 → 67 lots of 0.00001 = 20.1, sold at 0.5 % below: 19.9995.
    expect(report({})).toMatchObject({
      smallestOrderQuote: '19.9995',
      smallestOrderOk: true,
      smallestTradeQuote: '20',
    });
  });

  it('fails an order that only the slippage takes below the minimum', () => {
    expect(report({ sizing: { kind: 'fixed', unitQuote: '10.02' }, symbols: [{ ...btc, price: null }] })).toMatchObject(
      {
        smallestOrderQuote: '9.9699',
        smallestOrderOk: false,
      },
    );
  });

  it('fails a unit that is smaller than one lot', () => {
    expect(report({ symbols: [{ ...btc, price: '5000000' }] })).toMatchObject({
      smallestOrderQuote: '0',
      smallestOrderOk: false,
    });
  });

  it('takes the least of sizing, margin and limit for the largest position, and names it', () => {
    // 10000 × 1 % = 100 of margin × leverage 10 = 1000.
    expect(report({})).toMatchObject({ largestPositionQuote: '1000', limitedBy: 'margin-cap', ordersToLargest: 2 });
    expect(report({ marginUsageFraction: 0.5 })).toMatchObject({ largestPositionQuote: '2025', limitedBy: 'sizing' });
    expect(report({ marginUsageFraction: 0.5, maxPositionQuote: 900 })).toMatchObject({
      largestPositionQuote: '900',
      limitedBy: 'max-position-notional',
    });
  });

  it('says which limit lets nothing be opened, with its numbers', () => {
    const seven = ['BTC', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6'].map((coin) => ({ ...btc, symbol: coin, price: '100' }));
    const blocked = (change: Partial<SizingReportInputs>) => report({ symbols: seven, ...change }).blocked;

    // 1 % of 693 for seven symbols: 0.99 of margin × leverage 10.
    expect(blocked({ equityQuote: '693', minimumTradeQuote: 0 })).toBe(
      "margin-cap allows 9.9 (0.99 margin × leverage 10, by equity 693), less than the venue's smallest order: 10",
    );
    expect(blocked({ equityQuote: '1000' })).toContain('minimum_trade_threshold');
    expect(blocked({ equityQuote: '1400' })).toBeNull();
    expect(blocked({ equityQuote: '10000', maxPositionQuote: 5 })).toContain('max-position-notional allows 5');
    expect(report({ symbols: [{ ...btc, sizeStep: '1' }] }).blocked).toBe(
      'one lot is worth 30000, above max_order_notional 500',
    );
    expect(blocked({ equityQuote: null })).toBeNull();
  });

  it('caps the runs of a symbol by its leverage', () => {
    const many = { desiredRunCount: 10_000, marginUsageFraction: 1, maxPositionQuote: 1e9, equityQuote: '1000000' };
    // 45 × 10 + 1 runs × 20.25
    expect(report(many)).toMatchObject({ largestPositionQuote: '9132.75', limitedBy: 'sizing' });
  });

  it('shares the margin by leverage', () => {
    const eth = { ...btc, symbol: 'ETH/USDC:USDC', leverage: 30 };
    const rows = sizingReport({ ...inputs, symbols: [btc, eth] });

    expect(rows.map((r) => r.largestPositionQuote)).toEqual(['250', '2025']);
  });

  it('says unknown where equity is needed and not known', () => {
    expect(report({ equityQuote: null })).toMatchObject({ smallestOrderQuote: '19.9995', largestPositionQuote: null });
    expect(report({ equityQuote: null, sizing: { kind: 'equity-share', fraction: '0.002' } })).toMatchObject({
      smallestOrderQuote: null,
      smallestOrderOk: null,
    });
  });

  it('never calls an order of one unit possible when its value at the limit price is below the minimum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.integer({ min: 0, max: 6 }),
        (unitCents, priceCents, sizeDecimals) => {
          const price = dec(priceCents).div(100);
          const unit = dec(unitCents).div(100);
          const row = report({
            sizing: { kind: 'fixed', unitQuote: unit.toFixed() },
            symbols: [{ ...btc, price: price.toFixed(), sizeStep: decimalText(10 ** -sizeDecimals) }],
          });
          const size = unit.div(price).toDecimalPlaces(sizeDecimals, 1);
          const worst = size.times(price).times('0.995');
          expect(row.smallestOrderOk).toBe(worst.gte(10));
        },
      ),
    );
  });
});
