import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '#shared/adapters/sql/open-database.ts';
import { type StorageFailure, storageFailure } from '#shared/adapters/sql/storage-failure.ts';

const errorOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
};

describe('storageFailure', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), '3t-storage-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('names a full disk', () => {
    const db = new DatabaseSync(join(dir, 'a.sqlite'));
    db.exec('pragma max_page_count = 3; create table t (x)');

    const error = errorOf(() => db.prepare('insert into t values (zeroblob(100000))').run());

    expect(storageFailure(error)).toEqual({ reason: 'the disk is full', message: 'database or disk is full' });
  });

  it('names a lock of another connection', () => {
    const path = join(dir, 'a.sqlite');
    const holder = new DatabaseSync(path);
    holder.exec('begin exclusive');

    const error = errorOf(() => new DatabaseSync(path).exec('create table t (x)'));

    expect(storageFailure(error)).toEqual({ reason: 'another process holds it', message: 'database is locked' });
  });

  it('names a file that is no database', () => {
    const path = join(dir, 'a.sqlite');
    writeFileSync(path, 'x'.repeat(5_000));

    const error = errorOf(() => new DatabaseSync(path).exec('create table t (x)'));

    expect(storageFailure(error)?.reason).toBe('it is not a database');
  });

  it.each([
    ['a constraint', 'create table t (x primary key); insert into t values (1); insert into t values (1)'],
    ['wrong SQL', 'selec 1'],
  ])('says nothing of %s', (_, text) => {
    const error = errorOf(() => new DatabaseSync(':memory:').exec(text));

    expect(storageFailure(error)).toBeNull();
  });

  it('says nothing of what is no error of SQLite', () => {
    expect([new Error('x'), null, 'x', { code: 'ENOSPC' }].map(storageFailure)).toEqual([null, null, null, null]);
  });

  it('is told of failing statements by an open database, and of the faults of statements not', async () => {
    const failures: StorageFailure[] = [];
    const path = join(dir, 'a.sqlite');
    const db = await openSqlite({ path, busyTimeoutMs: 10, onFailure: (failure) => failures.push(failure) });
    const holder = new DatabaseSync(path);

    await sql`insert into no_such_table values (1)`.execute(db).catch(() => {});
    expect(failures).toEqual([]);
    holder.exec('begin immediate');
    const write = sql`insert into installation (name, value) values ('a', 'b')`.execute(db);

    await expect(write).rejects.toThrow('database is locked');
    expect(failures.map((failure) => failure.reason)).toEqual(['another process holds it']);
    holder.close();
    await db.destroy();
  });
});
