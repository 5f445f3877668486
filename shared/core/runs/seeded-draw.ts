import { sha256 } from '@noble/hashes/sha2.js';
import type { Draw } from '../strategies/strategy.ts';

/** A draw whose whole sequence follows from a text: the n-th number is the first 48 bits of sha256(`seed:n`) ÷ 2⁴⁸. */
export function seededDraw(seed: string): Draw & { next(): number } {
  let n = 0;
  const next = (): number => {
    const digest = sha256(new TextEncoder().encode(`${seed}:${n++}`));
    let bits = 0;
    for (let i = 0; i < 6; i++) bits = bits * 256 + digest[i]!;
    return bits / 2 ** 48;
  };
  return {
    next,
    integer: ([low, high]) => low + Math.floor(next() * (high - low + 1)),
    real: ([low, high]) => low + next() * (high - low),
  };
}
