import { assert } from '../assert.ts';
import { emaCrossover } from './ema-crossover.ts';
import { entropyBreakout } from './entropy-breakout.ts';
import type { Strategy } from './strategy.ts';

/** Every strategy that the supervisor draws from, in order. Add a strategy here and nowhere else. */
export const STRATEGIES: readonly Strategy[] = [emaCrossover as Strategy, entropyBreakout as Strategy];

const byName = new Map(STRATEGIES.map((strategy) => [strategy.name, strategy]));

export const findStrategy = (name: string): Strategy | null => byName.get(name) ?? null;

/**
 * Makes a strategy known that the supervisor does not draw. Called by an entry point before anything runs; a name is taken
 * once, since stored runs refer to it.
 */
export function registerStrategy(strategy: Strategy): void {
  assert(!byName.has(strategy.name), `strategy ${strategy.name} is registered already`);
  byName.set(strategy.name, strategy);
}
