import type { MiddlewareHandler } from 'hono';
import type { ApiDeps } from './deps.ts';
import { HttpError } from './http-error.ts';

const LOOK_EVERY_MS = 100;

const locked = (waitedMs: number): HttpError => {
  const message = `another process has held the database for ${Math.round(waitedMs / 1000)} s: everything waits for it, orders too`;
  return new HttpError(503, 'database-locked', message, { waitedMs: Math.round(waitedMs) });
};

/**
 * Answers 503 while the database is locked by another process: what asks it would wait as long. A question that is under way when that
 * begins is answered so as well; a command is not, for it is carried out once the database answers, and its answer says how.
 */
export function whileDatabaseAnswers({ databaseWaitMs, wallClock }: ApiDeps): MiddlewareHandler {
  return async (c, next) => {
    const waitedMs = databaseWaitMs?.() ?? null;
    if (waitedMs !== null) throw locked(waitedMs);
    if (databaseWaitMs === undefined || c.req.method !== 'GET') return next();
    let isOver = false;
    const answer = next().finally(() => {
      isOver = true;
    });
    const lock = async (): Promise<void> => {
      while (!isOver) {
        await wallClock.sleep(LOOK_EVERY_MS);
        const nowWaitedMs = databaseWaitMs();
        if (!isOver && nowWaitedMs !== null) throw locked(nowWaitedMs);
      }
    };
    const noticed = lock();
    // Whichever loses has nothing more to say.
    for (const loser of [answer, noticed]) loser.catch(() => {});
    await Promise.race([answer, noticed]);
  };
}
