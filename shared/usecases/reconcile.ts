import { FUTURE_TOLERANCE_MS, isFresh } from '#shared/core/age.ts';
import { dec } from '#shared/core/decimal.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import { NOT_OURS, notOursAlert } from '#shared/core/portfolio/takeover.ts';
import {
  type AccountView,
  foreignPositions,
  ownTableView,
  unreadableView,
} from '#shared/core/reconciliation/account-view.ts';
import { assembleSymbols } from '#shared/core/reconciliation/assemble-cycle.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { AccountMoney, CycleInputs, CycleSettings } from '#shared/core/reconciliation/cycle-inputs.ts';
import { OWN_TABLE } from '#shared/core/reconciliation/cycle-settings.ts';
import { LEFT_ALONE } from '#shared/core/reconciliation/decision-codes.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import { observedView } from '#shared/messages/observed-view.ts';
import { ORDER_TRACKER_JOB, outboxBodies } from '#shared/messages/reconciliation-messages.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { LeasesRepository } from '#shared/ports/repositories/leases-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type {
  CycleRows,
  CycleSaved,
  ReconciliationRepository,
} from '#shared/ports/repositories/reconciliation-repository.ts';
import type { RunAggregate, RunsRepository } from '#shared/ports/repositories/runs-repository.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';

/** Many times what a cycle takes; a planner that was killed blocks the account for no longer. */
const LEASE_TTL_MS = 15_000;

