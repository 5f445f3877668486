import { type Kysely, type RawBuilder, SqliteAdapter, sql } from 'kysely';
import type { Database } from './database.ts';
import { type JsonColumn, jsonRows } from './upsert.ts';

/** `update … from` (SQLite) or `update … join` (MySQL) over the rows of one JSON parameter; answers rows changed. */
export async function updateFromJson(
  trx: Kysely<Database>,
  update: {
    readonly table: string;
    readonly rows: readonly Record<string, unknown>[];
    readonly columns: Readonly<Record<string, JsonColumn>>;
    /** Column to SQL text; `j` is the JSON row. */
    readonly set: Readonly<Record<string, string>>;
    readonly where: RawBuilder<unknown>;
  },
): Promise<number> {
  const source = jsonRows(trx, update.rows, update.columns);
  const sqlite = trx.getExecutor().adapter instanceof SqliteAdapter;
  const assignments = sql.join(
    Object.entries(update.set).map(([column, text]) =>
      sqlite
        ? sql`${sql.ref(column)} = ${sql.raw(text)}`
        : sql`${sql.ref(`${update.table}.${column}`)} = ${sql.raw(text)}`,
    ),
    sql`, `,
  );
  const table = sql.table(update.table);
  const result = sqlite
    ? await sql`update ${table} set ${assignments} from ${source} as j where ${update.where}`.execute(trx)
    : await sql`update ${table} join ${source} as j on ${update.where} set ${assignments}`.execute(trx);
  return Number(result.numAffectedRows ?? 0);
}
