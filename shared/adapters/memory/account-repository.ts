import {
  believedFrom,
  type StoredAccount,
  unreadCoins,
  type VenuePosition,
} from '#shared/core/portfolio/account-state.ts';
import type { AccountRepository, BalancePoint } from '#shared/ports/repositories/account-repository.ts';

/** In-memory double of snapshots and equity curve. */
export function memoryAccountRepository(): AccountRepository {
  const snapshots = new Map<string, StoredAccount>();
  const history = new Map<string, BalancePoint[]>();
  const keyOf = (exchange: string, account: string) => JSON.stringify([exchange, account]);
  return {
    async saveSnapshot(state, netTransfersQuote, _storedAtMs, believedNetQuote = netTransfersQuote) {
      const key = keyOf(state.exchange, state.account);
      const before = snapshots.get(key);
      if (before && before.venueTimeMs >= state.venueTimeMs) return 'stale';
      const unread = new Set(unreadCoins(state).map(({ symbol }) => symbol));
      const kept = (before?.positions ?? []).filter((p) => !state.complete || unread.has(p.symbol));
      const bySymbol = new Map<string, VenuePosition>([...kept, ...state.positions].map((p) => [p.symbol, p]));
      const positions = [...bySymbol.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
      const believed = believedFrom(state, believedNetQuote) ?? before?.believed ?? null;
      const { odd: _, ...stored } = state;
      snapshots.set(key, { ...stored, positions, believed });
      if (netTransfersQuote !== null && state.money !== null) {
        const { venueTimeMs, complete } = state;
        const { equityQuote, marginUsedQuote } = state.money;
        const point = { venueTimeMs, equityQuote, marginUsedQuote, netTransfersQuote, complete };
        history.set(key, [...(history.get(key) ?? []), point]);
      }
      return 'stored';
    },
    latest: async (exchange, account) => snapshots.get(keyOf(exchange, account)) ?? null,
    newestBalance: async (exchange, account) => history.get(keyOf(exchange, account))?.at(-1) ?? null,
    balanceHistory: async (exchange, account, sinceMs, limit) =>
      (history.get(keyOf(exchange, account)) ?? []).filter((p) => p.venueTimeMs >= sinceMs).slice(0, limit),
  };
}
