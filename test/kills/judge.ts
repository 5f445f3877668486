import { DatabaseSync } from 'node:sqlite';
import type { ledgerReport } from '#local/exchange-simulator/server/control.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import type { DeclaredTarget, TargetReport } from '#local/exchange-simulator/venue/ledger.ts';
import { dec } from '#shared/core/decimal.ts';
import { isEnded } from '#shared/core/orders/order.ts';
import { SYMBOLS } from './kill-config.ts';
import type { OrderRow, PlatformRecords } from './platform-records.ts';

export type Ledger = ReturnType<typeof ledgerReport>;

/** A fill in the simulator's own file. */
export interface FiledFill {
  readonly tid: number;
  readonly oid: number;
  readonly sz: string;
  readonly px: string;
}

const USER = TEST_SIGNERS.mainMaster.address;
export const symbolOfCoin = (coin: string): string => `${coin.replace(':', '-').toUpperCase()}/USDC:USDC`;
export const coinOfSymbol = (symbol: string): string => {
  const name = symbol.split('/')[0]!;
  const [dex, coin] = name.split('-');
  return coin === undefined ? name : `${dex!.toLowerCase()}:${coin}`;
};

/** Alarms that only somebody else's doings may raise. */
const FOREIGN_ALERTS = [
  'foreign-fill',
  'foreign-order',
  'foreign-writer',
  'liquidation',
  'position-mismatch',
  'database-restored',
  'order-unresolved',
];

/** Reads the simulator's file itself, not through the simulator. */
export function readFiledFills(path: string): readonly FiledFill[] {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  try {
    const rows = db.prepare('select body from fills where user = ? order by tid').all(USER);
    return rows.map((row) => (JSON.parse(String(row.body)) as { fill: FiledFill }).fill);
  } finally {
    db.close();
  }
}

export interface Evidence {
  readonly records: PlatformRecords;
  readonly ledger: Ledger;
  readonly filed: readonly FiledFill[];
  readonly targets: TargetReport;
  /** Client order ids in the order in which their requests left, over all lives. */
  readonly sent: readonly string[];
  /** When the present life began, and whether it is the first of its database. */
  readonly startedAtMs: number;
  readonly firstLife: boolean;
}

/** What each order was to lead to. A reduction that crosses zero stops there. */
export function declaredTargets(orders: readonly OrderRow[]): readonly DeclaredTarget[] {
  return orders.map((order) => {
    const desired = dec(order.desired_size ?? 0);
    const crosses = order.reduce_only === 1 && desired.isNegative() === (order.side === 'sell');
    const targetSize = crosses ? '0' : desired.toFixed();
    const { symbol, client_order_id: cloid, epoch } = order;
    return { user: USER, coin: coinOfSymbol(symbol), cloid, targetSize, epoch: String(epoch) };
  });
}

/** Everything that is wrong, in words; empty when nothing is. */
export function judge(evidence: Evidence): readonly string[] {
  return [
    ...judgeVenue(evidence),
    ...judgeOrders(evidence),
    ...judgeFills(evidence),
    ...judgeEpochs(evidence.records),
    ...judgePositions(evidence),
    ...judgeRestart(evidence),
    ...judgeHousekeeping(evidence.records),
  ];
}

function judgeVenue({ ledger, targets, sent }: Evidence): string[] {
  const problems: string[] = [];
  const bad = (wrong: boolean, text: string) => wrong && problems.push(text);
  bad(ledger.duplicateOrders > 0, `${ledger.duplicateOrders} accepted orders share a client order id`);
  bad(ledger.duplicateCloidsRefused > 0, `${ledger.duplicateCloidsRefused} orders were sent a second time (refused)`);
  bad(ledger.maxOvershootLots > 1, `a position passed what was asked for by ${ledger.maxOvershootLots} lots`);
  bad(targets.duplicateOrders > 0, `${targets.duplicateOrders} epochs had a second accepted order`);
  bad(targets.maxOvershootLots > 1, `a position passed its target: ${JSON.stringify(targets.overshoots.slice(0, 3))}`);
  for (const [id, times] of Map.groupBy(sent, (id) => id)) {
    bad(times.length > 1, `the request of order ${id} left ${times.length} times`);
  }
  bad(
    ledger.orders.some((order) => order.user === USER && order.origin !== 'api'),
    'the venue has orders that did not come over the API',
  );
  return problems;
}

function judgeOrders({ ledger, records, sent }: Evidence): string[] {
  const problems: string[] = [];
  const rows = new Map(records.orders.map((row) => [row.client_order_id, row]));
  const accepted = new Map<string | null, Ledger['orders'][number]>();
  for (const order of ledger.orders) {
    if (order.user !== USER || !order.accepted) continue;
    accepted.set(order.cloid, order);
    const row = order.cloid === null ? undefined : rows.get(order.cloid);
    if (!row) problems.push(`the venue accepted ${order.cloid} (${order.coin}), which has no row`);
    else problems.push(...compareEnds(order, row));
  }
  for (const row of records.orders) {
    const id = row.client_order_id;
    if (!isEnded(row.status)) problems.push(`order ${id} is still ${row.status}`);
    if (row.decision === null) problems.push(`order ${id} has no decision`);
    if (!accepted.has(id) && dec(row.filled_size).gt(0)) problems.push(`order ${id} is filled here, not at the venue`);
    if (row.sent_at_ms === null && sent.includes(id))
      problems.push(`the request of ${id} left, and its row does not know`);
  }
  for (const id of sent) if (!rows.has(id)) problems.push(`the request of ${id} left without an intent`);
  return problems;
}

