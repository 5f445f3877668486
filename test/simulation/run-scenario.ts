import type { FiredFault } from '#local/exchange-simulator/faults/fault-script.ts';
import { markOf } from '#local/exchange-simulator/venue/world.ts';
import { createApi } from '#local/platform/api.ts';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { dec } from '#shared/core/decimal.ts';
import { backOffMs } from '#shared/core/orders/refusals.ts';
import { boundedPrice } from '#shared/core/reconciliation/order-pricing.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';
import { symbolOfCoin, type TappedDecision, tapCycles } from './cycle-tap.ts';
import { type GrownPosition, watchExposure } from './exposure-watch.ts';
import { type DoneKill, KillPlan } from './kill-plan.ts';
import type { PlannedManualOrder, PlannedRedelivery, Scenario } from './scenario.ts';

/** Everything that a judge needs; the world still stands. */
export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly world: SimulatedPlatform;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** When the last fault had stopped acting: market time. */
  readonly faultsEndedAtMs: number;
  readonly fired: readonly FiredFault[];
  readonly redeliveries: readonly number[];
  readonly kills: readonly DoneKill[];
  readonly failedStarts: readonly string[];
  readonly decisions: readonly TappedDecision[];
  readonly grown: readonly GrownPosition[];
  readonly manualAnswers: readonly { readonly status: number; readonly body: unknown }[];
  /** Every status that each order ever had, from a trigger of the database. */
  readonly statuses: ReadonlyMap<string, ReadonlySet<string>>;
  /** False when orders were still at work long after the end. */
  readonly cameToRest: boolean;
}

const SECOND = 1_000;
/** Order life (30 s) plus grace, a tracker's turn and the venue's longest delay. */
const REST_WITHIN_MS = 120 * SECOND;
const CYCLES_TO_RECOVER = 2;

/** Runs the scenario and hands the run to `judge` before the world ends. */
export async function runScenario<T>(scenario: Scenario, judge: (run: ScenarioRun) => Promise<T>): Promise<T> {
  const kills = new KillPlan(scenario.kills);
  const decisions: TappedDecision[] = [];
  const redeliveries: number[] = [];
  const redelivery = seededRedelivery(scenario, redeliveries, () => world?.clock.nowMs() ?? 0);
  let world: SimulatedPlatform | null = null;
  world = await simulatedPlatform({
    seed: scenario.seed,
    overrides: scenario.overrides,
    network: scenario.network,
    newHolderPerLife: scenario.newHolderPerLife,
    ...(redelivery ? { redelivery } : {}),
    simulator: {
      markets: scenario.markets,
      accounts: scenario.accounts,
      ticksPerSecond: scenario.ticksPerSecond,
      historyMinutes: 160,
    },
    onMoment: (moment, at) => kills.onMoment(moment, at),
    onPlatform: (platform, simulator) => tapCycles(platform, simulator, decisions),
  });
  try {
    const { clock, simulator } = world;
    recordStatuses(world);
    const grown = watchExposure(simulator);
    const startedAtMs = clock.nowMs();
    simulator.installFaults(
      scenario.faults.map((fault) => ({
        ...fault,
        fromMs: startedAtMs + (fault.fromMs ?? 0),
        ...(fault.toMs === undefined ? {} : { toMs: startedAtMs + fault.toMs }),
      })),
    );
    await world.start();
    kills.begin(world);
    const manualAnswers = planManualOrders(world, scenario.manualOrders, startedAtMs);
    await clock.advanceTo(startedAtMs + scenario.durationMs);
    const endOfFaults = () => faultsEndedAt(scenario, startedAtMs, simulator.faults.fired, redeliveries, kills.done);
    let faultsEndedAtMs = endOfFaults();
    await clock.advanceTo(faultsEndedAtMs + CYCLES_TO_RECOVER * scenario.cycleMs + SECOND);
    faultsEndedAtMs = endOfFaults();
    const endedAtMs = clock.nowMs();
    const cameToRest = await rest(world);
    return await judge({
      scenario,
      world,
      startedAtMs,
      endedAtMs,
      faultsEndedAtMs,
      fired: simulator.faults.fired,
      redeliveries,
      kills: kills.done,
      failedStarts: kills.failedStarts,
      decisions,
      grown,
      manualAnswers,
      statuses: readStatuses(world),
      cameToRest,
    });
  } finally {
    await world.close();
  }
}

function seededRedelivery(scenario: Scenario, into: number[], nowMs: () => number): (() => number | null) | null {
  const plan: PlannedRedelivery | null = scenario.redelivery;
  if (plan === null) return null;
  const random = seededRandom(scenario.seed ^ 0x5eed);
  let beginMs: number | null = null;
  return () => {
    beginMs ??= nowMs();
    const atMs = nowMs() - beginMs;
    if (atMs < plan.fromMs || atMs >= plan.toMs || random() >= plan.probability) return null;
    const delayMs = Math.floor(random() * (plan.delayMsMax + 1));
    into.push(nowMs() + delayMs);
    return delayMs;
  };
}

