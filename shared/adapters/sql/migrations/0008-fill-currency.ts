import type { Kysely } from 'kysely';
import { addColumns } from '../table-builder.ts';

/** What a fee was paid in, and whether the venue said where the position stood before the fill. */
export const up = (db: Kysely<unknown>): Promise<void> =>
  addColumns(db, 'fills', { fee_amount: 'money?', fee_currency: 'name?', start_unknown: 'int?' });
