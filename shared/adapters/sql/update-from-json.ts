import { type Kysely, type RawBuilder, SqliteAdapter, sql } from 'kysely';
import type { Database } from './database.ts';

/** MySQL column types of the JSON row; SQLite needs none. */
type JsonType = 'longtext' | 'bigint' | 'int';

export interface JsonUpdate {
  readonly table: keyof Database;
  /** Column name of `j` to its type, in the order of the values in a row. */
  readonly columns: Readonly<Record<string, JsonType>>;
  /** Arrays, not objects: SQLite reads them twice as fast. */
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Table column to SQL text; `j` is the JSON row. */
  readonly set: Readonly<Record<string, string>>;
  readonly where: RawBuilder<unknown>;
}

/** Bulk update with one JSON parameter: `update … from` on SQLite, `update … join` on MySQL. Answers how many rows changed. */
export async function updateFromJson(db: Kysely<Database>, update: JsonUpdate): Promise<number> {
  if (update.rows.length === 0) return 0;
  const json = JSON.stringify(update.rows);
  const columns = Object.entries(update.columns);
  const assignments = Object.entries(update.set);
  const table = sql.table(update.table);
  if (db.getExecutor().adapter instanceof SqliteAdapter) {
    const fields = sql.raw(columns.map(([name], i) => `json_extract(value, '$[${i}]') as ${name}`).join(', '));
    const set = sql.raw(assignments.map(([column, text]) => `${column} = ${text}`).join(', '));
    const source = sql`(select ${fields} from json_each(${json}))`;
    const result = await sql`update ${table} set ${set} from ${source} as j where ${update.where}`.execute(db);
    return Number(result.numAffectedRows ?? 0);
  }
  const fields = sql.raw(columns.map(([name, type], i) => `${name} ${type} path '$[${i}]'`).join(', '));
  const set = sql.raw(assignments.map(([column, text]) => `${update.table}.${column} = ${text}`).join(', '));
  const source = sql`json_table(${json}, '$[*]' columns (${fields}))`;
  const result = await sql`update ${table} join ${source} as j on ${update.where} set ${set}`.execute(db);
  return Number(result.numAffectedRows ?? 0);
}
