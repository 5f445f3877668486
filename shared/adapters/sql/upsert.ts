import { type Kysely, type RawBuilder, SqliteAdapter, sql } from 'kysely';

/** In `onDuplicateKeyUpdate`: the value that the insert tried to write (`values(c)`; SQLite: `excluded.c`). */
export const inserted = <T = never>(column: string): RawBuilder<T> => sql<T>`values(${sql.ref(column)})`;

/**
 * In `onDuplicateKeyUpdate`: the inserted value when `guard` is newer than the stored one, else the stored value.
 * MySQL runs assignments left to right and SQLite does not: assign the guard column last.
 */
export const insertedIfNewer = <T = never>(table: string, column: string, guard: string): RawBuilder<T> =>
  sql<T>`case when values(${sql.ref(guard)}) > ${sql.ref(`${table}.${guard}`)} then values(${sql.ref(column)}) else ${sql.ref(`${table}.${column}`)} end`;

/** Column types of a JSON row source, in MySQL's words. */
export type JsonColumn = 'text' | 'bigint' | 'int';

const MYSQL_TYPE: Record<JsonColumn, string> = { text: 'longtext', bigint: 'bigint', int: 'int' };

/**
 * Many rows in one parameter: a table source over a JSON array of objects, for bulk updates and set-based reads.
 * SQLite `json_each`, MySQL and MariaDB `json_table`. Money travels as text inside the JSON.
 *
 *   insert into t (a, b) select j.a, j.b from ${jsonRows(db, rows, { a: 'text', b: 'bigint' })} as j
 */
export function jsonRows<Row extends Record<string, unknown>>(
  db: Kysely<never> | { getExecutor(): { adapter: unknown } },
  rows: readonly Row[],
  columns: Readonly<Record<string, JsonColumn>>,
): RawBuilder<unknown> {
  const json = JSON.stringify(rows);
  const names = Object.keys(columns);
  if (db.getExecutor().adapter instanceof SqliteAdapter) {
    const fields = sql.join(
      names.map((n) => sql`json_extract(value, ${sql.lit(`$.${n}`)}) as ${sql.ref(n)}`),
      sql`, `,
    );
    return sql`(select ${fields} from json_each(${json}))`;
  }
  const fields = sql.join(
    names.map((n) => sql`${sql.ref(n)} ${sql.raw(MYSQL_TYPE[columns[n]!])} path ${sql.lit(`$.${n}`)}`),
    sql`, `,
  );
  return sql`json_table(${json}, '$[*]' columns (${fields}))`;
}
