import type { RunsSummary } from '../portfolio/desired-position.ts';
import { type AccountView, readingOf } from './account-view.ts';
import type { CycleOrder, PreviousDecision, SymbolFacts } from './cycle-inputs.ts';

/** A stored symbol before its sources, runs, orders and last decision are attached. */
export type StoredSymbol = Omit<SymbolFacts, 'sources' | 'runs' | 'orders' | 'previous'>;

/** Joins what was read separately, by symbol, in one pass over each list. */
export function assembleSymbols(
  stored: readonly StoredSymbol[],
  views: readonly AccountView[],
  runs: ReadonlyMap<string, RunsSummary>,
  orders: readonly CycleOrder[],
  previous: ReadonlyMap<string, PreviousDecision>,
): readonly SymbolFacts[] {
  const ordersOf = Map.groupBy(orders, (order) => order.symbol);
  return stored.map((row) => {
    const { symbol } = row.instrument;
    return {
      ...row,
      sources: views.map((view) => readingOf(view, row.instrument)),
      runs: runs.get(symbol) ?? null,
      orders: ordersOf.get(symbol) ?? [],
      previous: previous.get(symbol) ?? null,
    };
  });
}
