import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { sqlReconciliationRepository } from '#shared/adapters/sql/repositories/reconciliation-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { PricesRepository } from '#shared/ports/repositories/prices-repository.ts';
import type { ReconciliationRepository } from '#shared/ports/repositories/reconciliation-repository.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';

/** What a decision left behind, whatever the store. */
export interface StoredDecision {
  readonly id: string;
  readonly symbol: string;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly episodeCount: number;
  readonly createdAtMs: number;
  readonly lastAtMs: number;
  readonly inputs: unknown;
}

/** Every store that a cycle reads or writes, over one database. */
export interface CycleStores {
  readonly instruments: InstrumentsRepository;
  readonly prices: PricesRepository;
  readonly orders: OrdersRepository;
  readonly accounts: AccountRepository;
  readonly runs: RunsRepository;
  readonly jobs: JobStateRepository;
  readonly reconciliation: ReconciliationRepository;
  readonly decisions: () => Promise<readonly StoredDecision[]>;
}

export function sqlCycleStores(db: Db): CycleStores {
  return {
    instruments: sqlInstrumentsRepository(db),
    prices: sqlPricesRepository(db),
    orders: sqlOrdersRepository(db),
    accounts: sqlAccountRepository(db),
    runs: new SqlRunsRepository(db),
    jobs: sqlJobStateRepository(db, 'hyperliquid'),
    reconciliation: sqlReconciliationRepository(db),
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
        inputs: JSON.parse(row.inputs_json),
      }));
    },
  };
}
