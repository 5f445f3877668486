/**
 * Exponential moving average, seeded with the first value (as Tulip Indicators' `ema` does):
 * e₀ = x₀, eₙ = eₙ₋₁ + 2 / (period + 1) · (xₙ − eₙ₋₁). https://tulipindicators.org/ema
 */
export interface Ema {
  readonly value: number;
  /** Values seen, counted no further than `COUNT_MAX`. */
  readonly count: number;
}

/** A count is only compared with warm-up lengths: beyond this it says "long enough" and stays short as text. */
export const COUNT_MAX = 9_999;

export const initEma = (): Ema => ({ value: 0, count: 0 });

export function stepEma(ema: Ema, value: number, period: number): Ema {
  if (ema.count === 0) return { value, count: 1 };
  const count = ema.count < COUNT_MAX ? ema.count + 1 : COUNT_MAX;
  return { value: ema.value + (2 / (period + 1)) * (value - ema.value), count };
}
