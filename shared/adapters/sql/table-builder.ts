import { type ColumnDataType, type Kysely, SqliteAdapter, sql } from 'kysely';

type BaseKind = 'auto' | 'name' | 'key' | 'text' | 'int' | 'bigint' | 'money';
/** Column kinds of the common subset of MySQL and SQLite; a trailing `?` allows null. */
export type ColumnKind = BaseKind | `${Exclude<BaseKind, 'auto'>}?`;

/** MySQL types. The SQLite compiler maps them to affinities that keep decimals as text. */
const TYPES: Record<BaseKind, ColumnDataType> = {
  auto: 'integer',
  name: 'varchar(64)',
  key: 'varchar(190)',
  text: 'text',
  int: 'integer',
  bigint: 'bigint',
  money: 'decimal(38, 18)',
};

export interface TableSpec {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnKind>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
}

/**
 * MySQL's own collations take `kPEPE` and `KPEPE`, two symbols of a venue, for one; this one compares and sorts as SQLite does.
 * It also wins over the collation of parameters and JSON columns, which are the session's.
 */
const MYSQL_TABLE = sql`engine = innodb default character set utf8mb4 collate utf8mb4_bin`;

const nameOf = (table: string, kind: 'uq' | 'ix', columns: readonly string[]): string =>
  `${table}_${kind}_${columns.join('_')}`.slice(0, 60);

function readKind(kind: ColumnKind) {
  const nullable = kind.endsWith('?');
  const base = (nullable ? kind.slice(0, -1) : kind) as BaseKind;
  return { base, nullable, type: base === 'text' ? sql`longtext` : TYPES[base] };
}

/**
 * Creates a table and its indexes, unless they exist: a migration that was cut off may run again. On MySQL, whose DDL is no part
 * of a transaction, that is one statement: a table is never there without its indexes.
 */
export async function createTable(db: Kysely<unknown>, spec: TableSpec): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  let builder = db.schema.createTable(spec.name).ifNotExists();
  for (const [column, kind] of Object.entries(spec.columns)) {
    const { base, nullable, type } = readKind(kind);
    builder = builder.addColumn(column, type, (c) => {
      if (base === 'auto') return c.autoIncrement().primaryKey();
      return nullable ? c : c.notNull();
    });
  }
  if (spec.columns[spec.primaryKey[0]!] !== 'auto') {
    builder = builder.addPrimaryKeyConstraint(`${spec.name}_pk`, spec.primaryKey as never);
  }
  for (const columns of spec.unique ?? []) {
    builder = builder.addUniqueConstraint(nameOf(spec.name, 'uq', columns), columns as never);
  }
  if (!isSqlite) {
    for (const columns of spec.indexes ?? []) {
      builder = builder.addIndex(nameOf(spec.name, 'ix', columns), columns as never);
    }
    await builder.modifyEnd(MYSQL_TABLE).execute();
    return;
  }
  await builder.execute();
  for (const columns of spec.indexes ?? []) {
    await db.schema
      .createIndex(nameOf(spec.name, 'ix', columns))
      .ifNotExists()
      .on(spec.name)
      .columns(columns as string[])
      .execute();
  }
}

/**
 * Adds the columns that the table lacks: a migration that was cut off may run again. They allow null, because the release before goes on
 * writing rows without them.
 */
export async function addColumns(
  db: Kysely<unknown>,
  table: string,
  columns: Readonly<Record<string, Extract<ColumnKind, `${string}?`>>>,
): Promise<void> {
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  const { rows } = await (isSqlite
    ? sql<{ name: string }>`select name from pragma_table_info(${table})`
    : sql<{ name: string }>`
        select column_name as name from information_schema.columns
        where table_schema = database() and table_name = ${table}`
  ).execute(db);
  const there = new Set(rows.map((row) => row.name));
  for (const [column, kind] of Object.entries(columns)) {
    if (!there.has(column)) await db.schema.alterTable(table).addColumn(column, readKind(kind).type).execute();
  }
}
