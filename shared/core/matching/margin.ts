import { Decimal, ZERO } from '../decimal.ts';

/** One position as margin rules see it. */
export interface MarginPosition {
  readonly size: Decimal;
  readonly markPrice: Decimal;
  readonly leverage: number;
  readonly maxLeverage: number;
}

export const notional = (position: Pick<MarginPosition, 'size' | 'markPrice'>): Decimal =>
  position.size.abs().times(position.markPrice);

/** Value ÷ chosen leverage. */
export const initialMargin = (position: MarginPosition): Decimal => notional(position).div(position.leverage);

/** Half of the initial margin at the instrument's maximum leverage. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/margining */
export const maintenanceMargin = (position: MarginPosition): Decimal =>
  notional(position).div(2 * position.maxLeverage);

/** Raw quote balance (deposits − cost of positions − fees + funding) plus the value of the positions. */
export const accountValue = (rawQuote: Decimal, positions: readonly MarginPosition[]): Decimal =>
  positions.reduce((sum, p) => sum.plus(p.size.times(p.markPrice)), rawQuote);

/** What may leave the account: above the initial margins and above a tenth of the open value. */
export function withdrawable(value: Decimal, positions: readonly MarginPosition[]): Decimal {
  const initial = positions.reduce((sum, p) => sum.plus(initialMargin(p)), ZERO);
  const tenth = positions.reduce((sum, p) => sum.plus(notional(p)), ZERO).div(10);
  return Decimal.max(ZERO, value.minus(Decimal.max(initial, tenth)));
}

/** True once the value of the account (or of the isolated position) is below the maintenance margins. */
export const isLiquidatable = (value: Decimal, positions: readonly MarginPosition[]): boolean =>
  positions.some((p) => !p.size.isZero()) &&
  value.lt(positions.reduce((sum, p) => sum.plus(maintenanceMargin(p)), ZERO));

/**
 * Mark price at which the position is liquidated while everything else stands still, or null when no positive price does it.
 * price − side × available ÷ |size| ÷ (1 − side ÷ (2 × maxLeverage)), available = value − maintenance margins.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/trading/liquidations
 */
export function liquidationPrice(
  position: MarginPosition,
  value: Decimal,
  allPositions: readonly MarginPosition[],
): Decimal | null {
  if (position.size.isZero()) return null;
  const side = position.size.isPositive() ? 1 : -1;
  const needed = allPositions.reduce((sum, p) => sum.plus(maintenanceMargin(p)), ZERO);
  const available = value.minus(needed);
  const denominator = new Decimal(1).minus(new Decimal(side).div(2 * position.maxLeverage));
  const price = position.markPrice.minus(available.div(position.size.abs()).div(denominator).times(side));
  return price.gt(0) ? price : null;
}
