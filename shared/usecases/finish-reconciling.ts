import { type ObserverView, type ReconcilingGap, reconcilingGaps } from '#shared/core/system/reconciling-gaps.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import { observedView } from '#shared/messages/observed-view.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
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
  readonly orders: Pick<OrdersRepository, 'working' | 'pendingOutbox'>;
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
  | { readonly kind: 'finished'; readonly change: StateChange };

/** RECONCILING → HEALTHY once nothing is missing; otherwise stores the list of what is, for `3t status`. */
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
  const missing = reconcilingGaps({
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
  await deps.jobs.recordOk(names.reconciling, nowMs, { missing });
  if (missing.length > 0) return { kind: 'waiting', state, missing };
  const change = await deps.control.change(
    { kind: 'reconciled', exchange, by: input.by, reason: 'nothing is missing any more', atMs: nowMs },
    // What was looked at belongs to this version: a restart or a lock in between starts the question anew.
    state.version,
  );
  return { kind: 'finished', change };
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
