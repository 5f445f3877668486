import { Gauge, Histogram, Registry } from 'prom-client';
import { dec, ZERO } from '#shared/core/decimal.ts';
import { readDecisionInputs } from '#shared/core/reconciliation/decision-inputs.ts';
import { runFigures } from '#shared/core/runs/run-figures.ts';
import { SYSTEM_STATES, type SystemStateName } from '#shared/core/system/system-state.ts';
import type { OverviewView } from '#shared/ports/repositories/read-model.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { oldNameHelp, prometheusName } from '#shared/telemetry/prometheus-names.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';

const RUN_AGE_BUCKETS_S = [60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200];
const HEIGHTS_SHOWN = 20;
type Labels = Readonly<Record<string, string>>;

/**
 * `/metrics`: gauges computed from rows at this moment, under the names of the original where they still mean something, then
 * the process's own counters. What is unknown has no sample: an absent line is not a zero.
 */
export async function metricsText(deps: ApiDeps, env: ApiEnv): Promise<{ text: string; contentType: string }> {
  const nowMs = deps.clock.nowMs();
  const overview = await deps.readModel.overview(env.EXCHANGE, env.ACCOUNT);
  const view = await deps.readModel.metrics(env.EXCHANGE, env.ACCOUNT, nowMs);
  const registry = new Registry();
  const set = (name: string, help: string, samples: readonly (readonly [number, Labels])[]) => {
    const labelNames = Object.keys(samples[0]?.[1] ?? {});
    const named = prometheusName(name);
    const make = (as: string, text: string) => new Gauge({ name: as, help: text, labelNames, registers: [registry] });
    const gauges = named === null ? [make(name, help)] : [make(named.name, help), make(name, oldNameHelp(named.name))];
    for (const [value, labels] of samples) for (const gauge of gauges) gauge.set(labels, value);
  };
  const one = (name: string, help: string, value: number | null) => {
    if (value !== null) set(name, help, [[value, {}]]);
  };
  const seconds = (atMs: number) => (nowMs - atMs) / 1000;

  runGauges(overview, set, one);
  accountGauges(overview, set, one);

  const heights = new Map<number, number>();
  for (const row of view.heights) heights.set(row.height, (heights.get(row.height) ?? 0) + row.count);
  const newest = [...heights].sort(([a], [b]) => b - a).slice(0, HEIGHTS_SHOWN);
  set(
    'providence_height_run_count',
    'runs of a closed cohort',
    newest.map(([h, n]) => [n, { height: String(h) }]),
  );
  one('providence_completed_runs_total', 'runs that ended', view.completedRuns);
  const ages = new Histogram({
    name: 'providence_run_age_seconds',
    help: 'age of live runs',
    buckets: RUN_AGE_BUCKETS_S,
    registers: [registry],
  });
  for (const startMs of view.runStartsMs) ages.observe(seconds(startMs));

  set(
    'market_data_age_seconds',
    'age of the newest final bar, from its open time',
    view.candleTimes.map((c) => [seconds(c.lastFinalOpenMs), { symbol: c.symbol, timeframe: c.timeframe }]),
  );
  const orders = Object.entries(overview.ordersByStatus);
  set(
    'order_execution_count_by_status',
    'stored orders',
    orders.map(([status, n]) => [n, { status }]),
  );
  one('order_execution_last_hour', 'orders created within an hour', view.ordersLastHour);
  set(
    'threet_decisions_last_hour',
    'decisions by kind and code, an episode counts once',
    view.decisionsLastHour.map((d) => [d.count, { kind: d.kind, code: d.code }]),
  );
  const is = (name: SystemStateName) => (overview.state?.state === name ? 1 : 0);
  set(
    'threet_system_state',
    '1 for the present state',
    SYSTEM_STATES.map((state) => [is(state), { state }]),
  );
  one('threet_order_outbox_pending', 'order commands without acknowledgement', overview.pendingOutbox);
  one('threet_dead_letters', 'stored poison records', overview.deadLetters);
  one('threet_alerts', 'alert episodes', overview.alerts);
  const jobs = overview.jobs.filter((job) => job.lastOkMs > 0);
  set(
    'threet_job_age_seconds',
    'time since a job succeeded',
    jobs.map((j) => [seconds(j.lastOkMs), { job: j.job }]),
  );
  const priced = overview.symbols.flatMap((s) => (s.price ? [s.price] : []));
  set(
    'stream_data_age_seconds',
    'age of the newest price, by venue time',
    priced.map((p) => [seconds(p.venueTimeMs), { symbol: p.symbol }]),
  );

  const own = await registry.metrics();
  const process = deps.processMetrics ? withoutFamilies(await deps.processMetrics(), familiesOf(own)) : '';
  return { text: own + process, contentType: registry.contentType };
}

