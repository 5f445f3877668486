import { assert } from '#shared/core/assert.ts';
import {
  LOCK_MODES,
  type LockMode,
  SYSTEM_STATES,
  type SystemState,
  type SystemStateName,
} from '#shared/core/system/system-state.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import { isDuplicateKey } from '../duplicate-key.ts';
import type { Db } from '../open-database.ts';

const NAMES: readonly string[] = SYSTEM_STATES;
const MODES: readonly string[] = LOCK_MODES;
const REASON_LENGTH_MAX = 500;
const BY_LENGTH_MAX = 64;

interface StateColumns {
  exchange: string;
  lock_mode: string | null;
  reason: string;
  changed_by: string;
  approved: 0 | 1;
  version: number;
}

/** A word that this code does not know is unreadable, not harmless: it throws. */
function decode(row: StateColumns, name: string, atMs: number): SystemState {
  if (!NAMES.includes(name)) throw new Error(`system_state of ${row.exchange} holds an unknown state: ${name}`);
  if (row.lock_mode !== null && !MODES.includes(row.lock_mode)) {
    throw new Error(`system_state of ${row.exchange} holds an unknown lock mode: ${row.lock_mode}`);
  }
  return {
    exchange: row.exchange,
    state: name as SystemStateName,
    lockMode: row.lock_mode as LockMode | null,
    reason: row.reason,
    changedBy: row.changed_by,
    changedAtMs: atMs,
    approved: row.approved === 1,
    version: row.version,
  };
}

/** `system_state` with its audit, one transaction a change: the audit row's key (exchange, version) is the second guard. */
export function sqlSystemStateRepository(db: Db): SystemStateRepository {
  return {
    async read(exchange) {
      const row = await db.selectFrom('system_state').selectAll().where('exchange', '=', exchange).executeTakeFirst();
      return row ? decode(row, row.state, row.changed_at_ms) : null;
    },

    async compareAndSet(next, expectedVersion) {
      assert(next.version === expectedVersion + 1, 'a state change raises the version by one');
      const shared = {
        lock_mode: next.lockMode,
        reason: next.reason.slice(0, REASON_LENGTH_MAX),
        changed_by: next.changedBy.slice(0, BY_LENGTH_MAX),
        approved: next.approved ? (1 as const) : (0 as const),
      };
      try {
        return await db.transaction().execute(async (tx) => {
          const current = await tx
            .selectFrom('system_state')
            .select(['state', 'version'])
            .where('exchange', '=', next.exchange)
            .executeTakeFirst();
          if ((current?.version ?? 0) !== expectedVersion) return 'conflict';
          const row = { ...shared, state: next.state, changed_at_ms: next.changedAtMs, version: next.version };
          if (current) {
            const updated = await tx
              .updateTable('system_state')
              .set(row)
              .where('exchange', '=', next.exchange)
              .where('version', '=', expectedVersion)
              .executeTakeFirst();
            if (updated.numUpdatedRows !== 1n) return 'conflict';
          } else {
            await tx
              .insertInto('system_state')
              .values({ ...row, exchange: next.exchange })
              .execute();
          }
          await tx
            .insertInto('system_state_audit')
            .values({
              ...shared,
              exchange: next.exchange,
              version: next.version,
              from_state: current?.state ?? null,
              to_state: next.state,
              at_ms: next.changedAtMs,
            })
            .execute();
          return 'stored';
        });
      } catch (error) {
        if (isDuplicateKey(error)) return 'conflict';
        throw error;
      }
    },

    async audit(exchange, limit) {
      const rows = await db
        .selectFrom('system_state_audit')
        .selectAll()
        .where('exchange', '=', exchange)
        .orderBy('version', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ ...decode(row, row.to_state, row.at_ms), fromState: row.from_state }));
    },
  };
}
