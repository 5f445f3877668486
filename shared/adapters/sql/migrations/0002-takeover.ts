import type { Kysely } from 'kysely';
import { addColumns } from '../table-builder.ts';

/** Since when a symbol is managed, and what is still to be settled about a position that was there before it. */
export const up = (db: Kysely<unknown>): Promise<void> =>
  addColumns(db, 'products', { managed_since_ms: 'bigint?', takeover: 'name?' });
