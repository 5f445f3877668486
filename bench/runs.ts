/**
 * Steps per second of the step-runs use case on one core: `npm exec -c 'node bench/runs.ts'`, `--json` for one JSON line.
 * A step is one run moved over one trade. Three rows over the same trades: the bare strategy loop (the bound), the use case
 * as a warm handler calls it, and the use case cold, where every batch loads, decodes, steps, encodes and saves.
 */
import { openSqlite } from '#shared/adapters/sql/open-database.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { planPopulation } from '#shared/core/runs/plan-population.ts';
import { providenceSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { decodeRunPlan } from '#shared/core/runs/run-params.ts';
import { seededDraw } from '#shared/core/runs/seeded-draw.ts';
import type { MarketBundle } from '#shared/messages/market-bundle.ts';
import { newRunCache, stepRuns } from '#shared/usecases/step-runs.ts';

const RUNS = 100;
const BATCH_TICKS = 10;
const BATCHES = 2_500;
const ROUNDS = 3;
const START_MS = Date.UTC(2026, 0, 5);
const SYMBOL = 'BTC/USDC:USDC';

/** A seeded random walk, one trade every 5 s: twelve trades a bar, so bars close in most batches. */
function batches(): MarketBundle[] {
  const { next } = seededDraw('bench');
  let price = 46_000;
  let trade = 0;
  return Array.from({ length: BATCHES }, () => ({
    v: 1,
    type: 'trades',
    exchange: 'sim',
    symbol: SYMBOL,
    items: Array.from({ length: BATCH_TICKS }, () => {
      price *= 1 + (next() - 0.5) * 0.001;
      trade++;
      return { id: `${trade}`, px: price.toFixed(1), sz: '0.01', side: 'buy', t: START_MS + trade * 5_000 };
    }),
    trace: { correlationId: 'bench', bornAtMs: START_MS },
  }));
}

// Runs that never end: every batch steps all of them.
const settings = providenceSettingsSchema.parse({
  desired_run_count: RUNS,
  min_duration_s: 31_557_600,
  max_duration_s: 31_557_600,
  max_direction_reversal_divisor: 1,
  apr_target: 1e9,
});
const population = planPopulation({
  exchange: 'sim',
  slotMs: START_MS,
  nowMs: START_MS,
  symbols: [{ symbol: SYMBOL, leverage: 40 }],
  liveRuns: new Map(),
  settings,
});

function bareLoop(bundles: readonly MarketBundle[]): void {
  const runs = population.newRuns.map((run) => {
    const plan = decodeRunPlan(run.strategy, run.paramsJson)!;
    return { plan, state: plan.definition.init(plan.strategy) };
  });
  for (const bundle of bundles) {
    for (const run of runs) {
      const { definition, strategy } = run.plan;
      for (const item of bundle.items) {
        run.state = definition.step(strategy, run.state, {
          kind: 'tick',
          timeMs: item.t,
          price: Number(item.px),
        }).state;
      }
      const close = Number(bundle.items.at(-1)!.px);
      const bar = { kind: 'bar', openTimeMs: 0, open: close, high: close, low: close, close } as const;
      run.state = definition.step(strategy, run.state, bar).state;
    }
  }
}

async function useCase(bundles: readonly MarketBundle[], warm: boolean): Promise<void> {
  const db = await openSqlite({ path: ':memory:' });
  const runs = new SqlRunsRepository(db);
  await runs.createRuns('sim', population.newRuns, START_MS);
  let deps = { runs, cache: newRunCache() };
  let steps = 0;
  for (const bundle of bundles) {
    // Cold: the cohort is read and decoded anew; parameters, which never change, stay parsed.
    if (!warm) deps = { runs, cache: { ...newRunCache(), plans: deps.cache.plans } };
    steps += (await stepRuns(deps, { bundles: [bundle], livePnlAboveMicros: 200_000 })).steps;
  }
  await db.destroy();
  if (steps !== RUNS * BATCH_TICKS * BATCHES)
    throw new Error(`expected every run to step on every trade, got ${steps}`);
}

async function measure(name: string, work: () => void | Promise<void>) {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    await work();
    bestMs = Math.min(bestMs, performance.now() - startedMs);
  }
  const steps = RUNS * BATCH_TICKS * BATCHES;
  return { name, steps, ms: Math.round(bestMs), stepsPerSecond: Math.round((steps / bestMs) * 1000) };
}

const bundles = batches();
const rows = [
  await measure('bare strategy loop (bound)', () => bareLoop(bundles)),
  await measure('use case, warm cache', () => useCase(bundles, true)),
  await measure('use case, cold: decode and encode', () => useCase(bundles, false)),
];
const bound = rows[0]!.stepsPerSecond;
const results = rows.map((row) => ({ ...row, shareOfBound: Number((row.stepsPerSecond / bound).toFixed(3)) }));
const worst = Math.min(...results.slice(1).map((row) => row.stepsPerSecond));
const summary = {
  bench: 'runs',
  runs: RUNS,
  batchTicks: BATCH_TICKS,
  batches: BATCHES,
  results,
  goal: 500_000,
  ok: worst >= 500_000,
};

if (process.argv.includes('--json')) console.log(JSON.stringify(summary));
else {
  console.table(results);
  console.log(`goal: ${summary.goal} steps/s through the use case · ${summary.ok ? 'reached' : 'MISSED'} (${worst})`);
  console.log(JSON.stringify(summary));
}
process.exitCode = summary.ok ? 0 : 1;
