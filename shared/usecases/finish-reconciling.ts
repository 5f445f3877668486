import { type ObserverView, type ReconcilingGap, reconcilingGaps } from '#shared/core/system/reconciling-gaps.ts';
import { lostOrder, lostOrderReason, restoredAlert } from '#shared/core/system/restore-sign.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import type { EpochMs } from '#shared/core/time.ts';
import { observedView } from '#shared/messages/observed-view.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { type AccountReader, ExchangeError, type RecentOrder } from '#shared/ports/exchange.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

const OUTBOX_LOOK_MAX = 100;

export interface FinishReconcilingDeps {
  readonly clock: Clock;
  readonly systemState: SystemStateRepository;
  readonly control: SystemControl;
  readonly jobs: JobStateRepository;
  readonly orders: Pick<OrdersRepository, 'working' | 'pendingOutbox' | 'ownOrders'>;
  readonly installation: Pick<InstallationRepository, 'tag' | 'noteCopy'>;
  readonly alerts: Alerts;
  /** What the venue remembers of our orders: a database that does not know them is an older one. */
  readonly reader: Pick<AccountReader, 'fetchRecentOrders'>;
  readonly accounts: Pick<AccountRepository, 'latest'>;
  readonly observers: Pick<ObserverDocuments, 'get'>;
}

export interface FinishReconcilingInput {
  readonly exchange: string;
  readonly account: string;
  /** The account's name in the observers' documents. */
  readonly address: string;
  readonly by: string;
  readonly observerIds: readonly string[];
  /** Observers that must be complete and newer than the start; with the own table they make the quorum. */
  readonly observersRequired: number;
  readonly instrumentsMaxAgeMs: number;
  readonly clockBehindMaxMs: number;
}

export type FinishReconcilingOutcome =
  | { readonly kind: 'not-reconciling'; readonly state: SystemState | null }
  | { readonly kind: 'waiting'; readonly state: SystemState; readonly missing: readonly ReconcilingGap[] }
  | { readonly kind: 'restored'; readonly reason: string; readonly change: StateChange }
  | { readonly kind: 'finished'; readonly change: StateChange };

/**
 * RECONCILING → HEALTHY once nothing is missing; otherwise stores the list of what is, for `3t status`. First of all it compares the orders
 * that the venue remembers with the rows: one of ours that has none was sent by what this database was before it was restored → LOCKED.
 */
export async function finishReconciling(
  deps: FinishReconcilingDeps,
  input: FinishReconcilingInput,
): Promise<FinishReconcilingOutcome> {
  const { exchange, account } = input;
  const state = await deps.systemState.read(exchange);
  if (state?.state !== 'RECONCILING') return { kind: 'not-reconciling', state };
  const nowMs = deps.clock.nowMs();
  const jobs = new Map((await deps.jobs.all()).map((job) => [job.job, job]));
  const names = SYSTEM_JOBS;
  const instruments = jobs.get(names.instruments);
  const compared = jobs.get(names.reconciling)?.detail.comparedVersion === state.version;
  const found = compared ? null : await compareOrders(deps, input, state, nowMs);
  if (found?.kind === 'restored') return found;
  const gaps = reconcilingGaps({
    nowMs,
    sinceMs: state.changedAtMs,
    instrumentsSyncedAtMs: instruments && instruments.lastOkMs > 0 ? instruments.lastOkMs : null,
    instrumentsMaxAgeMs: input.instrumentsMaxAgeMs,
    clockError: jobs.get(names.venueClock)?.lastError ?? null,
    clockBehindMaxMs: input.clockBehindMaxMs,
    workingOrders: await deps.orders.working(exchange, account),
    pendingOutbox: await deps.orders.pendingOutbox(exchange, nowMs, OUTBOX_LOOK_MAX),
    ownSnapshot: await deps.accounts.latest(exchange, account),
    observers: await Promise.all(input.observerIds.map((id) => look(deps.observers, id, exchange, input.address))),
    observersRequired: input.observersRequired,
  });
  const missing = found === null ? gaps : [...gaps, ...found.gaps];
  const isCompared = found === null || found.gaps.length === 0;
  await deps.jobs.recordOk(names.reconciling, nowMs, {
    missing,
    ...(isCompared ? { comparedVersion: state.version } : {}),
  });
  if (missing.length > 0) return { kind: 'waiting', state, missing };
  const change = await deps.control.change(
    { kind: 'reconciled', exchange, by: input.by, reason: 'nothing is missing any more', atMs: nowMs },
    // What was looked at belongs to this version: a restart or a lock in between starts the question anew.
    state.version,
  );
  return { kind: 'finished', change };
}

type Compared =
  | { readonly kind: 'compared'; readonly gaps: readonly ReconcilingGap[] }
  | Extract<FinishReconcilingOutcome, { kind: 'restored' }>;

async function compareOrders(
  deps: FinishReconcilingDeps,
  { exchange, account, by }: FinishReconcilingInput,
  state: SystemState,
  atMs: EpochMs,
): Promise<Compared> {
  const tag = await deps.installation.tag();
  if (tag === null) return { kind: 'compared', gaps: [] };
  let recent: readonly RecentOrder[];
  try {
    recent = await deps.reader.fetchRecentOrders(account);
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    const message = `the orders that the venue remembers cannot be read: ${error.message}`;
    return { kind: 'compared', gaps: [{ code: 'own-orders-unread', message, numbers: {} }] };
  }
  const ids = [...new Set(recent.map((order) => order.clientOrderId))];
  const known =
    ids.length === 0
      ? new Map()
      : (await deps.orders.ownOrders(exchange, account, { clientOrderIds: ids, venueOrderIds: [] })).clientOrderIds;
  const lost = lostOrder(recent, tag, known);
  if (lost === null) return { kind: 'compared', gaps: [] };
  const reason = lostOrderReason(lost);
  await deps.installation.noteCopy(exchange);
  const change = await deps.control.change({ kind: 'database-restored', exchange, by, atMs, reason });
  const detail = { installationTag: tag, stateVersion: state.version };
  if (change.kind === 'changed') await deps.alerts.raise(restoredAlert(exchange, reason, detail));
  return { kind: 'restored', reason, change };
}

async function look(
  observers: Pick<ObserverDocuments, 'get'>,
  observerId: string,
  exchange: string,
  address: string,
): Promise<ObserverView> {
  try {
    const document = await observers.get(observerId);
    const view = observedView(`observer:${observerId}`, document, exchange, address);
    return { observerId, venueTimeMs: view.venueTimeMs, complete: view.complete, reason: view.error };
  } catch (error) {
    // Unreadable or malformed: this observer does not count, and says why.
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'unreadable';
    return { observerId, venueTimeMs: null, complete: false, reason };
  }
}
