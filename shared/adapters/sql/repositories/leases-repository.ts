import { sql } from 'kysely';
import type { LeasesRepository } from '#shared/ports/repositories/leases-repository.ts';
import type { Db } from '../open-database.ts';
import { inserted } from '../upsert.ts';

/** Fenced leases, one row each. A released lease keeps its row, so that its fence is never given out again. */
export function sqlLeasesRepository(db: Db): LeasesRepository {
  const read = (tx: Db, name: string) =>
    tx.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirst();

  return {
    async acquire(name, holder, nowMs, ttlMs) {
      return db.transaction().execute(async (tx) => {
        const free = sql`leases.expires_at_ms <= ${nowMs}`;
        const newHolder = inserted('holder');
        // MySQL assigns left to right, SQLite at once: each condition below is right either way, in this order.
        await tx
          .insertInto('leases')
          .values({ name, holder, fence: 1, expires_at_ms: nowMs + ttlMs })
          .onDuplicateKeyUpdate({
            fence: sql<number>`case when leases.holder <> ${newHolder} and ${free} then leases.fence + 1 else leases.fence end`,
            holder: sql<string>`case when ${free} then ${newHolder} else leases.holder end`,
            expires_at_ms: sql<number>`case when leases.holder = ${newHolder} or ${free} then ${inserted('expires_at_ms')} else leases.expires_at_ms end`,
          })
          .execute();
        const row = await read(tx as Db, name);
        if (!row || row.holder !== holder) return null;
        return { name, holder, fence: row.fence, expiresAtMs: row.expires_at_ms };
      });
    },

    async holds(lease, nowMs) {
      const row = await read(db, lease.name);
      return row !== undefined && row.fence === lease.fence && row.holder === lease.holder && row.expires_at_ms > nowMs;
    },

    async release(lease) {
      await db
        .updateTable('leases')
        .set({ expires_at_ms: 0 })
        .where('name', '=', lease.name)
        .where('holder', '=', lease.holder)
        .where('fence', '=', lease.fence)
        .execute();
    },
  };
}
