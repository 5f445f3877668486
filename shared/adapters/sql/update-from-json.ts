import { CompiledQuery, type Kysely, SqliteAdapter } from 'kysely';
import type { Database } from './database.ts';
import { inRequests } from './request-chunks.ts';

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
  /**
   * SQL text; `j` is the JSON row. Compares every column of the key with one of `j`: with a constant in it, SQLite goes through
   * the table first and reads the whole JSON again for each of its rows.
   */
  readonly where: string;
}

/**
 * Bulk update with one JSON parameter: `update … from` on SQLite, `update … join` on MySQL. Answers how many rows changed. Among
 * the busiest writes of the platform, so the statement is written here and not built; a single row on SQLite goes without JSON.
 */
export async function updateFromJson(db: Kysely<Database>, update: JsonUpdate): Promise<number> {
  const { rows, table, where } = update;
  const [only] = rows;
  if (only === undefined) return 0;
  const columns = Object.entries(update.columns);
  const assignments = Object.entries(update.set);
  if (db.getExecutor().adapter instanceof SqliteAdapter) {
    const set = assignments.map(([column, text]) => `${column} = ${text}`).join(', ');
    const isSingle = rows.length === 1;
    const source = isSingle
      ? `select ${columns.map(([name]) => `? as ${name}`).join(', ')}`
      : `select ${columns.map(([name], i) => `json_extract(value, '$[${i}]') as ${name}`).join(', ')} from json_each(?)`;
    const text = `update ${table} set ${set} from (${source}) as j where ${where}`;
    return changedRows(db, text, isSingle ? only : [JSON.stringify(rows)]);
  }
  const fields = columns.map(([name, type], i) => `${name} ${type} path '$[${i}]'`).join(', ');
  const set = assignments.map(([column, text]) => `${table}.${column} = ${text}`).join(', ');
  const text = `update ${table} join json_table(?, '$[*]' columns (${fields})) as j on ${where} set ${set}`;
  let changed = 0;
  for (const chunk of inRequests(db, rows)) changed += await changedRows(db, text, [JSON.stringify(chunk)]);
  return changed;
}

async function changedRows(db: Kysely<Database>, text: string, parameters: readonly unknown[]): Promise<number> {
  const result = await db.executeQuery(CompiledQuery.raw(text, [...parameters]));
  return Number(result.numAffectedRows ?? 0);
}
