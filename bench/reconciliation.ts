/**
 * A reconciliation cycle: `npm exec -c 'node bench/reconciliation.ts'`, `--json` for one JSON line.
 * 1,000 symbols and 100,000 runs in SQLite, own table and two observers. Measured: the pure plan from aggregates (required
 * ≤ 50 ms, median of the warm rounds, with a third of the symbols wanting an order and with all of them), the whole use case
 * around it, cold, and the SQL statements of a cycle, which must be the same for 7 and for 1,000 symbols. A cycle in which no
 * order is stored fails the benchmark.
 */

import { accountView, ownTableView } from '#shared/core/reconciliation/account-view.ts';
import { assembleSymbols } from '#shared/core/reconciliation/assemble-cycle.ts';
import type { CycleInputs } from '#shared/core/reconciliation/cycle-inputs.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import { reconcile } from '#shared/usecases/reconcile.ts';
import { bigPlatform, bigSettings, countingSqlite } from '#test/support/big-cycle.ts';
import { aCycle, CYCLE_NOW_MS } from '#test/support/cycle.ts';

const PLAN_MS_MAX = 50;
const ROUNDS = 30;
const WARM_UP_ROUNDS = 5;
const RUNS_PER_SYMBOL = 100;

type Platform = Awaited<ReturnType<typeof bigPlatform>>;

async function wholeCycle(symbols: number, kind: 'mixed' | 'orders') {
  const { db, statements } = await countingSqlite();
  const platform = await bigPlatform(db, symbols, RUNS_PER_SYMBOL, kind);
  await platform.publish();
  const before = statements();
  const startedMs = performance.now();
  const outcome = await reconcile(platform.deps, platform.input);
  const cycleMs = performance.now() - startedMs;
  if (outcome.kind !== 'done' || outcome.stored.length === 0) throw new Error(`no order was stored: ${outcome.kind}`);
  const bytes = outcome.decisions.reduce((sum, d) => sum + JSON.stringify(d.inputs).length, 0);
  const facts = {
    kind,
    symbols,
    runs: symbols * RUNS_PER_SYMBOL,
    statements: statements() - before,
    decisions: outcome.decisions.length,
    orders: outcome.stored.length,
    cycleMs: Math.round(cycleMs),
    inputsBytesPerDecision: Math.round(bytes / outcome.decisions.length),
  };
  return { facts, platform, db };
}

/** The plan's inputs as the use case builds them, with aggregates read from the runs. */
async function planInputs(platform: Platform): Promise<() => CycleInputs> {
  const { stores, deps, input } = platform;
  const { exchange, account, supervisorJob } = input;
  const query = { exchange, account, supervisorJob, trackerJob: 'order-tracker', nowMs: CYCLE_NOW_MS };
  const rows = await stores.reconciliation.readCycle(query);
  const filter = {
    livePnlAboveMicros: input.livePnlAboveMicros,
    freshSinceMs: CYCLE_NOW_MS - input.runStaleMs,
    freshUntilMs: CYCLE_NOW_MS,
  };
  const runs = new Map((await deps.runs.aggregates(exchange, filter)).map((r) => [r.symbol, r]));
  const state = await stores.accounts.latest(exchange, account);
  if (state === null) throw new Error('no snapshot');
  return () => {
    const views = [
      ownTableView('own-table', state),
      accountView('observer:a', state),
      accountView('observer:b', state),
    ];
    const symbols = assembleSymbols(rows.symbols, views, runs, [], new Map());
    const money = {
      equityQuote: state.money?.equityQuote ?? '0',
      marginUsedQuote: '0',
      venueTimeMs: state.venueTimeMs,
    };
    return aCycle(symbols, { settings: bigSettings(), money, supervisorOkAtMs: rows.supervisorOkAtMs });
  };
}

function measurePlan(kind: string, inputs: () => CycleInputs) {
  const timesMs: number[] = [];
  let orders = 0;
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const startedMs = performance.now();
    const decisions = planCycle(inputs());
    const tookMs = performance.now() - startedMs;
    orders = decisions.filter((d) => d.kind === 'order').length;
    if (decisions.length !== 1_000 || orders < 300) throw new Error(`planned ${decisions.length}, ${orders} orders`);
    if (round >= WARM_UP_ROUNDS) timesMs.push(tookMs);
  }
  timesMs.sort((a, b) => a - b);
  const at = (share: number) => Math.round((timesMs[Math.floor((ROUNDS - 1) * share)] ?? 0) * 10) / 10;
  return { kind, symbols: 1_000, runs: 100_000, orders, p50Ms: at(0.5), p90Ms: at(0.9), requiredP50Ms: PLAN_MS_MAX };
}

const small = await wholeCycle(7, 'mixed');
const mixed = await wholeCycle(1_000, 'mixed');
const orders = await wholeCycle(1_000, 'orders');
const plans = [
  measurePlan('mixed', await planInputs(mixed.platform)),
  measurePlan('orders', await planInputs(orders.platform)),
];
const cycles = [small.facts, mixed.facts, orders.facts];
for (const { db } of [small, mixed, orders]) await db.destroy();

const ok = plans.every((p) => p.p50Ms <= PLAN_MS_MAX) && new Set(cycles.map((c) => c.statements)).size === 1;
if (process.argv.includes('--json')) console.log(JSON.stringify({ bench: 'reconciliation', ok, plans, cycles }));
else {
  console.table(plans);
  console.table(cycles);
  console.log(ok ? 'ok' : 'FAILED: a requirement is not met');
}
process.exitCode = ok ? 0 : 1;
