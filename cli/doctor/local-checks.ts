import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { CommandContext } from '../context.ts';
import { CliFailure } from '../exit-codes.ts';
import { findPlatform } from '../platform-client.ts';
import type { Finding } from './finding.ts';

const FREE_BYTES_WARNING = 1024 ** 3;
const FREE_BYTES_MIN = 100 * 1024 ** 2;

/** The state folder, or the nearest parent that exists, must be writable and have room. */
export function checkDisk(stateDir: string): readonly Finding[] {
  let folder = resolve(stateDir);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const findings: Finding[] = [];
  try {
    accessSync(folder, constants.W_OK);
    findings.push({ check: 'state folder', verdict: 'ok', detail: `${resolve(stateDir)} is writable` });
  } catch {
    findings.push({ check: 'state folder', verdict: 'failed', detail: `${folder} cannot be written` });
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const verdict = free < FREE_BYTES_MIN ? 'failed' : free < FREE_BYTES_WARNING ? 'warning' : 'ok';
  findings.push({ check: 'disk', verdict, detail: `${(free / 1024 ** 3).toFixed(1)} GiB free` });
  return findings;
}

/** SQLite's own check, read-only, so that a running platform is not disturbed. */
export function checkDatabase(stateDir: string): Finding {
  const path = join(resolve(stateDir), 'platform.sqlite');
  if (!existsSync(path)) return { check: 'database', verdict: 'ok', detail: 'none yet: the first start makes it' };
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    const rows = db.prepare('pragma quick_check(5)').all() as { quick_check: string }[];
    const problems = rows.map((row) => row.quick_check).filter((text) => text !== 'ok');
    // What was written last stands beside the file.
    const bytes = [path, `${path}-wal`].reduce(
      (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    const size = `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
    return problems.length === 0
      ? { check: 'database', verdict: 'ok', detail: `${path}, ${size}` }
      : { check: 'database', verdict: 'failed', detail: `${path} is damaged: ${problems.join('; ')}` };
  } catch (error) {
    const detail = `${path}: ${error instanceof Error ? error.message : String(error)}`;
    return { check: 'database', verdict: 'failed', detail };
  } finally {
    db?.close();
  }
}

/** A platform that does not run is no fault; one that does not answer is. */
export async function checkPlatform(ctx: CommandContext): Promise<Finding> {
  const mark = findPlatform(ctx.stateDir);
  if (!mark) return { check: 'platform', verdict: 'warning', detail: `not running on ${resolve(ctx.stateDir)}` };
  const path = join(resolve(ctx.stateDir), 'platform.json');
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    return { check: 'platform', verdict: 'failed', detail: `${path} holds the token and others may read it` };
  }
  try {
    await ctx.platform().get('/health');
    const detail = `process ${mark.pid} answers on http://127.0.0.1:${mark.port}`;
    return { check: 'platform', verdict: 'ok', detail };
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return { check: 'platform', verdict: 'failed', detail: error.message };
  }
}

/** What the running platform itself finds wrong. Only a venue that refuses feed or key needs somebody now: the rest may be a start. */
export async function checkReadiness(ctx: CommandContext): Promise<readonly Finding[]> {
  const { readiness } = await ctx.platform().get<PlatformSnapshot>('/api/status');
  return (readiness?.checks ?? []).flatMap(({ check, ok, problem }): Finding[] =>
    problem === null
      ? []
      : [
          {
            check: `ready: ${check}`,
            verdict: !ok && (check === 'feed' || check === 'key') ? 'failed' : 'warning',
            detail: problem,
          },
        ],
  );
}

export function checkPort(port: number): Promise<Finding> {
  if (port === 0) return Promise.resolve({ check: 'port', verdict: 'ok', detail: 'any free port is taken' });
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      done({ check: 'port', verdict: 'failed', detail: `${port} cannot be used: ${error.code ?? error.message}` }),
    );
    server.listen(port, '127.0.0.1', () =>
      server.close(() => done({ check: 'port', verdict: 'ok', detail: `${port} is free` })),
    );
  });
}
