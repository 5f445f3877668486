import { type Kysely, sql } from 'kysely';
import * as initial from './migrations/0001-initial.ts';
import * as takeover from './migrations/0002-takeover.ts';
import * as refusals from './migrations/0003-refusals.ts';
import * as fillFees from './migrations/0004-fill-fees.ts';
import * as accountMoney from './migrations/0005-account-money.ts';
import * as exchangeJobs from './migrations/0006-exchange-jobs.ts';
import * as instrumentRules from './migrations/0007-instrument-rules.ts';
import * as fillCurrency from './migrations/0008-fill-currency.ts';
import { createTable } from './table-builder.ts';

interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}

/** Forward only; every step may be cut off and run again. */
const MIGRATIONS: readonly Migration[] = [
  { name: '0001-initial', up: initial.up },
  { name: '0002-takeover', up: takeover.up },
  { name: '0003-refusals', up: refusals.up },
  { name: '0004-fill-fees', up: fillFees.up },
  { name: '0005-account-money', up: accountMoney.up },
  { name: '0006-exchange-jobs', up: exchangeJobs.up },
  { name: '0007-instrument-rules', up: instrumentRules.up },
  { name: '0008-fill-currency', up: fillCurrency.up },
];

/** In the order of their application. */
export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map(({ name }) => name);

/** Applies what is missing and returns the names applied. Throws when the database is newer than this code. */
export async function migrate(db: Kysely<unknown>): Promise<readonly string[]> {
  await createTable(db, { name: 'schema_migrations', columns: { name: 'name' }, primaryKey: ['name'] });
  const rows = await sql<{ name: string }>`select name from schema_migrations order by name`.execute(db);
  const done = new Set(rows.rows.map((r) => r.name));
  const unknownNames = [...done].filter((n) => !MIGRATIONS.some((m) => m.name === n));
  if (unknownNames.length > 0) {
    throw new Error(`the database was written by a newer 3T (unknown migrations: ${unknownNames.join(', ')})`);
  }
  const applied: string[] = [];
  for (const migration of MIGRATIONS) {
    if (done.has(migration.name)) continue;
    await migration.up(db);
    await sql`insert into schema_migrations (name) values (${migration.name})`.execute(db);
    applied.push(migration.name);
  }
  return applied;
}
