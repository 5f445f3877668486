import { createHash } from 'node:crypto';
import { judgeOrders } from './judge-orders.ts';
import { judgePlatform } from './judge-platform.ts';
import { judgeRecords } from './judge-records.ts';
import { type Evidence, readEvidence, type Violation } from './judge-rows.ts';
import { runScenario, type ScenarioRun } from './run-scenario.ts';
import { scenarioOf } from './scenario.ts';
import { SCENARIO_FAULTS, type ScenarioFault } from './scenario-faults.ts';

export const ORDER_STATES = [
  'intent',
  'sending',
  'unknown',
  'open',
  'partially-filled',
  'filled',
  'cancelled',
  'rejected',
  'expired',
] as const;

/** What one seed came to; plain data. */
export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Rows of the orders that the violations are about, one JSON line each. */
  readonly rows: readonly string[];
  readonly acceptedOrders: number;
  readonly fills: number;
  /** Faults that fired: how many of the scenario's, and per kind the states that orders alive at such an instant went through. */
  readonly faultsFired: number;
  readonly statesByFault: Readonly<Partial<Record<ScenarioFault, readonly string[]>>>;
  readonly killMoments: readonly string[];
  /** SHA-256 over every decision, order and fill row. */
  readonly decisionLogSha256: string;
  readonly marketMinutes: number;
}

const ORDERS_LEAST = 5;
const FAULTS_LEAST = 3;
const MINUTES_LEAST = 30;
const ROWS_SHOWN = 12;

export const simulateSeed = (seed: number): Promise<SeedResult> => runScenario(scenarioOf(seed), judgeRun);

/** Judges a run that has just ended. */
export async function judgeRun(run: ScenarioRun): Promise<SeedResult> {
  const evidence = await readEvidence(run);
  const instants = faultInstants(run);
  const faultsFired = instants.reduce((sum, { ids }) => sum + ids.size, 0);
  const marketMinutes = (run.endedAtMs - run.startedAtMs) / 60_000;
  const acceptedOrders = evidence.venueOrders.filter((order) => order.accepted).length;
  const violations = [
    ...enoughHappened(acceptedOrders, faultsFired, marketMinutes),
    ...judgeOrders(run, evidence),
    ...judgeRecords(run, evidence),
    ...judgePlatform(run, evidence),
  ];
  return {
    seed: run.scenario.seed,
    violations,
    rows: rowsOf(evidence, violations),
    acceptedOrders,
    fills: evidence.fills.length,
    faultsFired,
    statesByFault: Object.fromEntries(instants.map(({ kind, atMs }) => [kind, statesAt(run, evidence, atMs)])),
    killMoments: run.kills.map((kill) => kill.moment),
    decisionLogSha256: logHash(evidence),
    marketMinutes,
  };
}

/** A seed in which nothing happens proves nothing. */
function enoughHappened(orders: number, faults: number, minutes: number): Violation[] {
  const invariant = 'a seed has enough in it';
  return [
    ...(orders < ORDERS_LEAST ? [{ invariant, message: `${orders} accepted orders, ${ORDERS_LEAST} are needed` }] : []),
    ...(faults < FAULTS_LEAST ? [{ invariant, message: `${faults} faults fired, ${FAULTS_LEAST} are needed` }] : []),
    ...(minutes < MINUTES_LEAST
      ? [{ invariant, message: `${minutes} market minutes, ${MINUTES_LEAST} are needed` }]
      : []),
  ];
}

interface FaultInstants {
  readonly kind: ScenarioFault;
  readonly ids: Set<string>;
  readonly atMs: number[];
}

function faultInstants(run: ScenarioRun): readonly FaultInstants[] {
  const found = new Map<ScenarioFault, FaultInstants>();
  const add = (kind: ScenarioFault, id: string, atMs: number) => {
    const entry = found.get(kind) ?? { kind, ids: new Set<string>(), atMs: [] };
    found.set(kind, entry);
    entry.ids.add(id);
    entry.atMs.push(atMs);
  };
  for (const { kind, id, atMs } of run.fired) add(kind as ScenarioFault, id, atMs);
  for (const [index, kill] of run.kills.entries()) add('platform-kill', `kill-${index}`, kill.atMs);
  for (const atMs of run.redeliveries) add('redelivery', 'redelivery', atMs);
  return SCENARIO_FAULTS.flatMap((kind) => found.get(kind) ?? []);
}

/** States of the orders that were alive at one of the instants. */
function statesAt(run: ScenarioRun, { orders }: Evidence, atMs: readonly number[]): readonly string[] {
  const states = new Set<string>();
  for (const order of orders) {
    const alive = atMs.some((t) => t >= order.created_at_ms && t <= (order.ended_at_ms ?? Number.POSITIVE_INFINITY));
    if (alive) for (const status of run.statuses.get(order.client_order_id) ?? []) states.add(status);
  }
  return ORDER_STATES.filter((state) => states.has(state));
}

function logHash(evidence: Evidence): string {
  const hash = createHash('sha256');
  for (const rows of [evidence.decisions, evidence.orders, evidence.fills, evidence.epochs, evidence.audit]) {
    for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
  }
  return hash.digest('hex');
}

function rowsOf(evidence: Evidence, violations: readonly Violation[]): readonly string[] {
  const ids = new Set(violations.flatMap((violation) => violation.clientOrderIds ?? []));
  const orders = evidence.orders.filter((order) => ids.has(order.client_order_id)).slice(0, ROWS_SHOWN);
  return orders.flatMap((order) => [
    `order    ${JSON.stringify(order)}`,
    `decision ${JSON.stringify(evidence.decisionOf.get(order.decision_id) ?? null)}`,
    `venue    ${JSON.stringify(evidence.venueOrders.find((theirs) => theirs.cloid === order.client_order_id) ?? null)}`,
  ]);
}
