import type {
  FetchStateRepository,
  SeriesFetchState,
  SeriesKey,
} from '#shared/ports/repositories/fetch-state-repository.ts';

export function memoryFetchStateRepository(): FetchStateRepository {
  const states = new Map<string, SeriesFetchState & { readonly exchange: string }>();
  const change = (exchange: string, { symbol, timeframe }: SeriesKey, next: Partial<SeriesFetchState>) => {
    const key = `${exchange}|${symbol}|${timeframe}`;
    const none = { lastFinalOpenMs: null, queuedAtMs: null, queuedBarMs: null, failures: 0, failedAtMs: null };
    states.set(key, { exchange, symbol, timeframe, ...none, ...states.get(key), ...next });
  };
  const find = (exchange: string, s: SeriesKey) => states.get(`${exchange}|${s.symbol}|${s.timeframe}`);
  const order = (s: SeriesKey) => `${s.symbol}|${s.timeframe}`;
  return {
    async all(exchange) {
      return [...states.values()]
        .filter((s) => s.exchange === exchange)
        .sort((a, b) => (order(a) < order(b) ? -1 : 1))
        .map(({ exchange: _exchange, ...state }) => state);
    },
    async markQueued(exchange, series, atMs) {
      for (const s of series) change(exchange, s, { queuedAtMs: atMs, queuedBarMs: s.barMs });
    },
    async recordFetched(exchange, series) {
      for (const s of series) {
        const known = find(exchange, s)?.lastFinalOpenMs ?? null;
        const newest = Math.max(known ?? -1, s.lastFinalOpenMs ?? -1);
        change(exchange, s, { lastFinalOpenMs: newest === -1 ? null : newest, failures: 0, failedAtMs: null });
      }
    },
    async recordFailed(exchange, series, atMs) {
      for (const s of series) {
        change(exchange, s, { failures: (find(exchange, s)?.failures ?? 0) + 1, failedAtMs: atMs });
      }
    },
  };
}
