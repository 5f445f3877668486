import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '#shared/adapters/sql/open-database.ts';
import type { StorageFailure } from '#shared/adapters/sql/storage-failure.ts';

describe('a database that another process locks', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), '3t-lock-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A real second process; resolves once it has the lock. */
  async function holdFor(path: string, ms: number) {
    const text = `const { DatabaseSync } = require('node:sqlite');
      const db = new DatabaseSync(${JSON.stringify(path)}, { timeout: 5000 });
      db.exec('begin immediate');
      process.stdout.write('held');
      setTimeout(() => db.exec('rollback'), ${ms});`;
    const child = spawn(process.execPath, ['-e', text], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return { exit: once(child, 'exit') };
  }

  async function openAt(path: string, lockWaitMs: number) {
    const failures: StorageFailure[] = [];
    const waits: (number | null)[] = [];
    const db = await openSqlite({
      path,
      lockWaitMs,
      onFailure: (failure) => failures.push(failure),
      onLockWait: (waitedMs) => waits.push(waitedMs),
    });
    const insert = (name: string) => db.insertInto('installation').values({ name, value: 'x' }).execute();
    return { db, insert, failures, waits };
  }

  it('is waited for without blocking the process: statements and whole transactions go through afterwards', async () => {
    const path = join(dir, 'a.sqlite');
    const { db, insert, failures, waits } = await openAt(path, 30_000);
    const { exit } = await holdFor(path, 3_000);
    let beats = 0;
    const timer = setInterval(() => {
      beats += 1;
    }, 50);
    const both = [
      insert('alone'),
      db.transaction().execute(async (tx) => {
        await tx.selectFrom('installation').selectAll().execute();
        await tx.insertInto('installation').values({ name: 'within', value: 'x' }).execute();
      }),
    ];
    await Promise.all(both);
    clearInterval(timer);
    await exit;

    expect(beats, 'the page and the feed go on').toBeGreaterThan(20);
    expect(failures).toEqual([]);
    expect(Math.max(...waits.filter((wait) => wait !== null))).toBeGreaterThan(2_000);
    expect(waits.at(-1)).toBeNull();
    const names = await db.selectFrom('installation').select('name').where('value', '=', 'x').orderBy('name').execute();
    expect(names.map(({ name }) => name)).toEqual(['alone', 'within']);
    await db.destroy();
  }, 30_000);

  it('is given up after the time that is allowed, with SQLite’s own words', async () => {
    const path = join(dir, 'a.sqlite');
    const { db, insert, failures } = await openAt(path, 300);
    const holder = new DatabaseSync(path);
    holder.exec('begin immediate');
    await expect(insert('a')).rejects.toThrow('database is locked');
    expect(failures.map(({ reason }) => reason)).toEqual(['another process holds it']);
    holder.exec('rollback');
    holder.close();
    await db.destroy();
  });
});
