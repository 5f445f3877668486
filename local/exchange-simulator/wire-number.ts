import type { Decimal } from '#shared/core/decimal.ts';

/** Numbers as HyperLiquid prints them: plain decimals that always show a fraction, `69000.0`. */
export function wireDecimal(value: Decimal): string {
  const text = value.isZero() ? '0' : value.toFixed();
  return text.includes('.') ? text : `${text}.0`;
}

/** The same for a binary number: its shortest exact text, never an exponent. */
export function wireNumber(value: number): string {
  const text = String(value);
  if (text.includes('e')) return value.toFixed(12).replace(/0+$/, '').replace(/\.$/, '.0');
  return text.includes('.') ? text : `${text}.0`;
}
