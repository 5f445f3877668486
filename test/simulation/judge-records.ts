import { cashDifference } from '#local/exchange-simulator/server/control.ts';
import { dec, ZERO } from '#shared/core/decimal.ts';
import type { Evidence, Violation } from './judge-rows.ts';
import type { ScenarioRun } from './run-scenario.ts';

/** What the venue did with an order, and the ends of ours that may stand for it. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  filled: ['filled'],
  canceled: ['cancelled'],
};
const END_STATUSES = ['filled', 'cancelled', 'rejected', 'expired'];

/** Nothing acknowledged is lost: our rows tell the venue's own story, order by order, fill by fill. */
export function judgeRecords(run: ScenarioRun, evidence: Evidence): Violation[] {
  return [...ordersAgree(evidence), ...fillsAgree(evidence), ...epochsAgree(evidence), ...booksBalance(run, evidence)];
}

function ordersAgree({ orders, venueOrders }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const say = (message: string, id: string | null) =>
    violations.push({ invariant: 'nothing acknowledged is lost', message, clientOrderIds: id === null ? [] : [id] });
  const rows = new Map(orders.map((order) => [order.client_order_id, order]));
  const accepted = venueOrders.filter((order) => order.accepted);
  for (const theirs of accepted) {
    const ours = theirs.cloid === null ? undefined : rows.get(theirs.cloid);
    if (!ours) {
      say(`the venue accepted order ${theirs.oid} (${theirs.coin}) that no row of ours explains`, theirs.cloid);
      continue;
    }
    const allowed = ENDS[theirs.status] ?? ['cancelled', 'rejected', 'expired'];
    if (!END_STATUSES.includes(ours.status)) say(`the venue's ${theirs.status} is ${ours.status} here`, theirs.cloid);
    else if (!allowed.includes(ours.status))
      say(`the venue says ${theirs.status}, we say ${ours.status}`, theirs.cloid);
    if (!dec(ours.filled_size).eq(theirs.filled)) {
      say(`the venue filled ${theirs.filled}, our row says ${ours.filled_size}`, theirs.cloid);
    }
  }
  const known = new Set(accepted.map((order) => order.cloid));
  for (const ours of orders) {
    if (known.has(ours.client_order_id)) continue;
    if (ours.status === 'filled' || ours.status === 'cancelled' || dec(ours.filled_size).gt(0)) {
      // A resting order may be withdrawn before it left: then the venue never knew it.
      if (ours.status === 'cancelled' && ours.sent_at_ms === null) continue;
      say(`our row says ${ours.status}, the venue never accepted it`, ours.client_order_id);
    }
  }
  return violations;
}

function fillsAgree({ fills, account }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const say = (message: string) => violations.push({ invariant: 'every fill is stored', message });
  const ours = new Map(fills.map((fill) => [fill.trade_id, fill]));
  for (const theirs of account.fills) {
    const row = ours.get(String(theirs.tid));
    if (!row) {
      say(`fill ${theirs.tid} of order ${theirs.oid} (${theirs.coin}) is not stored`);
      continue;
    }
    const same = dec(row.size).eq(theirs.sz) && dec(row.price).eq(theirs.px) && dec(row.fee_quote).eq(theirs.fee);
    if (!same) say(`fill ${theirs.tid} is stored with other numbers`);
    if (row.ours !== 1 && theirs.liquidation === undefined) say(`fill ${theirs.tid} is stored as somebody else's`);
  }
  if (fills.length !== account.fills.length)
    say(`${fills.length} fills are stored, the venue has ${account.fills.length}`);
  return violations;
}

/** One end, one epoch: the counter is the number of ended orders, and every number below it belongs to one order. */
function epochsAgree({ orders, epochs }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const stored = new Map(epochs.map((row) => [row.symbol, row.epoch]));
  for (const [symbol, own] of Map.groupBy(orders, (order) => order.symbol)) {
    const ended = own.filter((order) => END_STATUSES.includes(order.status));
    const numbers = ended.map((order) => order.epoch).sort((a, b) => a - b);
    if ((stored.get(symbol) ?? 0) === ended.length && numbers.every((epoch, index) => epoch === index)) continue;
    const message = `${symbol} is at epoch ${stored.get(symbol) ?? 0} after ${ended.length} ended orders`;
    violations.push({ invariant: 'epochs rise by one per ended order', message });
  }
  return violations;
}

function booksBalance(run: ScenarioRun, { ledger, fills, account }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const difference = cashDifference(run.world.simulator.world);
  if (difference.abs().gt('0.000001')) {
    violations.push({ invariant: 'cash is conserved', message: `${difference} are missing at the venue` });
  }
  const fees = fills.reduce((sum, fill) => sum.plus(fill.fee_quote), ZERO);
  if (!fees.eq(account.feesPaid)) {
    const message = `our fills cost ${fees}, the venue took ${account.feesPaid}`;
    violations.push({ invariant: 'cash is conserved', message });
  }
  if (ledger.builderEvents.length > 0) {
    const message = JSON.stringify(ledger.builderEvents.slice(0, 3));
    violations.push({ invariant: 'nobody is paid for our orders', message });
  }
  return violations;
}
