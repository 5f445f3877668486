import type { DatabaseLogin, SchemaOwner } from '#shared/ports/schema-owner.ts';
import type { Secrets } from '#shared/ports/secrets.ts';

export interface MigrateDatabaseDeps {
  readonly schema: SchemaOwner;
  /** Each role's own secret, which holds `username` and `password`. */
  readonly secretsOf: Readonly<Record<DatabaseLogin['role'], Secrets>>;
}

export interface MigrateDatabaseFacts {
  /** Names of the migrations that were missing. */
  readonly migrations: readonly string[];
  /** Changes of users and rights, in words. */
  readonly users: readonly string[];
}

const ROLES = ['app', 'state', 'reader'] as const;

/** Names and passwords end in statements, where nothing can be bound: only what needs no quoting passes. */
const USERNAME = /^[a-z][a-z0-9_]{0,31}$/;
const PASSWORD = /^[A-Za-z0-9]{16,128}$/;

/** Schema first, then the users that work on it. Every step may be repeated; the passwords are those of the secrets afterwards. */
export async function migrateDatabase({ schema, secretsOf }: MigrateDatabaseDeps): Promise<MigrateDatabaseFacts> {
  // All read before anything changes: a missing secret must not leave half of the users behind.
  const logins: DatabaseLogin[] = [];
  for (const role of ROLES) logins.push(await readLogin(role, secretsOf[role]));
  if (new Set(logins.map((l) => l.username)).size < logins.length) {
    throw new Error('two roles have the same database user; each needs its own');
  }
  const migrations = await schema.migrate();
  return { migrations, users: await schema.admit(logins) };
}

async function readLogin(role: DatabaseLogin['role'], secrets: Secrets): Promise<DatabaseLogin> {
  const username = await secrets.get('username');
  const password = await secrets.get('password');
  if (!USERNAME.test(username))
    throw new Error(`the user name of role ${role} must be lower-case letters, digits and _`);
  if (!PASSWORD.test(password)) throw new Error(`the password of role ${role} must be 16 to 128 letters and digits`);
  return { role, username, password };
}
