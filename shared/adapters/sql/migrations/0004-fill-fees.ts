import type { Kysely } from 'kysely';
import { addColumns } from '../table-builder.ts';

/** Whether the fee of a fill is worth an unknown amount of quote. */
export const up = (db: Kysely<unknown>): Promise<void> => addColumns(db, 'fills', { fee_unknown: 'int?' });
