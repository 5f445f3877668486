import type { Decimal, DecimalText } from '#shared/core/decimal.ts';
import type { PriceRule } from '#shared/core/market/tick-rules.ts';
import type { FeeRates } from '#shared/core/matching/fees-and-funding.ts';
import type { LadderShape } from '#shared/core/matching/ladder.ts';

/** Name of the account's own sub-account. */
export const NATIVE = 'native';

/** One perpetual of the simulated venue. */
export interface MarketSpec {
  /** Its name on the wire. */
  readonly coin: string;
  readonly dex: string | null;
  readonly assetId: number;
  readonly sizeDecimals: number;
  readonly sizeStep: DecimalText;
  readonly priceRule: PriceRule;
  readonly maxLeverage: number;
  readonly onlyIsolated: boolean;
  readonly initialPrice: number;
  /** Typical size of a one-minute move, in hundredths of a percent; feeds the price model. */
  readonly volatilityBps: number;
  readonly fees: FeeRates;
  readonly minNotionalQuote: Decimal;
  /** Share of the mark price that a limit may be away from it. */
  readonly maxDeviation: Decimal;
  /** Share of the position value paid by longs each hour. */
  readonly hourlyFunding: string;
  readonly shape: LadderShape;
}
