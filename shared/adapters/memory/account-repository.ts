import type { AccountState, VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { AccountRepository, BalancePoint } from '#shared/ports/repositories/account-repository.ts';

/** In-memory double of snapshots and equity curve. */
export function memoryAccountRepository(): AccountRepository {
  const snapshots = new Map<string, AccountState>();
  const history = new Map<string, BalancePoint[]>();
  const keyOf = (exchange: string, account: string) => JSON.stringify([exchange, account]);
  return {
    async saveSnapshot(state, netTransfersQuote) {
      const key = keyOf(state.exchange, state.account);
      const before = snapshots.get(key);
      if (before && before.venueTimeMs >= state.venueTimeMs) return 'stale';
      const kept = state.complete ? [] : (before?.positions ?? []);
      const bySymbol = new Map<string, VenuePosition>([...kept, ...state.positions].map((p) => [p.symbol, p]));
      const positions = [...bySymbol.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
      snapshots.set(key, { ...state, positions });
      if (netTransfersQuote !== null) {
        const { venueTimeMs, equityQuote, marginUsedQuote, complete } = state;
        const point = { venueTimeMs, equityQuote, marginUsedQuote, netTransfersQuote, complete };
        history.set(key, [...(history.get(key) ?? []), point]);
      }
      return 'stored';
    },
    latest: async (exchange, account) => snapshots.get(keyOf(exchange, account)) ?? null,
    balanceHistory: async (exchange, account, sinceMs, limit) =>
      (history.get(keyOf(exchange, account)) ?? []).filter((p) => p.venueTimeMs >= sinceMs).slice(0, limit),
  };
}