function compareEnds(order: Ledger['orders'][number], row: OrderRow): string[] {
  const problems: string[] = [];
  const name = `order ${row.client_order_id} (${row.symbol}, epoch ${row.epoch})`;
  if (!dec(row.filled_size).eq(order.filled)) {
    problems.push(`${name}: filled ${row.filled_size} here, ${order.filled} at the venue`);
  }
  if ((row.status === 'filled') !== (order.status === 'filled')) {
    problems.push(`${name}: ${row.status} here, ${order.status} at the venue`);
  }
  if (row.side !== order.side || symbolOfCoin(order.coin) !== row.symbol || !dec(row.size).eq(order.requested)) {
    problems.push(`${name}: ${row.side} ${row.size} here, ${order.side} ${order.requested} ${order.coin} at the venue`);
  }
  return problems;
}

function judgeFills({ filed, records, ledger }: Evidence): string[] {
  const problems: string[] = [];
  const ours = new Map(records.fills.map((fill) => [`${fill.trade_id}:${fill.venue_order_id}`, fill]));
  for (const { tid, oid, sz, px } of filed) {
    const fill = ours.get(`${tid}:${oid}`);
    if (!fill) problems.push(`fill ${tid} of venue order ${oid} is not stored`);
    else if (!dec(fill.size).eq(sz) || !dec(fill.price).eq(px)) problems.push(`fill ${tid} is stored differently`);
    else if (fill.ours !== 1) problems.push(`fill ${tid} of our order ${oid} is taken for somebody else's`);
  }
  if (ours.size > filed.length) problems.push(`${ours.size} fills here, ${filed.length} in the venue's file`);
  if (ledger.fills < filed.length)
    problems.push(`the venue's file has ${filed.length} fills, its answer ${ledger.fills}`);
  return problems;
}

function judgeEpochs({ orders, epochs }: PlatformRecords): string[] {
  const problems: string[] = [];
  for (const symbol of SYMBOLS) {
    const own = orders.filter((order) => order.symbol === symbol);
    const ended = own.filter((order) => isEnded(order.status)).length;
    const { epoch = 0, hold_reason: hold = null } = epochs.find((e) => e.symbol === symbol) ?? {};
    if (epoch !== ended) problems.push(`${symbol}: epoch ${epoch} after ${ended} ended orders`);
    if (new Set(own.map((order) => order.epoch)).size !== own.length)
      problems.push(`${symbol}: two orders in one epoch`);
    if (hold !== null) problems.push(`${symbol} is on HOLD (${hold}), though nobody else traded`);
  }
  return problems;
}

function judgePositions({ records, ledger }: Evidence): string[] {
  const account = ledger.accounts.find((a) => a.user === USER);
  const held = new Map(account?.positions.map((p) => [symbolOfCoin(p.coin), p.size]));
  return SYMBOLS.flatMap((symbol) => {
    const decision = records.decisions.find((d) => d.symbol === symbol);
    const venue = held.get(symbol) ?? '0';
    return decision?.actual_size !== null && dec(decision?.actual_size ?? 0).eq(venue)
      ? []
      : [`${symbol}: the platform believes in ${decision?.actual_size}, the venue holds ${venue}`];
  });
}

function judgeRestart({ records, startedAtMs, firstLife }: Evidence): string[] {
  const problems: string[] = [];
  const changes = records.audit.filter((change) => change.at_ms >= startedAtMs);
  const states = changes.map((change) => change.to_state).join(' → ');
  const expected = firstLife ? 'BOOTSTRAPPING → RECONCILING → HEALTHY' : 'RECONCILING → HEALTHY';
  if (states !== expected) problems.push(`this start went through ${states || 'nothing'}, not ${expected}`);
  const healthyAtMs = changes.at(-1)?.at_ms ?? Number.POSITIVE_INFINITY;
  for (const order of records.orders) {
    const { order_class: kind, sent_at_ms: sentAtMs } = order;
    if (kind !== 'open' || sentAtMs === null || sentAtMs < startedAtMs || sentAtMs >= healthyAtMs) continue;
    problems.push(`order ${order.client_order_id} opened a position before the system was HEALTHY`);
  }
  return problems;
}

function judgeHousekeeping(records: PlatformRecords): string[] {
  const problems = records.alerts
    .filter((alert) => FOREIGN_ALERTS.includes(alert.kind))
    .map((alert) => `false alarm ${alert.id}: ${alert.message}`);
  if (records.deadLetters > 0) problems.push(`${records.deadLetters} dead letters`);
  if (records.liveRuns !== SYMBOLS.length) problems.push(`${records.liveRuns} live runs, not ${SYMBOLS.length}`);
  return problems;
}
