import type { Kysely } from 'kysely';
import { createTable } from '../table-builder.ts';
import { marketTables } from './0001-market-tables.ts';
import { tradingTables } from './0001-trading-tables.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of [...marketTables, ...tradingTables]) await createTable(db, table);
}
