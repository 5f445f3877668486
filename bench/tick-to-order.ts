/**
 * Tick → order accepted: `npm run bench:tick-to-order`, `-- --json` for one JSON line, `-- --orders N`.
 *
 * The whole embedded platform on real time and a SQLite file; the exchange simulator is its own process and checks every
 * signature. 25 symbols get 40 trades a second each. One run per symbol changes its mind every 50 to 90 trades, and the
 * change asks for a reconciliation at once, as any strategy's does. Measured from the arrival of the trade that decided to
 * the venue's answer to the order. The bound measured in the same run is one signed order straight to the venue.
 * A run without orders fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { loadConfig } from '#config/load.ts';
import { createPlatform } from '#local/platform/platform.ts';
import { control, spawnSimulator, stopSimulator } from '#local/simulator-process.ts';
import { StateDirectory } from '#local/state-directory.ts';
import { connectWebSocket } from '#shared/adapters/exchange/wire/connect-web-socket.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { fileObserverDocuments } from '#shared/adapters/system/file-observer-documents.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
import { randomIds } from '#shared/adapters/system/random-ids.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { NewRun } from '#shared/core/runs/plan-population.ts';
import { decodeRunPlan, encodeRunParams } from '#shared/core/runs/run-params.ts';
import { encodeRunState, initRunState } from '#shared/core/runs/run-state.ts';
import { registerStrategy } from '#shared/core/strategies/registry.ts';
import { HOLD, type Stance, type Strategy, target } from '#shared/core/strategies/strategy.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';

const SYMBOLS = 25;
const TICKS_PER_SECOND = 40;
const LIMIT_MS = 300_000;

const flag = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const ORDERS = flag('orders', 1_000);
const asJson = process.argv.includes('--json');

/** Long for `every` trades, flat for as many, and so on: a decision that comes with a trade. */
const alternator: Strategy<{ every: number }, { seen: number; stance: Stance }> = {
  name: 'bench-alternator',
  stateVersion: 1,
  paramsSchema: z.object({ every: z.number().int().min(2) }),
  rangesSchema: z.unknown(),
  draw: () => ({ every: 50 }),
  warmupBars: () => 0,
  init: () => ({ seen: 0, stance: 0 }),
  barsSeen: () => 1,
  step(params, state, event) {
    if (event.kind === 'bar') return { state, intent: HOLD };
    const seen = state.seen + 1;
    if (seen < params.every) return { state: { seen, stance: state.stance }, intent: HOLD };
    const stance: Stance = state.stance === 0 ? 1 : 0;
    return { state: { seen: 0, stance }, intent: target(stance) };
  },
  encode: (state) => [state.seen, state.stance],
  decode: (_params, cells) => ({ seen: Number(cells[0]), stance: Number(cells[1]) as Stance }),
};

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;

function benchRun(symbol: string, i: number): NewRun {
  const paramsJson = encodeRunParams({
    strategy: { every: 50 + ((i * 13) % 41) },
    inverted: false,
    maxDurationMs: 3_600_000,
    maxDirectionReversalMs: 3_600_000,
    aprTarget: 1e9,
    notionalQuote: 100,
    feeRate: 0,
    leverage: 10,
  });
  const plan = decodeRunPlan(alternator.name, paramsJson)!;
  return {
    creationKey: `bench-${i}`,
    exchange: 'hyperliquid',
    symbol,
    strategy: alternator.name,
    paramsJson,
    state: encodeRunState(plan, initRunState(plan)),
    startBalanceMicros: 7_000_000_000,
    startedAtMs: Date.now(),
  };
}