/**
 * A fault acts until its window closes, its held answer is released, the process it ended is back, or the wait after a refusal is over:
 * at worst all of them met one entry, and the last wait is longer than two cycles.
 */
function faultsEndedAt(
  scenario: Scenario,
  startedAtMs: number,
  fired: readonly FiredFault[],
  redeliveries: readonly number[],
  kills: readonly DoneKill[],
): number {
  const faults = new Map(scenario.faults.map((fault) => [fault.id, fault]));
  const isRefusal = ({ kind }: { readonly kind: string }) => kind === 'refuse-action' || kind === 'dead-agent';
  const waitMs = backOffMs('entry', fired.filter(isRefusal).length);
  let lastMs = startedAtMs;
  for (const { id, atMs } of fired) {
    const fault = faults.get(id)!;
    const heldMs =
      fault.kind === 'latency'
        ? fault.delayMs
        : fault.kind === 'arrive-late'
          ? Math.max(fault.delayMs, fault.resetAfterMs ?? 0)
          : fault.kind === 'accept-then-timeout'
            ? (fault.resetAfterMs ?? 0)
            : isRefusal(fault)
              ? waitMs
              : 0;
    const windowed = fault.kind === 'ws-mute' || fault.kind === 'ws-disconnect' ? startedAtMs + (fault.toMs ?? 0) : 0;
    lastMs = Math.max(lastMs, atMs + heldMs, windowed);
  }
  for (const atMs of redeliveries) lastMs = Math.max(lastMs, atMs);
  for (const kill of kills) lastMs = Math.max(lastMs, kill.revivedAtMs ?? kill.atMs);
  return lastMs;
}

/** Until nothing of ours is at work any more. The market goes on, so new orders may come: a moment without any is enough. */
async function rest(world: SimulatedPlatform): Promise<boolean> {
  const working = world.database.raw.prepare(
    `select count(*) as n from order_execution_log where status not in ('filled', 'cancelled', 'rejected', 'expired')`,
  );
  for (let waitedMs = 0; waitedMs <= REST_WITHIN_MS; waitedMs += SECOND) {
    if (!world.isDead() && (working.get() as { n: number }).n === 0) return true;
    await world.clock.advanceBy(SECOND);
  }
  return false;
}

function planManualOrders(
  world: SimulatedPlatform,
  planned: readonly PlannedManualOrder[],
  startedAtMs: number,
): { status: number; body: unknown }[] {
  const answers: { status: number; body: unknown }[] = [];
  for (const [index, order] of planned.entries()) {
    world.clock.setTimer(startedAtMs + order.atMs - world.clock.nowMs(), () => {
      if (!world.isDead()) void sendByHand(world, order, `by-hand-${index}`, answers);
    });
  }
  return answers;
}

/** Over the HTTP application itself, as the page or the CLI would. */
async function sendByHand(
  world: SimulatedPlatform,
  order: PlannedManualOrder,
  key: string,
  answers: { status: number; body: unknown }[],
): Promise<void> {
  const api = createApi(world.platform(), { token: 'token', allowedHosts: () => ['3t.test'], processMetrics: null });
  const market = world.simulator.world.markets[order.market]!;
  const mark = markOf(market);
  const away = dec(order.side === 'buy' ? 1 - order.awayFraction : 1 + order.awayFraction);
  const price = boundedPrice(mark.times(away), order.side, '0', market.spec.priceRule);
  const size = dec(order.notionalQuote).div(mark).toDecimalPlaces(market.spec.sizeDecimals);
  const reply = await api.request('http://3t.test/execute_order', {
    method: 'POST',
    headers: {
      host: '3t.test',
      'x-3t-token': 'token',
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({
      symbol: symbolOfCoin(market.spec.coin),
      side: order.side,
      size: size.toFixed(),
      type: 'limit',
      price: price === null ? undefined : dec(price).toFixed(),
    }),
  });
  answers.push({ status: reply.status, body: await reply.json() });
}

function recordStatuses({ database: { raw } }: SimulatedPlatform): void {
  raw.exec(`
    create table simulation_order_states (client_order_id text, status text, primary key (client_order_id, status));
    create trigger simulation_inserted after insert on order_execution_log begin
      insert or ignore into simulation_order_states values (new.client_order_id, new.status);
    end;
    create trigger simulation_updated after update of status on order_execution_log begin
      insert or ignore into simulation_order_states values (new.client_order_id, new.status);
    end;
  `);
}

function readStatuses({ database: { raw } }: SimulatedPlatform): Map<string, Set<string>> {
  const rows = raw.prepare('select client_order_id as id, status from simulation_order_states').all() as {
    id: string;
    status: string;
  }[];
  const statuses = new Map<string, Set<string>>();
  for (const { id, status } of rows) statuses.set(id, (statuses.get(id) ?? new Set()).add(status));
  return statuses;
}
