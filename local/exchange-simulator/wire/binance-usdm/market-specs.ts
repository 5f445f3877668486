import { Decimal, decimalText } from '#shared/core/decimal.ts';
import type { FeeRates } from '#shared/core/matching/fees-and-funding.ts';
import type { MarketSpec } from '../../venue/market-spec.ts';

/** Level 0. https://www.binance.com/en/fee/futureFee */
const FEES: FeeRates = { taker: new Decimal('0.0005'), maker: new Decimal('0.0002') };
/** `multiplierUp` − 1 of the filter PERCENT_PRICE. */
const PERCENT_PRICE = new Decimal('0.15');

type Row = readonly [base: string, tick: string, sizeDecimals: number, leverage: number, price: number, bps: number];

const ROWS: readonly Row[] = [
  ['BTC', '0.1', 3, 125, 65_000, 5],
  ['ETH', '0.01', 3, 100, 3_200, 6],
  ['SOL', '0.01', 2, 75, 150, 8],
  ['ZEC', '0.01', 3, 50, 60, 11],
  ['APT', '0.001', 1, 50, 8, 9],
];

/** USDT perpetuals. Notional minimums as in exchangeInfo of 2026: 50 for BTC, 20 for ETH, 5 else. */
export const usdmMarketSpecs = (): readonly MarketSpec[] =>
  ROWS.map(([base, tick, sizeDecimals, maxLeverage, initialPrice, volatilityBps], assetId) => ({
    coin: `${base}USDT`,
    dex: null,
    assetId,
    sizeDecimals,
    sizeStep: decimalText(10 ** -sizeDecimals),
    priceRule: { kind: 'tick', tick },
    maxLeverage,
    onlyIsolated: false,
    initialPrice,
    volatilityBps,
    fees: FEES,
    minNotionalQuote: new Decimal(base === 'BTC' ? 50 : base === 'ETH' ? 20 : 5),
    maxDeviation: PERCENT_PRICE,
    hourlyFunding: '0.0000125',
    shape: { spreadBps: 1, stepBps: 0.5, levels: 20, depthQuote: 40_000 },
  }));
