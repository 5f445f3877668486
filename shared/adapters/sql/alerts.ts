import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { sql } from 'kysely';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Db } from './open-database.ts';
import { inserted } from './upsert.ts';

const ID_LENGTH_MAX = 64;
const MESSAGE_LENGTH_MAX = 2000;

/** Ids longer than the column keep their beginning and a hash of the whole. */
const fitId = (id: string): string =>
  id.length <= ID_LENGTH_MAX ? id : `${id.slice(0, 31)}~${bytesToHex(sha256(utf8ToBytes(id)).slice(0, 16))}`;

/** One row per episode: the same id counts up and moves `last_at_ms`, and says the newest message. */
export function sqlAlerts(db: Db, clock: Clock): Alerts {
  return {
    async raise(alert) {
      const nowMs = clock.nowMs();
      await db
        .insertInto('alerts')
        .values({
          id: fitId(alert.id),
          kind: alert.kind,
          severity: alert.severity,
          exchange: alert.exchange,
          symbol: alert.symbol,
          message: alert.message.slice(0, MESSAGE_LENGTH_MAX),
          detail_json: JSON.stringify(alert.detail),
          count: 1,
          first_at_ms: nowMs,
          last_at_ms: nowMs,
          notified_at_ms: null,
        })
        .onDuplicateKeyUpdate({
          severity: inserted('severity'),
          message: inserted('message'),
          detail_json: inserted('detail_json'),
          count: sql<number>`alerts.count + 1`,
          last_at_ms: inserted('last_at_ms'),
        })
        .execute();
    },
  };
}
