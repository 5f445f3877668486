import { Decimal as DecimalJs } from 'decimal.js';

/** Decimal with 40 significant digits: more than any price × size × rate product of this platform. */
export const Decimal = DecimalJs.clone({
  precision: 40,
  rounding: DecimalJs.ROUND_HALF_EVEN,
  toExpNeg: -40,
  toExpPos: 40,
});
export type Decimal = DecimalJs;

/** A decimal number as text: optional minus, digits, optional fraction; no exponent, no plus, no spaces. */
export type DecimalText = string;

const DECIMAL_TEXT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

export function isDecimalText(value: unknown): value is DecimalText {
  return typeof value === 'string' && value.length <= 40 && DECIMAL_TEXT.test(value);
}

/** Decimal text above zero. */
export const isPositiveText = (value: unknown): value is DecimalText =>
  isDecimalText(value) && !value.startsWith('-') && /[1-9]/.test(value);

/** Decimal text of zero or more. */
export const isUnsignedText = (value: unknown): value is DecimalText => isDecimalText(value) && !value.startsWith('-');

/** Plain text without exponent or trailing zeros; minus zero is `0`. */
export function decimalText(value: Decimal | number | string): DecimalText {
  const d = value instanceof DecimalJs ? value : new Decimal(value);
  if (!d.isFinite()) throw new RangeError(`not a finite decimal: ${String(value)}`);
  return d.isZero() ? '0' : d.toFixed();
}

export const dec = (value: Decimal | number | string): Decimal => new Decimal(value);
export const ZERO: Decimal = new Decimal(0);

/** Money that SQL must compare or sum is stored as whole millionths in a BIGINT. Rounds half to even. */
export function toMicros(value: Decimal | number | string): number {
  const micros = dec(value).times(1_000_000).round().toNumber();
  if (!Number.isSafeInteger(micros)) throw new RangeError(`out of range for millionths: ${String(value)}`);
  return micros;
}

/** Whether it can be stored so: about ± 9 billion. */
export const fitsMicros = (value: Decimal | number | string): boolean =>
  Number.isSafeInteger(dec(value).times(1_000_000).round().toNumber());

export const fromMicros = (micros: number): Decimal => dec(micros).div(1_000_000);