async function main(): Promise<void> {
  registerStrategy(alternator as unknown as Strategy);
  const dir = mkdtempSync(join(tmpdir(), '3t-bench-'));
  const state = new StateDirectory(dir);
  const symbols = Array.from({ length: SYMBOLS }, (_, i) => `SYN${String(i + 1).padStart(3, '0')}/USDC:USDC`);
  const { config } = loadConfig({
    stage: 'local',
    overrides: [
      `exchanges.hyperliquid.symbols=[${symbols.map((s) => `"${s}"`).join(',')}]`,
      'providence.desired_run_count=0',
      'streams.consumers.run_strategies.window_s=0',
      'streams.consumers.price_consumer.window_s=0',
      'reconciliation_engine.on_change.min_interval_s=0',
      'limits.max_orders_per_minute=10000',
      'limits.max_daily_fees=1000000',
      'limits.max_daily_loss=1000000',
    ],
  });
  const simulator = await spawnSimulator(state, [
    '--state',
    state.simulatorState(),
    '--symbols',
    String(SYMBOLS),
    '--ticks-per-second',
    String(TICKS_PER_SECOND),
    '--history-minutes',
    '5',
  ]);
  const latencies: number[] = [];
  const functionMs = new Map<string, number[]>();
  let measuring = false;
  let ticks = 0;
  let errors = 0;
  const telemetry: Telemetry = {
    log: (level, event, fields) => {
      if (level === 'error' && errors++ < 5) console.error(event, fields);
    },
    count: (metric, value = 1) => {
      if (metric === metrics.ticks) ticks += value;
    },
    gauge: () => {},
    timing: (metric, ms, labels) => {
      if (!measuring) return;
      if (metric === metrics.tickToOrderMs) latencies.push(ms);
      const name = labels?.function;
      if (metric !== metrics.functionMs || name === undefined) return;
      const list = functionMs.get(name) ?? [];
      list.push(ms);
      functionMs.set(name, list);
    },
  };
  const db = await openSqlite({ path: state.database });
  const client = keepAliveFetch();
  const platform = createPlatform({
    config,
    db,
    clock: systemClock,
    ids: randomIds,
    random: Math.random,
    telemetry,
    fetch: client.fetch,
    connect: connectWebSocket,
    secrets: new FileSecrets({ dir: process.cwd(), allowExample: true }),
    venues: { hyperliquid: { httpUrl: simulator.file.httpUrl, wsUrl: simulator.file.wsUrl } },
    observerDocuments: fileObserverDocuments(state.file('observers')),
    marker: null,
    holder: 'bench',
    seed: 1,
  });
  try {
    await platform.start();
    await platform.repositories.runs.createRuns('hyperliquid', symbols.map(benchRun), Date.now());
    for (const symbol of symbols) {
      await db.updateTable('run_cohorts').set({ data_state: 'live' }).where('symbol', '=', symbol).execute();
    }
    // Connections, statements and code are warm before anything is measured.
    await systemClock.sleep(10_000);
    measuring = true;
    const began = performance.now();
    const ticksBefore = ticks;
    while (latencies.length < ORDERS && performance.now() - began < LIMIT_MS) await systemClock.sleep(200);
    measuring = false;
    const seconds = (performance.now() - began) / 1000;
    const ledger = (await control(client.fetch, simulator.file, 'ledger')) as {
      acceptedOrders: number;
      maxOvershootLots: number;
      duplicateOrders: number;
    };
    const traded = await db
      .selectFrom('order_execution_log')
      .select('symbol')
      .where('status', '=', 'filled')
      .distinct()
      .execute();
    const direct = await directOrders(client.fetch, simulator.file.httpUrl);
    report({ seconds, tickRate: (ticks - ticksBefore) / seconds, latencies, direct, ledger, symbols: traded.length });
    if (!asJson) {
      reportFunctions(functionMs, seconds);
      reportStages(await stagesOf(db));
    }
  } finally {
    await platform.stop(2_000);
    client.close();
    await db.destroy();
    await stopSimulator(simulator.file);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The bound: the time of a plain round trip to the same process, as every order needs at least one. */
async function directOrders(fetch: ReturnType<typeof keepAliveFetch>['fetch'], httpUrl: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 300; i += 1) {
    const began = performance.now();
    const reply = await fetch(`${httpUrl}/info`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"type":"openOrders","user":"0xd015e5ee7f94d868257e8ba87ef47529a206587e"}',
    });
    await reply.text();
    times.push(performance.now() - began);
  }
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

/** Where the time goes: invocations a second and how long each takes. */
function reportFunctions(functionMs: ReadonlyMap<string, readonly number[]>, seconds: number): void {
  const rows = [...functionMs].map(([name, all]) => {
    const sorted = all.toSorted((a, b) => a - b);
    const total = all.reduce((sum, ms) => sum + ms, 0);
    return {
      function: name,
      perSecond: Number((all.length / seconds).toFixed(1)),
      p50Ms: Number(quantile(sorted, 0.5).toFixed(2)),
      p99Ms: Number(quantile(sorted, 0.99).toFixed(2)),
      busyPercent: Number(((total / seconds / 1000) * 100).toFixed(1)),
    };
  });
  console.table(rows.toSorted((a, b) => b.busyPercent - a.busyPercent));
}

interface OrderTimes {
  readonly born: number;
  readonly stored: number;
  readonly sent: number | null;
  readonly answered: number | null;
}

const stagesOf = (db: Db): Promise<readonly OrderTimes[]> =>
  db
    .selectFrom('order_execution_log')
    .select(['born_at_ms as born', 'created_at_ms as stored', 'sent_at_ms as sent', 'answered_at_ms as answered'])
    .where('sent_at_ms', 'is not', null)
    .execute();

/** Where the time of an order goes: until the intent, from there to the wire, from there to the answer. Warm-up included. */
function reportStages(orders: readonly OrderTimes[]): void {
  const row = (stage: string, msOf: (order: OrderTimes) => number) => {
    const sorted = orders.map(msOf).sort((a, b) => a - b);
    return { stage, p50Ms: quantile(sorted, 0.5), p90Ms: quantile(sorted, 0.9), p99Ms: quantile(sorted, 0.99) };
  };
  console.table([
    row('tick → intent', (o) => o.stored - o.born),
    row('intent → sent', (o) => (o.sent ?? o.stored) - o.stored),
    row('sent → answered', (o) => (o.answered ?? o.sent ?? 0) - (o.sent ?? 0)),
  ]);
}

interface Measured {
  readonly seconds: number;
  readonly tickRate: number;
  readonly latencies: readonly number[];
  readonly direct: number;
  readonly ledger: { acceptedOrders: number; maxOvershootLots: number; duplicateOrders: number };
  readonly symbols: number;
}

function report({ seconds, tickRate, latencies, direct, ledger, symbols }: Measured): void {
  const sorted = latencies.toSorted((a, b) => a - b);
  const result = {
    bench: 'tick-to-order',
    orders: sorted.length,
    symbols,
    ticksPerSecond: Math.round(tickRate),
    seconds: Number(seconds.toFixed(1)),
    p50Ms: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? null,
    roundTripMs: Number(direct.toFixed(3)),
    p50PerRoundTrip: Number((quantile(sorted, 0.5) / direct).toFixed(1)),
    maxOvershootLots: ledger.maxOvershootLots,
    duplicateOrders: ledger.duplicateOrders,
  };
  if (asJson) console.log(JSON.stringify(result));
  else {
    console.table([result]);
    console.log(JSON.stringify(result));
  }
  if (sorted.length < ORDERS || symbols < 20) {
    console.error(
      `only ${sorted.length} of ${ORDERS} orders on ${symbols} symbols were measured: the figures are void`,
    );
    process.exitCode = 1;
  }
}

await main();
