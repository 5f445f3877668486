import type { Kysely } from 'kysely';
import { addColumns } from '../table-builder.ts';

/** What a symbol's orders met since the venue last took one: how often in a row, why, and when. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, 'position_epochs', { refusals: 'int?', refusal_code: 'name?', refused_at_ms: 'bigint?' });
}
