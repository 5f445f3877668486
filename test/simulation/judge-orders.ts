import type { Config } from '#config/schema.ts';
import { compareWithTargets } from '#local/exchange-simulator/venue/ledger.ts';
import { Decimal, dec } from '#shared/core/decimal.ts';
import type { SourceVerdict } from '#shared/core/reconciliation/quorum.ts';
import { symbolOfCoin } from './cycle-tap.ts';
import { type Evidence, inputsOf, type OrderRow, type Violation } from './judge-rows.ts';
import type { ScenarioRun } from './run-scenario.ts';

const LOTS_ALLOWED = 1;

/** Rules 3.2 and 3.3: what was sent, against what had been decided and what the venue did with it. */
export function judgeOrders(run: ScenarioRun, evidence: Evidence): Violation[] {
  return [
    ...noOvershoot(run, evidence),
    ...noDuplicates(evidence),
    ...onlyOnEvidence(run, evidence),
    ...onlyWhenAllowed(evidence),
  ];
}

function noOvershoot(run: ScenarioRun, evidence: Evidence): Violation[] {
  const { ledger, orders, decisionOf, account } = evidence;
  const coinOf = new Map(run.scenario.markets.map((market) => [symbolOfCoin(market.coin), market.coin]));
  const violations: Violation[] = [];
  if (ledger.maxOvershootLots > LOTS_ALLOWED) {
    const guilty = ledger.orders.filter((order) => order.overshootLots > LOTS_ALLOWED);
    violations.push({
      invariant: 'no overshoot beyond one lot',
      message: `a position passed what was asked for by ${ledger.maxOvershootLots} lots`,
      clientOrderIds: guilty.flatMap((order) => (order.cloid === null ? [] : [order.cloid])),
    });
  }
  const targets = orders.flatMap((order) => {
    const targetSize = decisionOf.get(order.decision_id)?.desired_size;
    const coin = coinOf.get(order.symbol);
    if (targetSize == null || coin === undefined) return [];
    const epoch = `${order.symbol} ${order.epoch}`;
    return [{ user: account.spec.address, coin, cloid: order.client_order_id, targetSize, epoch }];
  });
  const compared = compareWithTargets(run.world.simulator.world, targets);
  for (const { cloid, lots } of compared.overshoots.filter((o) => o.lots > LOTS_ALLOWED)) {
    const message = `an order took the position ${lots} lots past the desired one`;
    violations.push({ invariant: 'no overshoot beyond one lot', message, clientOrderIds: [cloid] });
  }
  if (compared.duplicateOrders > 0) {
    const message = `${compared.duplicateOrders} epochs have more than one accepted order`;
    violations.push({ invariant: 'one order per position epoch', message });
  }
  return violations;
}

function noDuplicates({ ledger, orders }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const say = (message: string, clientOrderIds: readonly string[] = []) =>
    violations.push({ invariant: 'nothing is sent twice', message, clientOrderIds });
  if (ledger.duplicateOrders > 0) say(`${ledger.duplicateOrders} venue orders share a client order id`);
  if (ledger.duplicateCloidsRefused > 0) say(`the venue refused ${ledger.duplicateCloidsRefused} repeated order(s)`);
  for (const [epoch, same] of Map.groupBy(orders, (order) => `${order.symbol} ${order.epoch}`)) {
    if (same.length > 1) {
      const ids = same.map((order) => order.client_order_id);
      violations.push({
        invariant: 'one order per position epoch',
        message: `${epoch} has ${same.length}`,
        clientOrderIds: ids,
      });
    }
  }
  return violations;
}

/** Rule 3.6: an opening order leaves only while the state is HEALTHY. */
function onlyWhenAllowed({ orders, audit }: Evidence): Violation[] {
  const byTime = [...audit].sort((a, b) => a.at_ms - b.at_ms || a.version - b.version);
  return orders.flatMap((order) => {
    if (order.order_class !== 'open' || order.sent_at_ms === null) return [];
    // A change within the very millisecond of sending may have come right after it.
    const before = byTime.filter((change) => change.at_ms < order.sent_at_ms!).at(-1)?.to_state;
    const within = byTime.filter((change) => change.at_ms === order.sent_at_ms).map((change) => change.to_state);
    if ([before, ...within].includes('HEALTHY')) return [];
    const message = `an opening order left while the state was ${before ?? 'absent'}`;
    return [{ invariant: 'the state gates orders', message, clientOrderIds: [order.client_order_id] }];
  });
}

/** Every order whose request can have left needs the evidence that its class demands. */
function onlyOnEvidence(run: ScenarioRun, evidence: Evidence): Violation[] {
  const violations: Violation[] = [];
  const lots = new Map(
    run.scenario.markets.map((market) => [symbolOfCoin(market.coin), new Decimal(10).pow(-market.sizeDecimals)]),
  );
  for (const order of evidence.orders) {
    const why = weakness(order, evidence, lots.get(order.symbol) ?? dec(0), run.world.config.quorum);
    if (why === null) continue;
    const invariant = order.order_class === 'open' ? 'no order without quorum' : 'no exit without a sure view';
    violations.push({ invariant, message: why, clientOrderIds: [order.client_order_id] });
  }
  return violations;
}

/** Why the stored evidence does not carry the order, or null. */
function weakness(order: OrderRow, evidence: Evidence, lot: Decimal, rules: Config['quorum']): string | null {
  const { quorum } = rules;
  const futureMs = rules.future_tolerance_s * 1000;
  const decision = evidence.decisionOf.get(order.decision_id);
  const inputs = inputsOf(evidence, order);
  if (!decision || !inputs) return `its decision ${order.decision_id} is not stored`;
  if (!inputs.sources || !inputs.quorum) return `its decision ${order.decision_id} stores no sources`;
  const counting = inputs.sources.filter((source) => source.notCounting === null);
  const sizes = counting.map((source) => dec(source.size ?? Number.NaN));
  const { settledAtMs } = inputs.quorum;
  const unfit = counting.filter((source) => !isFit(source, inputs.quorum!.maxAgeMs, settledAtMs, futureMs));
  if (unfit.length > 0) return `${unfit.map((source) => source.source).join(', ')} should not have counted`;
  if (order.order_class === 'open') {
    if (counting.length < quorum) return `${counting.length} sources counted, ${quorum} are needed`;
    const spread = Decimal.max(...sizes).minus(Decimal.min(...sizes));
    return spread.gt(lot) ? `sources that counted differ by ${spread}` : null;
  }
  if (order.reduce_only !== 1) return 'an exit that is not reduce-only';
  if (counting.length === 0) return 'no source counted';
  if (sizes.some((size) => size.gt(0)) && sizes.some((size) => size.lt(0))) return 'sources have opposite signs';
  const smallest = sizes.reduce((a, b) => (b.abs().lt(a.abs()) ? b : a));
  if (smallest.isZero() || smallest.isNegative() !== (order.side === 'buy')) return `it does not reduce ${smallest}`;
  return dec(order.size).gt(smallest.abs()) ? `it is larger than ${smallest}, the smallest that counted` : null;
}

const isFit = (source: SourceVerdict, maxAgeMs: number, settledAtMs: number, futureMs: number): boolean =>
  source.complete &&
  source.size !== null &&
  source.venueTimeMs !== null &&
  source.venueTimeMs > settledAtMs &&
  source.ageMs !== null &&
  source.ageMs <= maxAgeMs &&
  source.ageMs >= -futureMs;
