import { sql } from 'kysely';
import type { EpochMs, Timeframe } from '#shared/core/time.ts';
import type { FetchStateRepository } from '#shared/ports/repositories/fetch-state-repository.ts';
import type { Db } from '../open-database.ts';
import { inserted, jsonRows } from '../upsert.ts';

const SERIES = { symbol: 'text', timeframe: 'text', value: 'bigint' } as const;
type SeriesRow = { readonly symbol: string; readonly timeframe: Timeframe; readonly value: number };

const NONE = -1;
const orNull = (value: number): EpochMs | null => (value === NONE ? null : value);

/** `fetch_state`. */
export function sqlFetchStateRepository(db: Db): FetchStateRepository {
  const insert = (
    exchange: string,
    rows: readonly SeriesRow[],
    first: { lastFinal?: 'value'; queuedBar?: 'value'; queuedAtMs?: number; failures?: number; failedAtMs?: number },
    atMs: EpochMs,
  ) =>
    db
      .insertInto('fetch_state')
      .columns([
        'exchange',
        'symbol',
        'timeframe',
        'last_final_open_ms',
        'queued_bar_ms',
        'queued_at_ms',
        'failures',
        'failed_at_ms',
        'updated_at_ms',
      ])
      .expression(
        sql<never>`select ${exchange}, j.symbol, j.timeframe,
          ${first.lastFinal ? sql`j.value` : sql.lit(NONE)}, ${first.queuedBar ? sql`j.value` : sql.lit(NONE)},
          ${first.queuedAtMs ?? NONE}, ${first.failures ?? 0}, ${first.failedAtMs ?? NONE}, ${atMs}
          from ${jsonRows(db, rows, SERIES)} as j where true` as never,
      );

  return {
    async all(exchange) {
      const rows = await db
        .selectFrom('fetch_state')
        .selectAll()
        .where('exchange', '=', exchange)
        .orderBy('symbol')
        .orderBy('timeframe')
        .execute();
      return rows.map((row) => ({
        symbol: row.symbol,
        timeframe: row.timeframe as Timeframe,
        lastFinalOpenMs: orNull(row.last_final_open_ms),
        queuedAtMs: orNull(row.queued_at_ms),
        queuedBarMs: orNull(row.queued_bar_ms),
        failures: row.failures,
        failedAtMs: orNull(row.failed_at_ms),
      }));
    },

    async markQueued(exchange, series, atMs) {
      if (series.length === 0) return;
      const rows = series.map((s) => ({ symbol: s.symbol, timeframe: s.timeframe, value: s.barMs }));
      await insert(exchange, rows, { queuedBar: 'value', queuedAtMs: atMs }, atMs)
        .onDuplicateKeyUpdate({
          queued_bar_ms: inserted('queued_bar_ms'),
          queued_at_ms: inserted('queued_at_ms'),
          updated_at_ms: inserted('updated_at_ms'),
        })
        .execute();
    },

    async recordFetched(exchange, series, atMs) {
      if (series.length === 0) return;
      const rows = series.map((s) => ({ symbol: s.symbol, timeframe: s.timeframe, value: s.lastFinalOpenMs ?? NONE }));
      await insert(exchange, rows, { lastFinal: 'value' }, atMs)
        .onDuplicateKeyUpdate({
          last_final_open_ms: sql<number>`case when ${inserted('last_final_open_ms')} > fetch_state.last_final_open_ms then ${inserted('last_final_open_ms')} else fetch_state.last_final_open_ms end`,
          failures: 0,
          failed_at_ms: NONE,
          updated_at_ms: inserted('updated_at_ms'),
        })
        .execute();
    },

    async recordFailed(exchange, series, atMs) {
      if (series.length === 0) return;
      const rows = series.map((s) => ({ symbol: s.symbol, timeframe: s.timeframe, value: 0 }));
      await insert(exchange, rows, { failures: 1, failedAtMs: atMs }, atMs)
        .onDuplicateKeyUpdate({
          failures: sql<number>`fetch_state.failures + 1`,
          failed_at_ms: inserted('failed_at_ms'),
          updated_at_ms: inserted('updated_at_ms'),
        })
        .execute();
    },
  };
}
