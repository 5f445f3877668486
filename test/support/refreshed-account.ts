import type { OddRow } from '#shared/core/odd-row.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import { moneyRules, quorumSectionSchema } from '#shared/core/reconciliation/cycle-settings.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';
import type { VenueTransfer } from '#shared/ports/exchange.ts';
import { refreshBalances } from '#shared/usecases/refresh-balances.ts';
import { sqlCycleStores } from './cycle-stores.ts';
import { manualClock } from './manual-clock.ts';
import { memoryDatabase } from './memory-database.ts';
import { storedDeadLetters } from './stored-dead-letters.ts';
import { ACCOUNT, anAccountState } from './system.ts';

/** A position of 100 a unit that is worth `value`. */
export const holding = (coin: string, size: string, value: number) => ({
  symbol: `${coin}/USDC:USDC`,
  coin,
  size,
  entryPrice: '100',
  valueQuote: String(value),
  unrealizedPnlQuote: '0',
  marginUsedQuote: '1000',
  liquidationPrice: null,
});

const rules = moneyRules(quorumSectionSchema.parse({}), 2);

/** An account as `world` says that the venue and the observers show it; `refresh` reads and stores it. */
export function refreshedAccount(nowMs = 9_000) {
  const world = {
    state: anAccountState(5_000, { account: 'as the venue says' }) as AccountState | Error,
    transfers: [] as readonly VenueTransfer[] | Error,
    odd: [] as OddRow[],
    documents: new Map<string, ObserverDocument>(),
  };
  const stores = sqlCycleStores(memoryDatabase());
  const records: StreamRecord[] = [];
  const clock = manualClock(nowMs);
  const deadLetters = storedDeadLetters(clock);
  const deps = {
    reader: {
      fetchAccountState: async () => (world.state instanceof Error ? Promise.reject(world.state) : world.state),
      fetchTransfers: async () =>
        world.transfers instanceof Error ? Promise.reject(world.transfers) : { rows: world.transfers, odd: world.odd },
    },
    ...stores,
    observers: ['a', 'b'].map((id) => ({
      id,
      documents: { get: async () => world.documents.get(id) ?? null },
    })),
    stream: { put: async (batch: readonly StreamRecord[]) => void records.push(...batch) },
    clock,
    deadLetters,
  };
  const trace = { correlationId: 'corr', bornAtMs: 8_999 };
  const input = { exchange: 'hyperliquid', account: 'main', address: ACCOUNT, rules, trace };
  return { ...stores, world, records, deadLetters, clock, refresh: () => refreshBalances(deps, input) };
}
