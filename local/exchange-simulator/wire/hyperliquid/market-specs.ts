import { Decimal, decimalText } from '#shared/core/decimal.ts';
import type { FeeRates } from '#shared/core/matching/fees-and-funding.ts';
import type { MarketSpec } from '../../venue/market-spec.ts';

/** The lowest tier; markets of builders charge twice. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/fees */
export const BASE_FEES: FeeRates = { taker: new Decimal('0.00045'), maker: new Decimal('0.00015') };

export interface DexSpec {
  readonly name: string;
  readonly fullName: string;
  readonly deployer: string;
}

export const DEXES: readonly DexSpec[] = [
  { name: 'xyz', fullName: 'XYZ', deployer: '0x88806a71d74ad0a510b350545c9ae490912f0888' },
];

type Row = readonly [coin: string, sizeDecimals: number, maxLeverage: number, price: number, volatilityBps: number];

const NATIVE_ROWS: readonly Row[] = [
  ['BTC', 5, 40, 65_000, 5],
  ['ETH', 4, 25, 3_200, 6],
  ['SOL', 2, 20, 150, 8],
  ['HYPE', 2, 10, 35, 10],
  ['ZEC', 2, 10, 60, 11],
  ['APT', 2, 10, 8, 9],
];

const XYZ_ROWS: readonly Row[] = [
  ['INTC', 2, 10, 24, 6],
  ['CL', 3, 20, 75, 5],
];

const spec = (row: Row, dex: string | null, assetId: number): MarketSpec => ({
  coin: dex === null ? row[0] : `${dex}:${row[0]}`,
  dex,
  assetId,
  sizeDecimals: row[1],
  sizeStep: decimalText(10 ** -row[1]),
  priceRule: { kind: 'significant', figures: 5, decimals: Math.max(0, 6 - row[1]) },
  maxLeverage: row[2],
  onlyIsolated: false,
  initialPrice: row[3],
  volatilityBps: row[4],
  fees: dex === null ? BASE_FEES : { taker: BASE_FEES.taker.times(2), maker: BASE_FEES.maker.times(2) },
  minNotionalQuote: new Decimal(10),
  maxDeviation: new Decimal('0.8'),
  hourlyFunding: '0.0000125',
  shape: { spreadBps: 1, stepBps: 0.5, levels: 20, depthQuote: dex === null ? 40_000 : 15_000 },
});

/**
 * The default universe: the named native coins, then `syntheticCount` coins `SYN001` … for benchmarks, then each HIP-3
 * dex. Asset ids are the index in the native universe, or 100000 + dex index × 10000 + index.
 */
export function marketSpecs(syntheticCount = 0): readonly MarketSpec[] {
  const synthetic = Array.from(
    { length: syntheticCount },
    (_, i): Row => [`SYN${String(i + 1).padStart(3, '0')}`, 2, 20, 10 + ((i * 37) % 90), 8],
  );
  return [
    ...[...NATIVE_ROWS, ...synthetic].map((row, i) => spec(row, null, i)),
    ...DEXES.flatMap((dex, d) => XYZ_ROWS.map((row, i) => spec(row, dex.name, 100_000 + (d + 1) * 10_000 + i))),
  ];
}
