import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { sqlReconciliationRepository } from '#shared/adapters/sql/repositories/reconciliation-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';

export type CycleStores = ReturnType<typeof sqlCycleStores>;

/** Every store that a cycle reads or writes, over one database. */
export function sqlCycleStores(db: Db) {
  return {
    instruments: sqlInstrumentsRepository(db),
    prices: sqlPricesRepository(db),
    orders: sqlOrdersRepository(db),
    accounts: sqlAccountRepository(db),
    runs: new SqlRunsRepository(db),
    jobs: sqlJobStateRepository(db, 'hyperliquid'),
    reconciliation: sqlReconciliationRepository(db),
    leases: sqlLeasesRepository(db),
    systemState: sqlSystemStateRepository(db),
    decisions: async () => {
      const rows = await db.selectFrom('decisions').selectAll().orderBy('created_at_ms').orderBy('id').execute();
      return rows.map((row) => ({
        id: row.id,
        symbol: row.symbol,
        kind: row.kind,
        code: row.code,
        message: row.message,
        episodeCount: row.episode_count,
        createdAtMs: row.created_at_ms,
        lastAtMs: row.last_at_ms,
        inputs: JSON.parse(row.inputs_json) as unknown,
      }));
    },
  };
}
