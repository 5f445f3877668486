/**
 * Permutation entropy of order 3 and delay 1 (Bandt and Pompe, Phys. Rev. Lett. 88, 174102, 2002), over a sliding window.
 * Ties keep time order (stable argsort). The state is one digit per ordinal pattern, so a window of 60 values is 60 bytes.
 */
export const ENTROPY_ORDER = 3;
export const ENTROPY_WINDOW_MAX = 64;

export interface PatternWindow {
  /** Ordinal patterns of the window, oldest first, one digit 0…5 each. */
  readonly patterns: string;
  /** The last two values, oldest first; empty before they exist. */
  readonly tail: readonly number[];
}

export const initPatternWindow = (): PatternWindow => ({ patterns: '', tail: [] });

/** Which of the six stable argsorts `a, b, c` has, as a digit 0…5. */
export function ordinalPattern(a: number, b: number, c: number): number {
  if (a <= b) {
    if (b <= c) return 0; // 0 1 2
    return a <= c ? 1 : 2; // 0 2 1 · 2 0 1
  }
  if (a <= c) return 3; // 1 0 2
  return b <= c ? 4 : 5; // 1 2 0 · 2 1 0
}

/** Adds a value to a window that spans at most `windowLength` values (≥ 3, ≤ ENTROPY_WINDOW_MAX). */
export function stepPatternWindow(window: PatternWindow, value: number, windowLength: number): PatternWindow {
  const [a, b] = window.tail;
  if (a === undefined) return { patterns: window.patterns, tail: [value] };
  if (b === undefined) return { patterns: window.patterns, tail: [a, value] };
  const patterns = window.patterns + ordinalPattern(a, b, value);
  const surplus = patterns.length - (windowLength - ENTROPY_ORDER + 1);
  return { patterns: surplus > 0 ? patterns.slice(surplus) : patterns, tail: [b, value] };
}

/** Shannon entropy of the patterns in bits, 0 … log2(6) ≈ 2.585; 0 while there is no pattern. */
export function entropyBits(window: PatternWindow): number {
  const counts = [0, 0, 0, 0, 0, 0];
  const { patterns } = window;
  for (let i = 0; i < patterns.length; i++) counts[patterns.charCodeAt(i) - 48]!++;
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= (count / patterns.length) * Math.log2(count / patterns.length);
  }
  // A single pattern gives -0, and rounding may leave the sum a hair outside its bounds.
  return Math.min(Math.max(bits, 0), Math.log2(6));
}

/** Entropy ÷ log2(order!): 0 for a straight line, 1 for patterns that are equally frequent. */
export const normalisedEntropy = (window: PatternWindow): number => entropyBits(window) / Math.log2(6);
