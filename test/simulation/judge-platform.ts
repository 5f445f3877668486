import { dec } from '#shared/core/decimal.ts';
import { symbolOfCoin, type TappedDecision } from './cycle-tap.ts';
import { type Evidence, inputsOf, type Violation } from './judge-rows.ts';
import type { ScenarioRun } from './run-scenario.ts';

/** Exposure, recovery and the state that the platform is left in. */
export function judgePlatform(run: ScenarioRun, evidence: Evidence): Violation[] {
  return [...withinLimits(run, evidence), ...desiredReached(run), ...leftInOrder(run, evidence)];
}

/** A price that moved between the decision and the fill is the market's doing; a size that did not fit is ours. */
const PRICE_MOVED = '1.01';

/** Sizes are judged at the price of their decision, exactly, and at the fill's own with room for a moved price. */
function withinLimits(run: ScenarioRun, evidence: Evidence): Violation[] {
  const { limits, reconciliation_engine: engine } = run.world.config;
  const violations: Violation[] = [];
  const say = (message: string, id: string) =>
    violations.push({ invariant: 'exposure within limits', message, clientOrderIds: [id] });
  const rows = new Map(evidence.orders.map((order) => [order.client_order_id, order]));
  const maxMargin = Math.max(limits.max_margin_usage, engine.max_margin_usage_percentage);
  for (const { cloid, coin, size, notionalQuote, marginQuote, equityQuote } of run.grown) {
    const row = cloid === null ? undefined : rows.get(cloid);
    if (!row || cloid === null) continue;
    if (row.order_class !== 'open') say(`an order of class ${row.order_class} made ${coin} larger`, cloid);
    const price = inputsOf(evidence, row)?.price?.price;
    const decided = price === undefined ? null : dec(size).abs().times(price);
    if (decided?.gt(limits.max_position_notional)) {
      say(`${coin} grew to ${decided} at the decision's price, the limit is ${limits.max_position_notional}`, cloid);
    }
    if (dec(notionalQuote).gt(dec(limits.max_position_notional).times(PRICE_MOVED))) {
      say(`${coin} grew to ${notionalQuote}, the limit is ${limits.max_position_notional}`, cloid);
    }
    if (dec(marginQuote).gt(dec(equityQuote).times(maxMargin).times(PRICE_MOVED))) {
      say(`margin of ${marginQuote} is more than ${maxMargin} of ${equityQuote}`, cloid);
    }
  }
  return [...violations, ...ordersWithinLimits(run, evidence)];
}

function ordersWithinLimits(run: ScenarioRun, { orders }: Evidence): Violation[] {
  const { limits } = run.world.config;
  const violations: Violation[] = [];
  const say = (message: string, id: string) =>
    violations.push({ invariant: 'exposure within limits', message, clientOrderIds: [id] });
  const opened = orders.filter((order) => order.order_class === 'open' && order.sent_at_ms !== null);
  for (const order of opened) {
    const notional = dec(order.size).times(order.limit_price);
    if (notional.gt(dec(limits.max_order_notional).times(PRICE_MOVED))) {
      say(`an order of ${notional}, the limit is ${limits.max_order_notional}`, order.client_order_id);
    }
    const sentAtMs = order.sent_at_ms!;
    const minute = orders.filter(
      (o) => o.sent_at_ms !== null && o.sent_at_ms > sentAtMs - 60_000 && o.sent_at_ms <= sentAtMs,
    );
    if (minute.length > limits.max_orders_per_minute) {
      say(
        `${minute.length} orders within a minute, the limit is ${limits.max_orders_per_minute}`,
        order.client_order_id,
      );
    }
  }
  return violations;
}

/** Within two cycles after the last fault every symbol held, at the venue, what was desired of it, up to the smallest trade. */
function desiredReached(run: ScenarioRun): Violation[] {
  const { faultsEndedAtMs, scenario, decisions } = run;
  const untilMs = faultsEndedAtMs + 2 * scenario.cycleMs;
  return scenario.markets.flatMap((market) => {
    const symbol = symbolOfCoin(market.coin);
    const since = decisions.filter((d) => d.symbol === symbol && d.atMs > faultsEndedAtMs && d.atMs <= untilMs);
    if (since.some((decision) => isReached(run, decision))) return [];
    const seen = since.map(
      (d) =>
        `${Math.round((d.atMs - faultsEndedAtMs) / 1000)} s: ${d.kind} ${d.code}, desired ${d.desiredSize}, venue ${d.venueSize}`,
    );
    const message = `${symbol}: not within ${(2 * scenario.cycleMs) / 1000} s of the last fault (${seen.slice(-6).join('; ') || 'no decision at all'})`;
    return [{ invariant: 'desired reached within 2 cycles after the last fault', message }];
  });
}

function isReached(run: ScenarioRun, { desiredSize, venueSize, markPrice }: TappedDecision): boolean {
  if (desiredSize === null) return false;
  const gap = dec(desiredSize).minus(venueSize).abs().times(markPrice);
  return gap.lt(dec(run.world.config.reconciliation_engine.minimum_trade_threshold).times(PRICE_MOVED));
}

function leftInOrder(run: ScenarioRun, evidence: Evidence): Violation[] {
  const violations: Violation[] = [];
  const say = (message: string) => violations.push({ invariant: 'left in order', message });
  const { systemState, epochs, deadLetters } = evidence;
  if (systemState?.state !== 'HEALTHY') say(`the system state is ${systemState?.state}: ${systemState?.reason}`);
  for (const { symbol, hold_reason: reason } of epochs) {
    // Nobody but us trades this account, so any HOLD is a false alarm.
    if (reason !== null) say(`${symbol} is on HOLD: ${reason}`);
  }
  if (!run.cameToRest) say('orders were still at work long after the last fault');
  if (deadLetters.length > 0) {
    say(`${deadLetters.length} dead letters, first: ${deadLetters[0]!.source} ${deadLetters[0]!.error}`);
  }
  for (const { fields } of run.world.telemetry.logs.filter((entry) => entry.level === 'error')) {
    const text = JSON.stringify(fields);
    if (/TypeError|RangeError|AssertionError|ReferenceError|SQLITE|constraint failed/.test(text))
      say(text.slice(0, 300));
  }
  return violations;
}
