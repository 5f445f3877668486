import { type Decimal, dec, decimalText, fromMicros, ZERO } from '#shared/core/decimal.ts';
import type { Order } from '#shared/core/orders/order.ts';
import { readDecisionInputs } from '#shared/core/reconciliation/decision-inputs.ts';
import { type FactAges, isStale } from '#shared/core/system/fact-ages.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import { causeFor, type FeedTroubleView, feedTroubleOf } from '#shared/messages/feed-status.ts';
import type { OrderView, PlatformSnapshot, SymbolSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type {
  OverviewView,
  PositionView,
  PriceView,
  ReadModel,
  SymbolView,
} from '#shared/ports/repositories/read-model.ts';

const ORDERS_SHOWN = 20;

export interface ReadSnapshotDeps {
  readonly clock: Clock;
  readonly readModel: Pick<ReadModel, 'overview' | 'orders'>;
}

export interface ReadSnapshotInput {
  readonly exchange: string;
  readonly account: string;
  readonly ages: FactAges;
  /** By job that trading needs, how long ago it may have succeeded. */
  readonly heartbeatAgesMs: Readonly<Record<string, number>>;
}

/** The platform at one moment, as page, CLI and events show it. Unknown stays null: nothing is filled in with zero. */
export async function readSnapshot(deps: ReadSnapshotDeps, input: ReadSnapshotInput): Promise<PlatformSnapshot> {
  const { exchange, account, ages, heartbeatAgesMs } = input;
  const overview = await deps.readModel.overview(exchange, account);
  const orders = await deps.readModel.orders(exchange, account, { limit: ORDERS_SHOWN });
  const nowMs = deps.clock.nowMs();
  const age = (atMs: number) => nowMs - atMs;
  const trouble = feedTroubleOf(overview.jobs);
  const symbols = overview.symbols.map((view) => symbolSnapshot(view, overview, nowMs, ages, trouble));
  return {
    v: 1,
    nowMs,
    exchange,
    account,
    ages,
    system: overview.state
      ? {
          state: overview.state.state,
          lockMode: overview.state.lockMode,
          reason: overview.state.reason,
          changedBy: overview.state.changedBy,
          changedAtMs: overview.state.changedAtMs,
          approved: overview.state.approved,
          version: overview.state.version,
          missing: overview.state.state === 'RECONCILING' ? missing(overview) : [],
        }
      : null,
    feed: trouble,
    money: money(overview, age, ages),
    symbols,
    foreignPositions: overview.foreignPositions
      .filter((p) => !dec(p.size).isZero())
      .map((p) => ({ symbol: p.symbol, size: p.size, valueQuote: p.valueQuote, ageMs: age(p.venueTimeMs) })),
    orders: orders.map(orderView),
    takeProfit: overview.takeProfit
      ? {
          baselineQuote: overview.takeProfit.baselineQuote,
          height: overview.takeProfit.height,
          latched: overview.takeProfit.latched,
        }
      : null,
    counts: counts(overview),
    lastRefusal: lastRefusal(overview, orders, age),
    // A row that only guards a slot is nobody's heartbeat.
    jobs: overview.jobs
      .filter((job) => job.lastOkMs > 0 || job.lastError !== null)
      .map((job) => ({
        job: job.job,
        okAgeMs: job.lastOkMs > 0 ? age(job.lastOkMs) : null,
        lastError: job.lastError,
        partly: typeof job.detail.partly === 'string' ? job.detail.partly : null,
        stale:
          job.lastError !== null ||
          job.lastOkMs === 0 ||
          isStale(age(job.lastOkMs), heartbeatAgesMs[job.job] ?? Number.POSITIVE_INFINITY),
      })),
  };
}

/** The newest of what reconciliation refused and of what gateway or venue did: either way an order that was wanted is not there. */
function lastRefusal(
  { lastRefusal: decided }: OverviewView,
  orders: readonly Order[],
  age: (atMs: number) => number,
): PlatformSnapshot['lastRefusal'] {
  let newest = decided && {
    symbol: decided.symbol,
    code: decided.code,
    message: decided.message,
    atMs: decided.lastAtMs,
  };
  for (const { status, symbol, errorCode, errorMessage, endedAtMs } of orders) {
    if (status !== 'rejected' || endedAtMs === null || endedAtMs <= (newest?.atMs ?? -1)) continue;
    newest = { symbol, code: errorCode ?? 'rejected', message: errorMessage ?? 'order rejected', atMs: endedAtMs };
  }
  return newest && { symbol: newest.symbol, code: newest.code, message: newest.message, ageMs: age(newest.atMs) };
}

export const orderView = (order: Order): OrderView => ({
  clientOrderId: order.clientOrderId,
  symbol: order.symbol,
  orderClass: order.orderClass,
  side: order.side,
  size: order.size,
  limitPrice: order.limitPrice,
  timeInForce: order.timeInForce,
  reduceOnly: order.reduceOnly,
  status: order.status,
  filledSize: order.filledSize,
  averagePrice: order.averagePrice,
  errorCode: order.errorCode,
  errorMessage: order.errorMessage,
  createdAtMs: order.createdAtMs,
  endedAtMs: order.endedAtMs,
});

function symbolSnapshot(
  view: SymbolView,
  overview: OverviewView,
  nowMs: number,
  ages: FactAges,
  trouble: FeedTroubleView | null,
): SymbolSnapshot {
  const { price, position, decision } = view;
  const inputs = decision ? readDecisionInputs(decision.inputs) : null;
  const reason = inputs?.desired?.kind === 'unknown' ? inputs.desired.reason : null;
  return {
    symbol: view.symbol,
    venueSymbol: view.venueSymbol,
    managed: view.managed,
    released: view.released,
    sizeStep: view.sizeStep,
    marginMode: view.marginMode,
    minNotionalQuote: view.minNotionalQuote,
    maxLeverage: view.maxLeverage,
    leverage: view.leverage,
    hold: view.holdReason,
    dataState: view.dataState,
    cause: causeFor(trouble, view.symbol),
    price: price ? priceSnapshot(price, nowMs, ages) : null,
    desired: decision ? { size: decision.desiredSize, reason } : null,
    actual: actual(view, overview, nowMs, ages),
    entryPrice: position?.entryPrice ?? null,
    valueQuote: position?.valueQuote ?? null,
    unrealizedPnlQuote: position?.unrealizedPnlQuote ?? null,
    sources: (inputs?.sources ?? []).map((source) => ({
      source: source.source,
      size: source.size,
      ageMs: source.ageMs,
      counts: source.notCounting === null,
      why: source.notCounting,
    })),
    quorum: inputs ? typeof inputs.actual === 'object' && inputs.actual !== null : null,
    decision: decision
      ? {
          id: decision.id,
          kind: decision.kind,
          code: decision.code,
          message: decision.message,
          count: decision.episodeCount,
          atMs: decision.lastAtMs,
          ageMs: nowMs - decision.lastAtMs,
          clientOrderId: decision.clientOrderId,
        }
      : null,
    runs: symbolRuns(view.symbol, overview),
  };
}

/** `counts` asks what the gates ask. */
function priceSnapshot(price: PriceView, nowMs: number, ages: FactAges): SymbolSnapshot['price'] {
  const { markPrice, markTimeMs, venueTimeMs } = price;
  const ageMs = nowMs - venueTimeMs;
  const markAgeMs = markTimeMs === null ? null : nowMs - markTimeMs;
  const fresh = [ageMs, ...(markAgeMs === null ? [] : [markAgeMs])].some((age) => !isStale(age, ages.priceMs));
  return {
    price: price.price,
    ageMs,
    stale: isStale(ageMs, ages.priceMs),
    markPrice,
    markAgeMs,
    counts: fresh && markAgeMs !== null && !isStale(markAgeMs, ages.markMs),
  };
}

/** No row means flat only where the snapshot is complete and could read the symbol. */
function actual(
  { symbol, position }: SymbolView,
  overview: OverviewView,
  nowMs: number,
  ages: FactAges,
): SymbolSnapshot['actual'] {
  const { account } = overview;
  const isFlat = account?.complete === true && !account.unreadSymbols.includes(symbol);
  const atMs = position?.venueTimeMs ?? (isFlat ? account.venueTimeMs : null);
  if (atMs === null) return null;
  const ageMs = nowMs - atMs;
  return { size: position?.size ?? '0', ageMs, stale: isStale(ageMs, ages.accountMs, ages) };
}

function symbolRuns(symbol: string, overview: OverviewView): SymbolSnapshot['runs'] {
  const rows = overview.runs.filter((run) => run.symbol === symbol);
  const sum = (of: (run: (typeof rows)[number]) => number) => rows.reduce((total, run) => total + of(run), 0);
  return {
    live: sum((r) => r.live),
    long: sum((r) => r.long),
    short: sum((r) => r.short),
    direction: sum((r) => r.directionSum),
    pnlQuote: decimalText(fromMicros(sum((r) => r.pnlMicros))),
  };
}

function money(overview: OverviewView, age: (atMs: number) => number, ages: FactAges): PlatformSnapshot['money'] {
  const { account } = overview;
  if (!account) return null;
  const unrealized = allPositions(overview).reduce<Decimal>((sum, p) => sum.plus(p.unrealizedPnlQuote), ZERO);
  const ageMs = age(account.venueTimeMs);
  const { believed, moneyDoubt } = account;
  return {
    equityQuote: believed?.equityQuote ?? null,
    marginUsedQuote: believed?.marginUsedQuote ?? null,
    withdrawableQuote: believed?.withdrawableQuote ?? null,
    equityAgeMs: believed ? age(believed.venueTimeMs) : null,
    doubt: moneyDoubt && { code: moneyDoubt.code, message: moneyDoubt.message },
    unrealizedPnlQuote: decimalText(unrealized),
    ageMs,
    complete: account.complete,
    stale: isStale(ageMs, ages.accountMs, ages),
  };
}

const allPositions = (overview: OverviewView): readonly PositionView[] => [
  ...overview.symbols.flatMap((s) => (s.position ? [s.position] : [])),
  ...overview.foreignPositions,
];

function counts(overview: OverviewView): PlatformSnapshot['counts'] {
  const status = (...names: string[]) => names.reduce((sum, name) => sum + (overview.ordersByStatus[name] ?? 0), 0);
  return {
    workingOrders: status('intent', 'sending', 'unknown', 'open', 'partially-filled'),
    unknownOrders: status('unknown'),
    pendingOutbox: overview.pendingOutbox,
    deadLetters: overview.deadLetters,
    alerts: overview.alerts,
    liveRuns: overview.runs.reduce((sum, run) => sum + run.live, 0),
    openPositions: allPositions(overview).filter((p) => !dec(p.size).isZero()).length,
    holds: overview.symbols.filter((s) => s.holdReason !== null).length,
  };
}

function missing(overview: OverviewView): { code: string; message: string }[] {
  const job = overview.jobs.find((j) => j.job === SYSTEM_JOBS.reconciling);
  const list = job?.detail.missing;
  // From before this RECONCILING began: it says nothing about it.
  if (!job || job.lastOkMs < (overview.state?.changedAtMs ?? 0)) return [];
  return Array.isArray(list) ? list.map((gap) => ({ code: String(gap?.code), message: String(gap?.message) })) : [];
}
