import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { systemClock } from '#shared/adapters/system/system-clock.ts';

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
const STOP_TIMEOUT_MS = 5_000;
/** What the server says while it starts, for the error when it does not. */
const OUTPUT_LENGTH_MAX = 4_000;
const SBIN = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/**
 * Runs the server until this process's end of a pipe closes, which it does however this process dies, and removes its folder.
 * `$0` is the folder, the rest the command.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill "$server"; } 2>/dev/null &
exec 3<&-
wait "$server"
rm -rf "$0"
`;

/** As strict as Aurora MySQL may be configured, so that no query passes here that fails there. */
const SQL_MODE = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO';

export interface MariadbPrograms {
  readonly server: string;
  readonly install: string;
}

export interface PrivateMariadb {
  /** Everything of the instance lies below; removed by `stop`. */
  readonly dir: string;
  readonly socketPath: string;
  /** Without a password, and only through the socket. */
  readonly user: 'root';
  readonly pid: number;
  /** Ends the server and removes its files. May be called again. */
  stop(): Promise<void>;
}

/** Says what to install. */
export class MariadbMissing extends Error {}

/** Debian's mariadb-server, or another MariaDB on the path; null without one. */
export function findMariadb(path: string, beside: readonly string[] = SBIN): MariadbPrograms | null {
  const dirs = [...path.split(delimiter), ...beside];
  const server = find(dirs, ['mariadbd', 'mysqld']);
  const install = find(dirs, ['mariadb-install-db']);
  return server && install ? { server, install } : null;
}

function find(dirs: readonly string[], names: readonly string[]): string | null {
  for (const name of names) {
    for (const dir of dirs) {
      const file = join(dir, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {}
    }
  }
  return null;
}

export interface PrivateMariadbOptions {
  /** `PATH` of the process. */
  readonly path: string;
  /** Where programs may be that are not on the path; the usual places by default. */
  readonly programDirs?: readonly string[];
  /** Where its folder is made; the system's temporary folder by default. A socket's path may have 107 characters. */
  readonly parentDir?: string;
}

/**
 * Starts an instance of its own in a new folder, reachable through a socket there and nowhere else. It survives nothing: no
 * write is forced to disk. Takes about a second. Throws MariadbMissing, or what the server said when it did not start.
 */
export async function startPrivateMariadb(options: PrivateMariadbOptions): Promise<PrivateMariadb> {
  const programs = findMariadb(options.path, options.programDirs);
  if (!programs) {
    throw new MariadbMissing('no MariaDB found; install it (Debian, Ubuntu: apt-get install mariadb-server)');
  }
  const dir = mkdtempSync(join(options.parentDir ?? tmpdir(), '3t-mariadb-'));
  try {
    await installFiles(programs, dir);
    return await startServer(programs, dir);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

/** The server refuses to run as root unless told to. */
const asUser = (): string[] => (process.getuid?.() === 0 ? ['--user=root'] : []);
const common = (dir: string): string[] => [
  '--no-defaults',
  ...asUser(),
  `--datadir=${join(dir, 'data')}`,
  '--innodb-log-file-size=8M',
];

async function installFiles(programs: MariadbPrograms, dir: string): Promise<void> {
  await promisify(execFile)(programs.install, [
    ...common(dir),
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
  ]);
}

async function startServer(programs: MariadbPrograms, dir: string): Promise<PrivateMariadb> {
  const socketPath = join(dir, 'mariadb.sock');
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      GUARD,
      dir,
      programs.server,
      ...common(dir),
      `--socket=${socketPath}`,
      `--pid-file=${join(dir, 'mariadb.pid')}`,
      '--skip-networking',
      '--skip-log-bin',
      '--character-set-server=utf8mb4',
      `--sql-mode=${SQL_MODE}`,
      '--max-allowed-packet=64M',
      '--innodb-buffer-pool-size=64M',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-flush-method=nosync',
      '--innodb-doublewrite=0',
      '--innodb-lock-wait-timeout=20',
      '--performance-schema=0',
    ],
    // A group of its own: Ctrl-C reaches whoever owns it, and what still uses the database ends first.
    { stdio: ['pipe', 'ignore', 'pipe'], detached: true },
  );
  let output = '';
  child.stderr?.on('data', (chunk) => {
    output = `${output}${chunk}`.slice(-OUTPUT_LENGTH_MAX);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      output += String(error);
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    await end(child, ended);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await untilReady(socketPath, child, () => output);
  } catch (error) {
    await stop();
    throw error;
  }
  const pid = Number(readFileSync(join(dir, 'mariadb.pid'), 'utf8'));
  return { dir, socketPath, user: 'root', pid, stop };
}

async function untilReady(socketPath: string, child: ChildProcess, output: () => string): Promise<void> {
  const untilMs = systemClock.nowMs() + READY_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`MariaDB did not start:\n${output()}`);
    if (existsSync(socketPath) && (await answers(socketPath))) return;
    if (systemClock.nowMs() > untilMs) throw new Error(`MariaDB was not ready in ${READY_TIMEOUT_MS} ms:\n${output()}`);
    await systemClock.sleep(POLL_MS);
  }
}

async function answers(socketPath: string): Promise<boolean> {
  try {
    const connection = await createConnection({ socketPath, user: 'root' });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  const patience = systemClock.setTimer(STOP_TIMEOUT_MS, () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // Gone in the meantime.
    }
  });
  await ended;
  patience.cancel();
}
