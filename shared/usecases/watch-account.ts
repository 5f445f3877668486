import { type OddRow, oddRowSource, partlyText } from '#shared/core/odd-row.ts';
import {
  type ChainBreak,
  chainBreak,
  comparePosition,
  type ForeignChange,
  type ForeignWriter,
  foreignOrders,
  foreignWriter,
  isOurs,
  positionAfter,
} from '#shared/core/orders/foreign-changes.ts';
import {
  type TrackerMemory,
  watchBreaks,
  watchMismatches,
  withoutAdopted,
} from '#shared/core/orders/tracker-memory.ts';
import { unreadCoins } from '#shared/core/portfolio/account-state.ts';
import { lostOrder, lostOrderReason, restoredAlert } from '#shared/core/system/restore-sign.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { OrdersRepository, StoredFill } from '#shared/ports/repositories/orders-repository.ts';
import type { SystemControl } from '#shared/ports/system-control.ts';
import type { VenueView } from '#shared/ports/venue-view.ts';

export interface WatchAccountDeps {
  readonly orders: Pick<OrdersRepository, 'lastFills' | 'hold'>;
  readonly accounts: Pick<AccountRepository, 'latest'>;
  readonly deadLetters: Pick<DeadLetters, 'known'>;
  readonly jobs: Pick<JobStateRepository, 'recordOk'>;
  readonly control: SystemControl;
  readonly installation: Pick<InstallationRepository, 'noteCopy'>;
  readonly alerts: Alerts;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface WatchAccountInput {
  readonly exchange: string;
  readonly account: string;
  readonly installationTag: string;
  /** Row of `exchange_jobs` that holds the tracker's memory. */
  readonly memoryJob: string;
  /** Positions are compared, and the memory is written, on schedule only. */
  readonly scheduled: boolean;
  readonly view: VenueView;
  /** A report of the position must be this much later than the last fill, and this old, before it is compared. */
  readonly settleMs: number;
  /** Venue time for which an unexplained position must last before it counts. */
  readonly mismatchPersistMs: number;
  /** A fill may become visible this long after a later one. */
  readonly lateFillMs: number;
}

export interface WatchAccountFacts {
  /** Open orders and positions that nothing of ours explains: their symbols are on HOLD. */
  readonly foreign: readonly ForeignChange[];
  /** Another installation writes to this account: the exchange is locked. */
  readonly foreignWriter: ForeignWriter | null;
}

/**
 * Looks for what others did on the account (architecture, rule 3.10): somebody else's open orders, positions that our fills do
 * not lead to, and another installation. Runs before the fills of `view` are stored, so that a crash cannot hide the latter.
 */
export async function watchAccount(deps: WatchAccountDeps, given: WatchAccountInput): Promise<WatchAccountFacts> {
  const adoptedAtMs = new Map([...given.view.epochs.values()].map((epoch) => [epoch.symbol, epoch.adoptedAtMs ?? -1]));
  const view = { ...given.view, memory: withoutAdopted(given.view.memory, adoptedAtMs) };
  const input = { ...given, view };
  const { exchange, account, scheduled } = input;
  const orders = foreignOrders(view.openOrders ?? [], view.own, adoptedAtMs);
  const writer = await lockAgainstWriter(deps, input, orders);
  const hasNews = (view.fills ?? []).some((fill) => fill.venueTimeMs > (view.newestFillMs ?? -1));
  const stored = scheduled || hasNews ? await deps.orders.lastFills(exchange, account) : [];
  const newest = Map.groupBy(stored, (fill) => fill.symbol);
  const chains = watchChains(input, newest);
  // Compared only when this run knows all fills and none of them is new: otherwise the next run looks.
  const watched =
    scheduled && view.fillsComplete && !hasNews
      ? await watchPositions(deps, input, newest)
      : { lasting: [], mismatches: view.memory.mismatches };
  // A HOLD is said once; it lasts until a human ends it.
  const fresh = await neverSeen(deps, input);
  const foreign = [
    ...orders,
    ...watched.lasting,
    ...chains.lasting,
    ...fresh.flatMap((row) => unreadable(row, view)),
  ].filter((c) => (view.epochs.get(c.symbol)?.holdReason ?? null) === null);
  for (const change of foreign) {
    await deps.orders.hold(exchange, account, change.symbol, change.reason, view.startedAtMs);
    await deps.alerts.raise({
      id: `hold:${exchange}:${account}:${change.symbol}:${change.reason}`,
      kind: change.reason,
      severity: 'critical',
      exchange,
      symbol: change.symbol,
      message: `${change.symbol} is on HOLD: ${change.reason}`,
      detail: change.detail,
    });
  }
  // A break is seen once, before its fill is stored: it is remembered whoever asked for this run.
  if (scheduled || Object.keys(chains.breaks).join() !== Object.keys(view.memory.breaks).join()) {
    const openOrdersAtMs = view.openOrders === null ? view.memory.openOrdersAtMs : view.startedAtMs;
    const memory: TrackerMemory = {
      sinceMs: view.memory.sinceMs,
      openOrdersAtMs,
      mismatches: watched.mismatches,
      breaks: chains.breaks,
    };
    const partly = view.errors[0] ?? partlyText([...fresh, ...view.odd.filter((row) => row.list === 'open-orders')]);
    await deps.jobs.recordOk(input.memoryJob, deps.clock.nowMs(), { ...memory, partly });
  }
  return { foreign, foreignWriter: writer };
}

async function neverSeen(deps: WatchAccountDeps, { exchange, view }: WatchAccountInput): Promise<readonly OddRow[]> {
  const fresh: OddRow[] = [];
  for (const [list, rows] of Map.groupBy(view.odd, (row) => row.list)) {
    const keys = rows.map((row) => row.key);
    const known = await deps.deadLetters.known(oddRowSource(exchange, list), keys);
    fresh.push(...rows.filter((row) => !known.has(row.key)));
  }
  return fresh;
}

/**
 * A fill or an order that cannot be read may be anybody's: its symbol is not opened on until a human has looked. Once for each
 * row, so that an `adopt` lasts. A fill whose fee alone is unknown is read like any other.
 */
function unreadable({ list, symbol, key, why, payload, venueTimeMs }: OddRow, view: VenueView): ForeignChange[] {
  if (symbol === null || list === 'fees' || (venueTimeMs ?? view.startedAtMs) < view.memory.sinceMs) return [];
  return [{ symbol, reason: 'odd-row', detail: { list, key, why, payload: payload.slice(0, 500), venueTimeMs } }];
}

async function lockAgainstWriter(
  deps: WatchAccountDeps,
  input: WatchAccountInput,
  orders: readonly ForeignChange[],
): Promise<ForeignWriter | null> {
  const { exchange, account, view, installationTag } = input;
  const unknownOrders = new Set(orders.map((change) => change.detail.venueOrderId));
  const newestMs = view.newestFillMs ?? -1;
  const unknown = [
    ...(view.openOrders ?? [])
      .filter((order) => unknownOrders.has(order.venueOrderId))
      .map((order) => ({ ...order, venueTimeMs: order.statusTimeMs })),
    // Older ones were judged when they were new: an unlock would not last otherwise.
    ...(view.fills ?? []).filter(
      // An order of ours keeps the tag that it was sent under.
      (f) => f.venueTimeMs >= view.memory.sinceMs && f.venueTimeMs > newestMs && !isOurs(f, view.own),
    ),
  ];
  await lockRestored(deps, input, lostOrder(unknown, installationTag, view.own.clientOrderIds));
  const writer = foreignWriter(unknown, installationTag);
  if (!writer) return null;
  const reason = `installation ${writer.tag} writes to account ${account} as well (order ${writer.clientOrderId})`;
  await deps.control.change({
    kind: 'lock',
    mode: 'close-only',
    automatic: true,
    exchange,
    by: 'order-tracker',
    reason,
    atMs: deps.clock.nowMs(),
  });
  await deps.alerts.raise({
    id: `foreign-writer:${exchange}:${account}:${writer.tag}`,
    kind: 'foreign-writer',
    severity: 'critical',
    exchange,
    symbol: writer.symbol,
    message: reason,
    detail: { ...writer },
  });
  return writer;
}

/** An order of ours without a row: the database was exchanged for an older one while the platform ran. */
async function lockRestored(
  deps: WatchAccountDeps,
  { exchange, installationTag }: WatchAccountInput,
  lost: Parameters<typeof lostOrderReason>[0] | null,
): Promise<void> {
  if (lost === null) return;
  const reason = lostOrderReason(lost);
  await deps.installation.noteCopy(exchange);
  const atMs = deps.clock.nowMs();
  const change = await deps.control.change({ kind: 'database-restored', exchange, by: 'order-tracker', atMs, reason });
  const detail = { installationTag, stateVersion: null };
  if (change.kind === 'changed') await deps.alerts.raise(restoredAlert(exchange, reason, detail));
}

type Newest = ReadonlyMap<string, readonly StoredFill[]>;

/** Every fill begins where the one before it ended, or the position changed without one. */
function watchChains({ view, lateFillMs }: WatchAccountInput, newest: Newest): ReturnType<typeof watchBreaks> {
  const read = view.fills ?? [];
  const found = new Map<string, ChainBreak>();
  for (const [symbol, fills] of Map.groupBy(read, (fill) => fill.symbol)) {
    const gap = chainBreak(newest.get(symbol) ?? [], fills, view.epochs.get(symbol)?.adoptedAtMs ?? null);
    if (gap !== null) found.set(symbol, gap);
  }
  return watchBreaks(
    view.memory.breaks,
    found,
    { fills: read, complete: view.fillsComplete },
    view.startedAtMs,
    lateFillMs,
  );
}

async function watchPositions(
  deps: WatchAccountDeps,
  input: WatchAccountInput,
  newest: Newest,
): Promise<ReturnType<typeof watchMismatches>> {
  const { exchange, account, view, settleMs } = input;
  const keep = { lasting: [], mismatches: view.memory.mismatches };
  const snapshot = await deps.accounts.latest(exchange, account);
  if (!snapshot?.complete) return keep;
  const reported = new Map(snapshot.positions.map((position) => [position.symbol, position.size]));
  const unread = new Set(unreadCoins(snapshot).map(({ symbol }) => symbol));
  const working = new Set(view.working.map((order) => order.symbol));
  const verdicts = [...newest].map(([symbol, last]) => {
    const epoch = view.epochs.get(symbol);
    const verdict = comparePosition({
      symbol,
      explained: positionAfter(last),
      reported: unread.has(symbol) ? null : { size: reported.get(symbol) ?? '0', venueTimeMs: snapshot.venueTimeMs },
      settledAtMs: epoch?.settledAtMs ?? 0,
      hasWorkingOrder: working.has(symbol),
      fillsCompleteToMs: view.startedAtMs - settleMs,
      adoptedAtMs: epoch?.adoptedAtMs ?? null,
      settleMs,
    });
    return [symbol, verdict] as const;
  });
  return watchMismatches(view.memory.mismatches, new Map(verdicts), input.mismatchPersistMs);
}
