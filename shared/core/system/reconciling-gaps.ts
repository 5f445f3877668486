import { isFresh, isFromFuture } from '../age.ts';
import type { Order } from '../orders/order.ts';
import type { AccountState, MoneyDoubtCode } from '../portfolio/account-state.ts';
import type { EpochMs } from '../time.ts';

export type ReconcilingGapCode =
  | 'instruments-stale'
  | 'clock-doubtful'
  | 'orders-unresolved'
  | 'outbox-pending'
  | 'own-snapshot-missing'
  | MoneyDoubtCode
  | 'observers-missing'
  | 'own-orders-unread';

/** One thing that RECONCILING still waits for. */
export interface ReconcilingGap {
  readonly code: ReconcilingGapCode;
  readonly message: string;
  readonly numbers: Readonly<Record<string, string | number | boolean | null>>;
}

/** What one observer said about the account; `reason` says why it does not count. */
export interface ObserverView {
  readonly observerId: string;
  readonly venueTimeMs: EpochMs | null;
  readonly complete: boolean;
  readonly reason: string | null;
}

export interface ReconcilingInputs {
  readonly nowMs: EpochMs;
  /** When RECONCILING began; only what is newer counts. */
  readonly sinceMs: EpochMs;
  readonly instrumentsSyncedAtMs: EpochMs | null;
  readonly instrumentsMaxAgeMs: number;
  /** Error of the last clock check, or null. */
  readonly clockError: string | null;
  /** How far a venue time may lie in our future. */
  readonly clockBehindMaxMs: number;
  readonly workingOrders: readonly Pick<Order, 'clientOrderId' | 'symbol' | 'status'>[];
  readonly pendingOutbox: readonly { readonly clientOrderId: string; readonly expiresAtMs: EpochMs }[];
  readonly ownSnapshot: Pick<AccountState, 'venueTimeMs' | 'complete' | 'moneyDoubt'> | null;
  readonly observers: readonly ObserverView[];
  readonly observersRequired: number;
}

/** Everything that keeps a system in RECONCILING; empty means that it may become HEALTHY. */
export function reconcilingGaps(inputs: ReconcilingInputs): readonly ReconcilingGap[] {
  return [
    ...instrumentsGap(inputs),
    ...clockGap(inputs),
    ...ordersGap(inputs),
    ...outboxGap(inputs),
    ...snapshotGap(inputs),
    ...moneyGap(inputs),
    ...observersGap(inputs),
  ];
}

function instrumentsGap(inputs: ReconcilingInputs): ReconcilingGap[] {
  const { instrumentsSyncedAtMs: syncedAtMs, instrumentsMaxAgeMs: maxAgeMs, nowMs } = inputs;
  if (syncedAtMs !== null && isFresh(syncedAtMs, nowMs, maxAgeMs)) return [];
  const ageMs = syncedAtMs === null ? null : nowMs - syncedAtMs;
  const how = ageMs === null ? 'were never loaded' : `were loaded ${Math.round(ageMs / 1000)} s ago`;
  return [{ code: 'instruments-stale', message: `instruments ${how}`, numbers: { ageMs, maxAgeMs } }];
}

function clockGap(inputs: ReconcilingInputs): ReconcilingGap[] {
  const { ownSnapshot, nowMs } = inputs;
  if (ownSnapshot && isFromFuture(ownSnapshot.venueTimeMs, nowMs, inputs.clockBehindMaxMs)) {
    const aheadMs = ownSnapshot.venueTimeMs - nowMs;
    const message = `the venue's snapshot is ${aheadMs} ms in our future: this machine's clock is behind`;
    return [{ code: 'clock-doubtful', message, numbers: { aheadMs, maxMs: inputs.clockBehindMaxMs } }];
  }
  if (inputs.clockError === null) return [];
  return [{ code: 'clock-doubtful', message: inputs.clockError, numbers: {} }];
}

function ordersGap(inputs: ReconcilingInputs): ReconcilingGap[] {
  const open = inputs.workingOrders.filter((o) => o.status === 'unknown' || o.status === 'sending');
  const first = open[0];
  if (!first) return [];
  const message = `${open.length} order(s) with an unknown outcome, first ${first.clientOrderId} (${first.symbol})`;
  return [{ code: 'orders-unresolved', message, numbers: { count: open.length, first: first.clientOrderId } }];
}

function outboxGap(inputs: ReconcilingInputs): ReconcilingGap[] {
  const pending = inputs.pendingOutbox.filter((row) => row.expiresAtMs > inputs.nowMs);
  if (pending.length === 0) return [];
  const lastMs = Math.max(...pending.map((row) => row.expiresAtMs)) - inputs.nowMs;
  const message = `${pending.length} order command(s) not acknowledged yet; the last expires in ${lastMs} ms`;
  return [{ code: 'outbox-pending', message, numbers: { count: pending.length, lastExpiresInMs: lastMs } }];
}

function snapshotGap(inputs: ReconcilingInputs): ReconcilingGap[] {
  const own = inputs.ownSnapshot;
  if (own?.complete && own.venueTimeMs > inputs.sinceMs) return [];
  const why = own === null ? 'none stored' : own.complete ? 'the stored one is from before the start' : 'incomplete';
  return [
    {
      code: 'own-snapshot-missing',
      message: `no complete own account snapshot newer than the start: ${why}`,
      numbers: { venueTimeMs: own?.venueTimeMs ?? null, sinceMs: inputs.sinceMs, complete: own?.complete ?? null },
    },
  ];
}

/** Money that is in doubt opens nothing: HEALTHY would only look well. A partial reading is a gap of its own already. */
function moneyGap({ ownSnapshot, sinceMs }: ReconcilingInputs): ReconcilingGap[] {
  if (!ownSnapshot?.complete || !ownSnapshot.moneyDoubt || ownSnapshot.venueTimeMs <= sinceMs) return [];
  return [ownSnapshot.moneyDoubt];
}

function observersGap(inputs: ReconcilingInputs): ReconcilingGap[] {
  const verdicts = inputs.observers.map((o) => ({ id: o.observerId, why: whyNotCounting(o, inputs) }));
  const counting = verdicts.filter((v) => v.why === null).length;
  if (counting >= inputs.observersRequired) return [];
  const missing = verdicts.flatMap((v) => (v.why === null ? [] : [`${v.id}: ${v.why}`]));
  return [
    {
      code: 'observers-missing',
      message: `${counting} of ${inputs.observersRequired} observers are complete and newer than the start (${missing.join('; ') || 'none configured'})`,
      numbers: { counting, required: inputs.observersRequired },
    },
  ];
}

function whyNotCounting(observer: ObserverView, inputs: ReconcilingInputs): string | null {
  if (observer.reason !== null) return observer.reason;
  if (observer.venueTimeMs === null) return 'never wrote';
  if (!observer.complete) return 'incomplete';
  if (observer.venueTimeMs <= inputs.sinceMs) return 'from before the start';
  return isFromFuture(observer.venueTimeMs, inputs.nowMs, inputs.clockBehindMaxMs) ? 'from the future' : null;
}