type Set = (name: string, help: string, samples: readonly (readonly [number, Labels])[]) => void;
type One = (name: string, help: string, value: number | null) => void;

function runGauges({ runs }: OverviewView, set: Set, one: One): void {
  const { bySymbol, ...all } = runFigures(runs);
  one(metrics.activeRuns, 'live runs', all.live);
  one(metrics.runsPnl, 'profit of live runs', all.pnlQuote);
  one(metrics.runsPnlMean, 'mean profit of live runs', all.meanPnlQuote);
  one(metrics.runsWinning, 'live runs with profit', all.winning);
  one(metrics.runsLosing, 'live runs with loss', all.losing);
  set(
    metrics.runsBySymbol,
    'live runs',
    bySymbol.map(({ symbol, live }) => [live, { symbol }]),
  );
  set(
    metrics.runsPnlBySymbol,
    'profit of live runs',
    bySymbol.map(({ symbol, pnlQuote }) => [pnlQuote, { symbol }]),
  );
  set(
    'providence_active_runs_direction',
    'live runs by direction',
    (['long', 'short', 'flat'] as const).map((direction) => [all[direction], { direction }]),
  );
}

function accountGauges(overview: OverviewView, set: Set, one: One): void {
  const { account, symbols, foreignPositions, takeProfit } = overview;
  set(
    'desired_position_size',
    'desired position of the newest decision, in base units',
    symbols.flatMap((s) => {
      const size = s.decision
        ? (readDecisionInputs(s.decision.inputs).desired?.target ?? s.decision.desiredSize)
        : null;
      return size === null ? [] : [[Number(size), { symbol: s.symbol }] as const];
    }),
  );
  if (!account) return;
  const positions = [...symbols.flatMap((s) => (s.position ? [s.position] : [])), ...foreignPositions];
  // An equity that is not believed has no sample, and neither has what is computed from it.
  const money = account.moneyDoubt === null ? account.believed : null;
  const equity = money && dec(money.equityQuote);
  one('account_balance_value', 'equity', equity?.toNumber() ?? null);
  one('account_margin_used', 'initial margin in use', money && Number(money.marginUsedQuote));
  one(
    'account_margin_ratio',
    'margin ÷ equity',
    money && equity?.gt(0) ? dec(money.marginUsedQuote).div(equity).toNumber() : null,
  );
  const values = positions.map((p) => dec(p.valueQuote).abs());
  one('positions_total_value', 'sum of |value|', values.reduce((sum, v) => sum.plus(v), ZERO).toNumber());
  const unrealized = positions.reduce((sum, p) => sum.plus(p.unrealizedPnlQuote), ZERO);
  one('positions_unrealized_pnl_total', 'unrealised profit', unrealized.toNumber());
  one('positions_open_count', 'positions that are not flat', positions.filter((p) => !dec(p.size).isZero()).length);
  set(
    'positions_value_by_symbol',
    'value',
    positions.map((p) => [Number(p.valueQuote), { symbol: p.symbol }]),
  );
  set(
    'actual_position_size',
    'own table, base units',
    positions.map((p) => [Number(p.size), { symbol: p.symbol }]),
  );
  const baseline = takeProfit?.baselineQuote ?? null;
  const change =
    equity && baseline !== null && !dec(baseline).isZero() ? equity.div(baseline).minus(1).toNumber() : null;
  one('account_pct_change_from_baseline', 'equity ÷ take-profit baseline − 1: 0.1 is 10 %', change);
}

const familiesOf = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!));

/** A family that appears twice makes Prometheus refuse the whole page. */
function withoutFamilies(text: string, known: ReadonlySet<string>): string {
  const blocks = text.split(/^(?=# HELP )/m);
  return blocks.filter((block) => !known.has(/^# HELP (\S+)/.exec(block)?.[1] ?? '')).join('');
}
