import { afterEach, describe, expect, it } from 'vitest';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { newRunCache, stepRuns } from '#shared/usecases/step-runs.ts';
import { aBundle, aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';
import { runsRepositoryContract } from './runs-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});
const open = async () => {
  const db = await openSqlite({ path: ':memory:' });
  opened.push(db);
  return db;
};

runsRepositoryContract('sqlite', async () => new SqlRunsRepository(await open()));

describe('statements of a step on SQLite', () => {
  it.each([[2], [200]])('are the same number for %i runs', async (count) => {
    const db = await open();
    let statements = 0;
    const counted = db.withPlugin({
      transformQuery: ({ node }) => {
        statements++;
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const runs = new SqlRunsRepository(counted);
    await runs.createRuns(
      'sim',
      Array.from({ length: count }, (_, i) => aNewRun(i)),
      RUNS_START_MS,
    );
    const deps = { runs, cache: newRunCache() };
    await stepRuns(deps, { bundles: [aBundle([100, 101, 102])], livePnlAboveMicros: 0 });
    statements = 0;
    const warm = aBundle([103, 104, 105], { fromMs: RUNS_START_MS + 60_000, firstId: 3 });
    await stepRuns(deps, { bundles: [warm], livePnlAboveMicros: 0 });
    expect(statements, 'cohort, states, freshness').toBe(3);
  });
});
