import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Hono } from 'hono';
import { functionEnvironments } from '#config/function-environments.ts';
import { loadConfig } from '#config/load.ts';
import { exchangesOf } from '#config/venues.ts';
import { apiEnvSchema } from '#functions/api/env.ts';
import { errorAnswer, HttpError } from '#functions/api/http-error.ts';
import { readRoutes } from '#functions/api/routes/reads.ts';
import { openSqliteToRead } from '#shared/adapters/sql/open-database.ts';
import { sqlReadModel } from '#shared/adapters/sql/read-model.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { CliIo } from './cli-io.ts';
import { CliFailure, EXIT } from './exit-codes.ts';
import { PlatformClient } from './platform-client.ts';

/** What an answer rests on when no platform runs: with `--json` it stands in the answer. */
export interface StoredSource {
  readonly path: string;
  /** Newest sign of life in it; null when there is none. */
  readonly lastAtMs: number | null;
  readonly ageMs: number | null;
  /** A replay: its times are market times, and ages count from its end. */
  readonly replay: boolean;
}

/** Answers from the database of a platform that does not run, or of a finished replay, without writing to it. */
export interface StoredPlatform {
  readonly source: StoredSource;
  readonly client: PlatformClient;
  close(): Promise<void>;
}

/** Null where there is no database. Throws CliFailure when it cannot be read: it is damaged, or of another release. */
export async function openStored(stateDir: string, stage: string, io: CliIo): Promise<StoredPlatform | null> {
  const path = join(resolve(stateDir), 'platform.sqlite');
  if (!existsSync(path)) return null;
  const replay = existsSync(join(resolve(stateDir), 'replay.json'));
  const { config } = loadConfig({ stage });
  const settings = apiEnvSchema.parse(
    functionEnvironments({ config, holder: 'cli', seed: 1 }, exchangesOf(config)[0]).api,
  );
  try {
    const db = await openSqliteToRead(path);
    const readModel = sqlReadModel(db);
    // The account that was traded: the start may have been given other settings than the stage's.
    const traded = await db.selectFrom('account_snapshots').select('account').limit(1).executeTakeFirst();
    const env = { ...settings, ACCOUNT: traded?.account ?? settings.ACCOUNT };
    const { jobs } = await readModel.overview(env.EXCHANGE, env.ACCOUNT);
    const lastAtMs = jobs.length === 0 ? null : Math.max(...jobs.map((job) => job.lastOkMs));
    const nowMs = replay ? (lastAtMs ?? io.nowMs()) : io.nowMs();
    const clock = { ...systemClock, nowMs: () => nowMs };
    const app = new Hono();
    app.route('/api', readRoutes({ clock, readModel, systemState: sqlSystemStateRepository(db) }, env));
    app.onError((error, c) =>
      errorAnswer(c, error instanceof HttpError ? error : new HttpError(500, 'database-unreadable', error.message)),
    );
    const ageMs = lastAtMs === null ? null : Math.max(0, io.nowMs() - lastAtMs);
    const unreachable = (cause: string) => new CliFailure(EXIT.failed, 'database-unreadable', `${path}: ${cause}`);
    const fetch = async (url: string | URL) => app.request(String(url));
    const client = new PlatformClient({ origin: 'http://stored', token: null, fetch, unreachable }, io);
    return { source: { path, lastAtMs, ageMs, replay }, client, close: () => db.destroy() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFailure(
      EXIT.failed,
      'database-unreadable',
      `3T is not running, and its database ${path} cannot be read: ${why}`,
    );
  }
}
