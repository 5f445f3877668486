import type { EpochMs } from '#shared/core/time.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import { isDuplicateKey } from '../duplicate-key.ts';
import type { Db } from '../open-database.ts';
import { inserted } from '../upsert.ts';

const ERROR_LENGTH_MAX = 1000;
const NEW_ROW = { last_slot_ms: -1, last_ok_ms: 0, last_error: null, detail_json: '{}' } as const;

/** A detail that somebody cut by hand must not hide the heartbeat. */
export function parseDetail(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The jobs of one exchange: heartbeats and slots of another's are never seen. */
export function sqlJobStateRepository(db: Db, exchange: string): JobStateRepository {
  // Asked for more often than anything else: built once.
  const selectAll = db
    .selectFrom('exchange_jobs')
    .selectAll()
    .where('exchange', '=', exchange)
    .orderBy('job')
    .compile();
  /** True when the row was there with an earlier slot. */
  async function moveSlot(job: string, slotMs: EpochMs): Promise<boolean> {
    const moved = await db
      .updateTable('exchange_jobs')
      .set({ last_slot_ms: slotMs })
      .where('exchange', '=', exchange)
      .where('job', '=', job)
      .where('last_slot_ms', '<', slotMs)
      .executeTakeFirst();
    return moved.numUpdatedRows === 1n;
  }

  return {
    async claimSlot(job, slotMs) {
      // One statement for a slot that is free. A repeat costs a second, the first slot of all a third.
      if (await moveSlot(job, slotMs)) return true;
      const row = await db
        .selectFrom('exchange_jobs')
        .select('job')
        .where('exchange', '=', exchange)
        .where('job', '=', job)
        .executeTakeFirst();
      if (row) return false;
      try {
        await db
          .insertInto('exchange_jobs')
          .values({ exchange, job, ...NEW_ROW, last_slot_ms: slotMs })
          .execute();
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return moveSlot(job, slotMs);
      }
    },

    async releaseSlot(job, slotMs) {
      await db
        .updateTable('exchange_jobs')
        .set({ last_slot_ms: slotMs - 1 })
        .where('exchange', '=', exchange)
        .where('job', '=', job)
        .where('last_slot_ms', '=', slotMs)
        .execute();
    },

    async recordOk(job, atMs, detail) {
      const detailJson = detail ? JSON.stringify(detail) : null;
      await db
        .insertInto('exchange_jobs')
        .values({ exchange, job, ...NEW_ROW, last_ok_ms: atMs, detail_json: detailJson ?? '{}' })
        .onDuplicateKeyUpdate({
          last_ok_ms: inserted('last_ok_ms'),
          last_error: null,
          ...(detailJson === null ? {} : { detail_json: inserted<string>('detail_json') }),
        })
        .execute();
    },

    async recordError(job, _atMs, error, detail) {
      const detailJson = detail ? JSON.stringify(detail) : null;
      await db
        .insertInto('exchange_jobs')
        .values({
          exchange,
          job,
          ...NEW_ROW,
          last_error: error.slice(0, ERROR_LENGTH_MAX),
          detail_json: detailJson ?? '{}',
        })
        .onDuplicateKeyUpdate({
          last_error: inserted('last_error'),
          ...(detailJson === null ? {} : { detail_json: inserted<string>('detail_json') }),
        })
        .execute();
    },

    async all() {
      const { rows } = await db.executeQuery(selectAll);
      return rows.map((row) => ({
        job: row.job,
        lastSlotMs: row.last_slot_ms,
        lastOkMs: row.last_ok_ms,
        lastError: row.last_error,
        detail: parseDetail(row.detail_json),
      }));
    },
  };
}
