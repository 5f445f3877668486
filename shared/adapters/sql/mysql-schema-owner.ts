import { type Kysely, sql } from 'kysely';
import type { DatabaseLogin, SchemaOwner } from '#shared/ports/schema-owner.ts';
import type { Db } from './open-database.ts';

/** Written by the role `state` alone. */
const STATE_TABLES = ['system_state', 'system_state_audit'];
/** Written by `migrate` alone. */
const SCHEMA_TABLES = ['schema_migrations'];
const WRITES = ['INSERT', 'UPDATE', 'DELETE'];
const NAME = /^[A-Za-z0-9_]{1,64}$/;

/** The rights of a role on one table. `state` deletes nothing: the state's history is an audit. */
function rightsOn(role: DatabaseLogin['role'], table: string): readonly string[] {
  if (role === 'state' && STATE_TABLES.includes(table)) return ['SELECT', 'INSERT', 'UPDATE'];
  const writes = role === 'app' && !STATE_TABLES.includes(table) && !SCHEMA_TABLES.includes(table);
  return writes ? ['SELECT', ...WRITES] : ['SELECT'];
}

/** The schema of a MySQL database and its users; `migrate` is given, because it depends on how the database locks. */
export function mysqlSchemaOwner(db: Db, migrate: () => Promise<readonly string[]>): SchemaOwner {
  const untyped = db as unknown as Kysely<unknown>;
  const run = (text: string) => sql.raw(text).execute(untyped);

  return {
    migrate,

    async admit(logins) {
      const tables = await sql<{ name: string; owner: string }>`
        select table_name as name, table_schema as owner from information_schema.tables
        where table_schema = database() and table_type = 'BASE TABLE' order by table_name`.execute(untyped);
      const changes: string[] = [];
      for (const { role, username, password } of logins) {
        const user = `'${username}'@'%'`;
        await run(`create user if not exists ${user} identified by '${password}'`);
        await run(`alter user ${user} identified by '${password}'`);
        const held = await sql<{ name: string; right: string }>`
          select table_name as name, privilege_type as \`right\` from information_schema.table_privileges
          where table_schema = database() and grantee = ${user}`.execute(untyped);
        for (const { name, owner } of tables.rows) {
          if (!NAME.test(name) || !NAME.test(owner))
            throw new Error(`the table ${owner}.${name} has a name that needs quoting`);
          const wanted = rightsOn(role, name);
          const has = held.rows.filter((h) => h.name === name).map((h) => h.right.toUpperCase());
          const missing = wanted.filter((right) => !has.includes(right));
          const extra = has.filter((right) => !wanted.includes(right));
          if (missing.length > 0) await run(`grant ${missing.join(', ')} on ${owner}.${name} to ${user}`);
          if (extra.length > 0) await run(`revoke ${extra.join(', ')} on ${owner}.${name} from ${user}`);
          if (missing.length > 0) changes.push(`${username}: + ${missing.join(', ')} on ${name}`);
          if (extra.length > 0) changes.push(`${username}: - ${extra.join(', ')} on ${name}`);
        }
      }
      return changes;
    },
  };
}
