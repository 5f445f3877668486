import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { sqliteDialectOver } from '#shared/adapters/sql/sqlite-dialect.ts';
import { newRunCache, stepRuns } from '#shared/usecases/step-runs.ts';
import { aBundle, aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { runsRepositoryContract } from './runs-repository.contract.ts';

const opened: Db[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.destroy();
});

onEachDatabase(
  ({ name, open }) => {
    runsRepositoryContract(name, async () => new SqlRunsRepository(await open()));

    it.each([[2], [200]])(`needs the same number of statements on ${name} for a step of %i runs`, async (count) => {
      const db = await open();
      let statements = 0;
      const counted = db.withPlugin({
        transformQuery: ({ node }) => node,
        // Of the result: statements that were not built by Kysely count too.
        transformResult: async ({ result }) => {
          statements++;
          return result;
        },
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
  },
  { looksAtCounts: true },
);

describe('statements of a step on SQLite', () => {
  it('find every row by its whole key, so that a save does not grow with the square of its cohorts', async () => {
    const handle = new DatabaseSync(':memory:');
    const texts = new Set<string>();
    const prepare = handle.prepare.bind(handle);
    handle.prepare = (text) => {
      texts.add(text);
      return prepare(text);
    };
    const db: Db = new Kysely<Database>({ dialect: sqliteDialectOver(() => handle) });
    opened.push(db);
    await migrate(db as Kysely<unknown>);
    const runs = new SqlRunsRepository(db);
    const symbols = ['A/USDC:USDC', 'B/USDC:USDC'];
    const plans = symbols.map((symbol, i) => ({ ...aNewRun(i), symbol }));
    await runs.createRuns('sim', plans, RUNS_START_MS);
    texts.clear();

    const bundles = symbols.map((symbol) => ({ ...aBundle([100, 101, 102]), symbol }));
    await stepRuns({ runs, cache: newRunCache() }, { bundles, livePnlAboveMicros: 0 });

    const updates = [...texts].filter((text) => text.startsWith('update run'));
    expect(updates.some((text) => text.includes('json_each'))).toBe(true);
    for (const text of updates) {
      const plan = prepare(`explain query plan ${text}`).all(
        ...(Array(text.split('?').length - 1).fill('[]') as never[]),
      );
      const details = plan.map((row) => String(row.detail));
      const target = details.find((detail) => /\b(run_cohorts|runs)\b/.test(detail));
      expect(target, text).toMatch(/\((exchange=\? AND symbol=\?.*|rowid=\?)\)$/);
    }
  });
});