export interface ReconcileDeps {
  readonly reconciliation: ReconciliationRepository;
  readonly accounts: Pick<AccountRepository, 'latest'>;
  readonly instruments: Pick<InstrumentsRepository, 'retire' | 'endTakeover'>;
  readonly orders: Pick<OrdersRepository, 'hold' | 'release'>;
  readonly alerts: Alerts;
  readonly runs: Pick<RunsRepository, 'aggregates'>;
  readonly systemState: Pick<SystemStateRepository, 'read'>;
  readonly leases: Pick<LeasesRepository, 'acquire' | 'holds' | 'release'>;
  /** Where each observer's document is found. */
  readonly observers: readonly { readonly id: string; readonly documents: Pick<ObserverDocuments, 'get'> }[];
  readonly ids: Ids;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface ReconcileInput {
  readonly exchange: string;
  /** Key of the rows. */
  readonly account: string;
  /** Key in observer documents. */
  readonly address: string;
  /** Plan only these; null plans all. */
  readonly symbols: readonly string[] | null;
  readonly settings: CycleSettings;
  /** Ask our own table, too. */
  readonly useOwnTable: boolean;
  /** A run counts when it earned strictly more. */
  readonly livePnlAboveMicros: number;
  readonly runStaleMs: number;
  /** Name of the run supervisor's job in `exchange_jobs`. */
  readonly supervisorJob: string;
  readonly installationTag: string;
  /** Set where invocations never overlap: the lease of a process that was killed is then its successor's own. */
  readonly leaseHolder: string | null;
  readonly trace: Trace;
}

export type ReconcileOutcome =
  /** Another planner holds this account: nothing was done. */
  | { readonly kind: 'busy' }
  /** Our lease ran out before the decisions were stored: nothing was stored. */
  | { readonly kind: 'lease-lost' }
  | {
      readonly kind: 'done';
      readonly cycleId: string;
      readonly nowMs: number;
      readonly decisions: readonly CycleDecision[];
      readonly stored: readonly ClientOrderId[];
      readonly superseded: CycleSaved['superseded'];
    };

/** One cycle of one account: read once, plan purely, store decisions, intents and outbox in one transaction. Sends nothing. */
export async function reconcile(deps: ReconcileDeps, input: ReconcileInput): Promise<ReconcileOutcome> {
  const cycleId = deps.ids.next();
  const name = `reconciliation:${input.exchange}:${input.account}`;
  const lease = await deps.leases.acquire(name, input.leaseHolder ?? cycleId, deps.clock.nowMs(), LEASE_TTL_MS);
  if (lease === null) return { kind: 'busy' };
  try {
    const facts = await readFacts(deps, input);
    const nowMs = deps.clock.nowMs();
    const decisions = planCycle(cycleInputs(facts, input, cycleId, nowMs));
    if (!(await deps.leases.holds(lease, deps.clock.nowMs()))) return { kind: 'lease-lost' };
    const { exchange, account, trace } = input;
    await settleTakeovers(deps, input, facts.rows, decisions, nowMs);
    const bodies = outboxBodies(decisions, trace);
    const save = { exchange, account, cycleId, decisions, outboxBodies: bodies, trace, atMs: nowMs };
    const { stored, superseded } = await deps.reconciliation.saveCycle(save);
    const gone = decisions.filter((d) => d.code === LEFT_ALONE).map((d) => d.symbol);
    if (gone.length > 0) await deps.instruments.retire(exchange, gone, nowMs);
    return { kind: 'done', cycleId, nowMs, decisions, stored, superseded };
  } finally {
    await deps.leases.release(lease);
  }
}

/**
 * What the sources that read the account after a symbol was added say of it: flat, or somebody's position, which puts it on HOLD.
 * Before anything of the cycle is sent: a position that 3T opens must not be taken for one that was there.
 */
async function settleTakeovers(
  deps: ReconcileDeps,
  { exchange, account }: ReconcileInput,
  { symbols }: CycleRows,
  decisions: readonly CycleDecision[],
  nowMs: number,
): Promise<void> {
  const settled: { symbol: string; managedSinceMs: number }[] = [];
  for (const { instrument, takeover, managedSinceMs, holdReason } of symbols) {
    const { symbol } = instrument;
    const decision = takeover === null ? undefined : decisions.find((d) => d.symbol === symbol);
    if (decision?.actualSize === undefined || decision.actualSize === null || managedSinceMs === null) continue;
    const isFlat = dec(decision.actualSize).isZero();
    if (takeover === 'closing' && !isFlat) continue;
    if (!isFlat) await holdNotOurs(deps, { exchange, account, symbol, size: decision.actualSize }, holdReason, nowMs);
    settled.push({ symbol, managedSinceMs });
  }
  if (settled.length > 0) await deps.instruments.endTakeover(exchange, settled);
}

/** An earlier reason would let exits pass: it gives way. Until `endTakeover` nothing is traded between the two. */
async function holdNotOurs(
  deps: Pick<ReconcileDeps, 'orders' | 'alerts'>,
  at: Parameters<typeof notOursAlert>[0],
  holdReason: string | null,
  nowMs: number,
): Promise<void> {
  if (holdReason === NOT_OURS) return;
  if (holdReason !== null) await deps.orders.release(at.exchange, at.account, at.symbol, nowMs);
  await deps.orders.hold(at.exchange, at.account, at.symbol, NOT_OURS, nowMs);
  await deps.alerts.raise(notOursAlert(at));
}

interface Facts {
  readonly rows: CycleRows;
  readonly snapshot: AccountState | null;
  readonly runs: readonly RunAggregate[];
  readonly systemState: SystemState | null;
  readonly observed: readonly AccountView[];
}

async function readFacts(deps: ReconcileDeps, input: ReconcileInput): Promise<Facts> {
  const { exchange, account, supervisorJob } = input;
  const nowMs = deps.clock.nowMs();
  const filter = {
    livePnlAboveMicros: input.livePnlAboveMicros,
    freshSinceMs: nowMs - input.runStaleMs,
    freshUntilMs: nowMs + FUTURE_TOLERANCE_MS,
  };
  const [rows, snapshot, runs, systemState, observed] = await Promise.all([
    deps.reconciliation.readCycle({ exchange, account, supervisorJob, trackerJob: ORDER_TRACKER_JOB, nowMs }),
    deps.accounts.latest(exchange, account),
    deps.runs.aggregates(exchange, filter),
    // An unreadable state permits what an absent one permits: own cancels only.
    deps.systemState.read(exchange).catch(() => null),
    Promise.all(deps.observers.map((observer) => readObserver(observer, input))),
  ]);
  return { rows, snapshot, runs, systemState, observed };
}

/** A source that cannot be read is a source that says nothing; the quorum decides what that means. */
async function readObserver(observer: ReconcileDeps['observers'][number], input: ReconcileInput): Promise<AccountView> {
  const source = `observer:${observer.id}`;
  try {
    return observedView(source, await observer.documents.get(observer.id), input.exchange, input.address);
  } catch (error) {
    return unreadableView(source, (error instanceof Error ? error.message : String(error)).slice(0, 300));
  }
}

function cycleInputs(facts: Facts, input: ReconcileInput, cycleId: string, nowMs: number): CycleInputs {
  const { rows, snapshot } = facts;
  const views = [...(input.useOwnTable ? [ownTableView(OWN_TABLE, snapshot)] : []), ...facts.observed];
  const runs = new Map(facts.runs.filter((r) => r.height === null).map((r) => [r.symbol, r]));
  const previous = new Map(rows.previous.map((p) => [p.symbol, p]));
  const coins = rows.symbols.map((s) => s.instrument.venueSymbol);
  return {
    exchange: input.exchange,
    account: input.account,
    cycleId,
    correlationId: input.trace.correlationId,
    installationTag: input.installationTag,
    nowMs,
    settings: input.settings,
    systemState: facts.systemState,
    latched: rows.latched,
    supervisorOkAtMs: rows.supervisorOkAtMs,
    runsToldUpToMs: rows.runsToldUpToMs,
    money: accountMoney(snapshot, input.settings, nowMs),
    activity: rows.activity,
    symbols: assembleSymbols(rows.symbols, views, runs, rows.orders, previous),
    foreign: foreignPositions(snapshot, coins).map((position) => ({
      ...position,
      source: OWN_TABLE,
      previous: previous.get(position.symbol) ?? null,
    })),
    only: input.symbols === null ? null : new Set(input.symbols),
  };
}

/** Equity and margin are known only from a complete snapshot without doubt that is as fresh as a source of a position must be. */
function accountMoney(snapshot: AccountState | null, settings: CycleSettings, nowMs: number): AccountMoney | null {
  if (snapshot === null || !snapshot.complete || snapshot.money === null) return null;
  if (!isFresh(snapshot.venueTimeMs, nowMs, settings.sourceAgeMsMax, settings.futureToleranceMs)) return null;
  const { equityQuote, marginUsedQuote } = snapshot.money;
  return { equityQuote, marginUsedQuote, venueTimeMs: snapshot.venueTimeMs };
}
