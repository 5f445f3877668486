import type { ReadModel } from '#shared/ports/repositories/read-model.ts';
import type { Db } from './open-database.ts';
import { readHistory } from './read-model/read-history.ts';
import { readMetrics } from './read-model/read-metrics.ts';
import { readOverview } from './read-model/read-overview.ts';
import { readTrading } from './read-model/read-trading.ts';

/** Reads for humans and gauges; nothing here is read to decide. */
export const sqlReadModel = (db: Db): ReadModel => ({
  overview: (exchange, account) => readOverview(db, exchange, account),
  metrics: (exchange, account, nowMs) => readMetrics(db, exchange, account, nowMs),
  ...readTrading(db),
  ...readHistory(db),
});
