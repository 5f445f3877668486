import { sql } from 'kysely';
import type { EpochMs } from '#shared/core/time.ts';
import type { BreakerRepository, BreakerRow, BreakerRules } from '#shared/ports/repositories/breaker-repository.ts';
import type { Db } from '../open-database.ts';
import { inserted } from '../upsert.ts';

/** Rows of `breaker_state`. A failure is counted by the database, so that two processes never lose one of theirs. */
export class SqlBreakerRepository implements BreakerRepository {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  async all(exchange: string): Promise<readonly BreakerRow[]> {
    const rows = await this.#db
      .selectFrom('breaker_state')
      .selectAll()
      .where('exchange', '=', exchange)
      .orderBy('class')
      .execute();
    return rows.map(toRow);
  }

  recordFailure(exchange: string, callClass: string, rules: BreakerRules, atMs: EpochMs): Promise<BreakerRow> {
    const staleBeforeMs = atMs - rules.windowMs;
    return this.#db.transaction().execute(async (trx) => {
      await trx
        .insertInto('breaker_state')
        .values({ exchange, class: callClass, state: 'closed', failures: 1, opened_at_ms: null, updated_at_ms: atMs })
        .onDuplicateKeyUpdate({
          // updated_at_ms is compared, so it is assigned last.
          failures: sql<number>`case when breaker_state.state = 'closed' and breaker_state.updated_at_ms < ${staleBeforeMs} then 1 else breaker_state.failures + 1 end`,
          updated_at_ms: inserted('updated_at_ms'),
        })
        .execute();
      await trx
        .updateTable('breaker_state')
        .set({ state: 'open', opened_at_ms: atMs })
        .where('exchange', '=', exchange)
        .where('class', '=', callClass)
        .where((w) =>
          w.or([w('state', '=', 'half-open'), w.and([w('state', '=', 'closed'), w('failures', '>=', rules.failures)])]),
        )
        .execute();
      const row = await trx
        .selectFrom('breaker_state')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('class', '=', callClass)
        .executeTakeFirstOrThrow();
      return toRow(row);
    });
  }

  async recordSuccess(exchange: string, callClass: string, atMs: EpochMs): Promise<void> {
    await this.#db
      .updateTable('breaker_state')
      .set({ state: 'closed', failures: 0, opened_at_ms: null, updated_at_ms: atMs })
      .where('exchange', '=', exchange)
      .where('class', '=', callClass)
      .execute();
  }

  async claimProbe(
    exchange: string,
    callClass: string,
    openedBeforeMs: EpochMs,
    abandonedBeforeMs: EpochMs,
    atMs: EpochMs,
  ): Promise<boolean> {
    const result = await this.#db
      .updateTable('breaker_state')
      .set({ state: 'half-open', updated_at_ms: atMs })
      .where('exchange', '=', exchange)
      .where('class', '=', callClass)
      .where((w) =>
        w.or([
          w.and([w('state', '=', 'open'), w('opened_at_ms', '<=', openedBeforeMs)]),
          w.and([w('state', '=', 'half-open'), w('updated_at_ms', '<=', abandonedBeforeMs)]),
        ]),
      )
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }
}

interface StoredRow {
  readonly exchange: string;
  readonly class: string;
  readonly state: string;
  readonly failures: number;
  readonly opened_at_ms: number | null;
  readonly updated_at_ms: number;
}

/** A state that this version does not know is read as open: the cautious reading of a row that somebody else wrote. */
const toRow = (row: StoredRow): BreakerRow => ({
  exchange: row.exchange,
  callClass: row.class,
  state: row.state === 'closed' || row.state === 'half-open' ? row.state : 'open',
  failures: row.failures,
  openedAtMs: row.opened_at_ms,
  updatedAtMs: row.updated_at_ms,
});
