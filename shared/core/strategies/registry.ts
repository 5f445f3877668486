import { emaCrossover } from './ema-crossover.ts';
import { entropyBreakout } from './entropy-breakout.ts';
import type { Strategy } from './strategy.ts';

/** Every strategy a run may name, in the order the supervisor draws from. Add a strategy here and nowhere else. */
export const STRATEGIES: readonly Strategy[] = [emaCrossover as Strategy, entropyBreakout as Strategy];

const byName = new Map(STRATEGIES.map((strategy) => [strategy.name, strategy]));

export const findStrategy = (name: string): Strategy | null => byName.get(name) ?? null;
