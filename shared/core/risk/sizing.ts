import { Decimal, type DecimalText, dec } from '../decimal.ts';
import { towardZero } from '../market/tick-rules.ts';
import { type Refusal, refusal } from '../refusal.ts';

/** What one unit of direction is worth: fixed quote units, or a share of equity. Exactly one of the two. */
export type Sizing =
  | { readonly kind: 'fixed'; readonly unitQuote: DecimalText }
  | { readonly kind: 'equity-share'; readonly fraction: DecimalText };

/** From `risk_pos_size` and `risk_pos_percentage`: exactly one must be set and positive. */
export function sizingFrom(
  riskPosSize: number | null,
  riskPosPercentage: number | null,
): { readonly kind: 'sizing'; readonly sizing: Sizing } | { readonly kind: 'refused'; readonly refusal: Refusal } {
  const numbers = { risk_pos_size: riskPosSize, risk_pos_percentage: riskPosPercentage };
  const refuse = (message: string) => ({ kind: 'refused' as const, refusal: refusal('sizing', message, numbers) });
  if ((riskPosSize === null) === (riskPosPercentage === null)) {
    return refuse('exactly one of risk_pos_size and risk_pos_percentage must be set');
  }
  const value = riskPosSize ?? riskPosPercentage ?? 0;
  if (!Number.isFinite(value) || value <= 0) return refuse('the size of a unit of direction must be positive');
  const text = dec(value).toFixed();
  return {
    kind: 'sizing',
    sizing: riskPosSize === null ? { kind: 'equity-share', fraction: text } : { kind: 'fixed', unitQuote: text },
  };
}

/** Quote units per unit of direction; null when a share of an unknown equity is asked for. */
export function unitQuote(sizing: Sizing, equityQuote: Decimal | null): Decimal | null {
  if (sizing.kind === 'fixed') return dec(sizing.unitQuote);
  return equityQuote === null ? null : Decimal.max(0, equityQuote).times(sizing.fraction);
}

/** Signed base units for a direction: P × unit ÷ price, in whole lots towards zero. `price` must be positive. */
export const positionFor = (direction: number, unit: Decimal, price: Decimal, sizeStep: DecimalText): Decimal =>
  towardZero(unit.times(direction).div(price), sizeStep);
