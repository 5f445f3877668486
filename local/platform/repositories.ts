import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlOrderFactsReader } from '#shared/adapters/sql/order-facts-reader.ts';
import { sqlReadModel } from '#shared/adapters/sql/read-model.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { sqlReconciliationRepository } from '#shared/adapters/sql/repositories/reconciliation-repository.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { sqlStoredTimesRepository } from '#shared/adapters/sql/repositories/stored-times-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { LeveragePolicy } from '#shared/core/risk/leverage.ts';
import type { Clock } from '#shared/ports/clock.ts';

/** Every repository over one database. */
export const createRepositories = (
  db: Db,
  clock: Clock,
  leverage: LeveragePolicy,
  /** Older money of the account is not known money. */
  snapshotAgeMsMax: number,
) => ({
  accounts: sqlAccountRepository(db),
  alerts: sqlAlerts(db, clock),
  breakers: new SqlBreakerRepository(db),
  candles: sqlCandlesRepository(db),
  deadLetters: sqlDeadLetters(db, clock),
  fetchStates: sqlFetchStateRepository(db),
  installation: sqlInstallationRepository(db),
  instruments: sqlInstrumentsRepository(db),
  /** Heartbeats and slots are an exchange's own. */
  jobsOf: (exchange: string) => sqlJobStateRepository(db, exchange),
  leases: sqlLeasesRepository(db),
  orders: sqlOrdersRepository(db),
  orderFacts: sqlOrderFactsReader(db, leverage, snapshotAgeMsMax),
  prices: sqlPricesRepository(db),
  readModel: sqlReadModel(db),
  reconciliation: sqlReconciliationRepository(db),
  runs: new SqlRunsRepository(db),
  storedTimes: sqlStoredTimesRepository(db),
  systemState: sqlSystemStateRepository(db),
});
export type Repositories = ReturnType<typeof createRepositories>;
