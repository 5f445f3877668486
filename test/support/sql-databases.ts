import { Kysely, type LogEvent } from 'kysely';
import { afterAll, afterEach, describe } from 'vitest';
import type { DataApiOptions } from '#shared/adapters/sql/data-api/data-api-calls.ts';
import { dataApiDialect } from '#shared/adapters/sql/data-api/data-api-dialect.ts';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { type DataApiUnderTest, noMariadb, RESOURCE_ARN, SECRET_ARN, startDataApi } from './data-api.ts';
import { memoryDatabase } from './memory-database.ts';

type OnStatement = (text: string) => void;

export interface SqlUnderTest {
  readonly name: 'sqlite' | 'mysql';
  /** An empty database with today's schema, closed after the test; says the text of each statement that is not about a transaction. */
  open(onStatement?: OnStatement): Promise<Db>;
}

/**
 * Registers the same tests on SQLite and on MySQL (MariaDB behind the Data API). Nobody documents whether the Data API counts the
 * rows that an update found or those that it changed: stores that look at the count are tested with both.
 */
export function onEachDatabase(
  register: (database: SqlUnderTest) => void,
  { looksAtCounts = false }: { readonly looksAtCounts?: boolean } = {},
): void {
  register(sqlite());
  describe.skipIf(noMariadb)('on MariaDB through the Data API', () => register(mysql('found')));
  if (!looksAtCounts) return;
  describe.skipIf(noMariadb)('on MariaDB that counts changed rows', () => register(mysql('changed')));
}

const sqlite = (): SqlUnderTest => ({
  name: 'sqlite',
  open: async (onStatement) => memoryDatabase(logTo(onStatement)),
});

/** Making tables takes far longer than emptying them: a file's databases are used again. */
function mysql(counts: 'found' | 'changed'): SqlUnderTest {
  let started: Promise<DataApiUnderTest> | null = null;
  const free: string[] = [];
  const inUse: string[] = [];
  afterEach(async () => {
    if (started === null) return;
    const { mysql: connection } = await started;
    for (const name of inUse.splice(0)) {
      await empty(connection, name);
      free.push(name);
    }
  });
  afterAll(async () => (await started)?.end());
  return {
    name: 'mysql',
    open: async (onStatement) => {
      started ??= startDataApi({ counts });
      const under = await started;
      const known = free.pop();
      const name = known ?? (await under.newDatabase());
      inUse.push(name);
      const db = dataApiDb(under, name, onStatement);
      if (known === undefined) await migrate(db as Kysely<unknown>);
      return db;
    },
  };
}

export const dataApiDb = (
  { client }: Pick<DataApiUnderTest, 'client'>,
  database: string,
  onStatement?: OnStatement,
  more: Partial<DataApiOptions> = {},
): Db => {
  const options = { client, resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN, database, clock: systemClock, ...more };
  return new Kysely<Database>({ dialect: dataApiDialect(options), ...logTo(onStatement) });
};

const logTo = (onStatement: OnStatement | undefined) =>
  onStatement === undefined
    ? {}
    : {
        log: ({ query }: LogEvent) => {
          if (!/^(begin|commit|rollback)\b/.test(query.sql)) onStatement(query.sql);
        },
      };

async function empty(connection: DataApiUnderTest['mysql'], database: string): Promise<void> {
  const [rows] = await connection.query(
    'select table_name as name from information_schema.tables where table_schema = ?',
    [database],
  );
  const tables = (rows as { name: string }[]).map(({ name }) => name).filter((name) => name !== 'schema_migrations');
  // Ids begin at 1 again.
  const statements = tables.map(
    (name) => `${name === 'runs' ? 'truncate' : 'delete from'} \`${database}\`.\`${name}\``,
  );
  await connection.query(statements.join(';'));
}
