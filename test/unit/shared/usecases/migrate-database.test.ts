import { describe, expect, it } from 'vitest';
import type { DatabaseLogin } from '#shared/ports/schema-owner.ts';
import { SecretError, type Secrets } from '#shared/ports/secrets.ts';
import { migrateDatabase } from '#shared/usecases/migrate-database.ts';

const PASSWORD = 'abcdefghijklmnop';

function setUp(change: Partial<Record<DatabaseLogin['role'], Readonly<Record<string, string>>>> = {}) {
  const done: string[] = [];
  const secret = (role: DatabaseLogin['role']): Secrets => {
    const values = change[role] ?? { username: role, password: PASSWORD };
    return {
      get: async (name) => {
        if (values[name] === undefined) throw new SecretError(name, 'missing');
        return values[name];
      },
    };
  };
  const schema = {
    migrate: async () => {
      done.push('migrate');
      return ['0001'];
    },
    admit: async (logins: readonly DatabaseLogin[]) => {
      done.push(`admit ${logins.map((l) => l.role).join(' ')}`);
      return ['app: + SELECT on runs'];
    },
  };
  return {
    done,
    deps: { schema, secretsOf: { app: secret('app'), state: secret('state'), reader: secret('reader') } },
  };
}

describe('migrateDatabase', () => {
  it('changes the schema first and the users then', async () => {
    const { deps, done } = setUp();

    expect(await migrateDatabase(deps)).toEqual({ migrations: ['0001'], users: ['app: + SELECT on runs'] });

    expect(done).toEqual(['migrate', 'admit app state reader']);
  });

  it.each([
    ['a secret is incomplete', { reader: { username: 'reader' } }],
    ['a password would need quoting', { state: { username: 'state', password: "abcdefghijklmno'" } }],
    ['a password is short', { state: { username: 'state', password: 'abc' } }],
    ['a name would need quoting', { app: { username: "a'@'%", password: PASSWORD } }],
    ['two roles share a user', { reader: { username: 'app', password: PASSWORD } }],
  ])('changes nothing when %s, and quotes no password', async (_, change) => {
    const { deps, done } = setUp(change);

    const error = await migrateDatabase(deps).catch((thrown: Error) => thrown);

    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).not.toContain('abc');
    expect(done).toEqual([]);
  });
});
