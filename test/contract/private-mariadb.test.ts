import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ExecuteStatementCommand } from '@aws-sdk/client-rds-data';
import { createConnection } from 'mysql2/promise';
import { afterEach, describe, expect, it } from 'vitest';
import { MariadbMissing, startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';
import { isAlive } from '#local/state-directory.ts';
import { dataApiClient, noMariadb, RESOURCE_ARN, SECRET_ARN } from '#test/support/data-api.ts';
import { removeDir, tempDir } from '#test/support/replay-process.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'local', 'rds-data-api', 'main.ts');
const path = process.env.PATH ?? '';

it('a private MariaDB says what to install where there is none', async () => {
  const parentDir = tempDir();
  const work = startPrivateMariadb({ path: '/nowhere', programDirs: [], parentDir });

  await expect(work).rejects.toThrow(MariadbMissing);
  await expect(work).rejects.toThrow('apt-get install mariadb-server');
  expect(readdirSync(parentDir)).toEqual([]);
  removeDir(parentDir);
});

describe.skipIf(noMariadb)('a private MariaDB', () => {
  const dirs: string[] = [];
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const dir of dirs.splice(0)) removeDir(dir);
  });
  const newDir = () => {
    dirs.push(tempDir());
    return dirs.at(-1)!;
  };
  const gone = async (pid: number, dir: string) => {
    while (isAlive(pid) || existsSync(dir)) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('answers through its socket only, as strict as Aurora may be, and leaves nothing behind', async () => {
    const parentDir = newDir();
    const mariadb = await startPrivateMariadb({ path, parentDir });
    const connection = await createConnection({ socketPath: mariadb.socketPath, user: mariadb.user });
    const [rows] = await connection.query(
      'select @@sql_mode as mode, @@tx_isolation as isolation, @@skip_networking as deaf',
    );
    await connection.end();
    await mariadb.stop();
    await mariadb.stop();

    expect(rows).toMatchObject([
      { mode: expect.stringContaining('ONLY_FULL_GROUP_BY'), isolation: 'REPEATABLE-READ', deaf: 1 },
    ]);
    expect(isAlive(mariadb.pid)).toBe(false);
    expect(readdirSync(parentDir)).toEqual([]);
  });

  async function startMain(): Promise<{ child: ChildProcess; url: string; socketPath: string; pid: number }> {
    const child = spawn(process.execPath, [MAIN, '--database', 'db'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: newDir() },
    });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const { url, socketPath } = JSON.parse(line) as { url: string; socketPath: string };
    const connection = await createConnection({ socketPath, user: 'root' });
    const [rows] = await connection.query('select @@pid_file as file');
    await connection.end();
    return { child, url, socketPath, pid: Number(readFileSync((rows as { file: string }[])[0]!.file, 'utf8')) };
  }

  it('serves the Data API as a process of its own until it is asked to end', async () => {
    const { child, url, socketPath, pid } = await startMain();
    const client = dataApiClient(url);
    const target = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN, database: 'db' };
    const { records } = await client.send(new ExecuteStatementCommand({ ...target, sql: 'select database()' }));
    client.destroy();
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];

    expect([records, code]).toEqual([[[{ stringValue: 'db' }]], 0]);
    await gone(pid, dirname(socketPath));
  });

  it('ends with its owner, even when that is killed', async () => {
    const { child, socketPath, pid } = await startMain();
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');

    await gone(pid, dirname(socketPath));
  });
});
