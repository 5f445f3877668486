import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { sql } from 'kysely';
import type { Clock } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { Db } from './open-database.ts';
import { inserted, jsonRows } from './upsert.ts';

/** A stream record holds at most 1 MiB; what is longer is cut and says so. */
const PAYLOAD_LENGTH_MAX = 1_048_576;
const ERROR_LENGTH_MAX = 2000;
const KEY_LENGTH_MAX = 190;

const letterId = (source: string, recordId: string): string =>
  bytesToHex(sha256(utf8ToBytes(`${source}\n${recordId}`)).slice(0, 16));

/** One row per (source, record): a record that fails again replaces its error and raises nothing twice. */
export function sqlDeadLetters(db: Db, clock: Clock): DeadLetters {
  return {
    async known(source, recordIds) {
      if (recordIds.length === 0) return new Set();
      const idOf = new Map(recordIds.map((recordId) => [letterId(source, recordId), recordId]));
      const wanted = jsonRows(
        db,
        [...idOf.keys()].map((id) => ({ id })),
        { id: 'text' },
      );
      const rows = await db
        .selectFrom('dead_letters')
        .select('id')
        .where('id', 'in', sql<string>`(select j.id from ${wanted} as j)`)
        .execute();
      return new Set(rows.flatMap(({ id }) => idOf.get(id) ?? []));
    },
    async store(letter) {
      const id = letterId(letter.source, letter.recordId);
      const tooLong = letter.payload.length > PAYLOAD_LENGTH_MAX;
      await db
        .insertInto('dead_letters')
        .values({
          id,
          source: letter.source.slice(0, 64),
          record_id: letter.recordId.slice(0, KEY_LENGTH_MAX),
          error: letter.error.slice(0, ERROR_LENGTH_MAX),
          payload: tooLong ? `${letter.payload.slice(0, PAYLOAD_LENGTH_MAX)}…[cut]` : letter.payload,
          attempts: letter.attempts,
          failed_at_ms: clock.nowMs(),
        })
        .onDuplicateKeyUpdate({
          error: inserted('error'),
          attempts: inserted('attempts'),
          failed_at_ms: inserted('failed_at_ms'),
        })
        .execute();
    },
  };
}
