import { isFromFuture } from '../age.ts';
import { installationTagOf } from '../orders/client-order-id.ts';
import type { ClientOrderId } from '../orders/order.ts';
import type { EpochMs } from '../time.ts';

/** What an installation wrote down beside its database. */
export interface InstallationMark {
  readonly tag: string;
  /** Newest version of `system_state` per exchange that was seen. A database with a smaller one is an old backup. */
  readonly stateVersions: Readonly<Record<string, number>>;
  /** Newest beat of the janitor per exchange that was stored in the database, where beats are marked at all. */
  readonly beatsMs?: Readonly<Record<string, EpochMs>>;
}

/** What the database says of itself. */
export interface DatabaseIdentity {
  readonly exchange: string;
  readonly tag: string | null;
  readonly stateVersion: number;
  /** Another exchange has found it a copy or a backup; its mark was written anew since. */
  readonly unjudgedCopy: boolean;
  /** Its newest beat of the janitor; 0 before the first. */
  readonly lastBeatMs: EpochMs;
  /** The present. */
  readonly nowMs: EpochMs;
}

/** Two beats may run at once and end in either order; a point in time that can be restored is older than this. */
export const BEATS_LOST_MS_MAX = 120_000;

/**
 * Why a database is taken for a copy or a backup, or null. The mark must have been read before the database: whoever writes both writes
 * the database first, so a mark can then only be ahead of a database that has lost something.
 */
export function restoreSign(mark: InstallationMark | null, database: DatabaseIdentity): string | null {
  const { exchange, tag, stateVersion, unjudgedCopy, lastBeatMs, nowMs } = database;
  if (unjudgedCopy)
    return 'the database was found to be a copy or a backup by another exchange, whose lock has marked it as it is';
  if (!mark) return 'the database was not made here: no mark of this place lies beside it (copied or restored?)';
  if (mark.tag !== tag) return `the database is of installation ${tag ?? 'none'}, the mark beside it of ${mark.tag}`;
  const seen = mark.stateVersions[exchange] ?? 0;
  if (seen > stateVersion) {
    return `the database is older than the mark beside it (state version ${stateVersion}, seen ${seen}): restored from a backup?`;
  }
  const markedMs = mark.beatsMs?.[exchange] ?? 0;
  const lostMs = markedMs - lastBeatMs;
  // A beat of the future was marked by a clock that was ahead: that it is not in the database any more says nothing.
  if (lostMs <= BEATS_LOST_MS_MAX || isFromFuture(markedMs, nowMs)) return null;
  return `the database has lost ${Math.round(lostMs / 1000)} s of the janitor's beats that the mark beside it has seen: restored from a backup?`;
}

/**
 * The newest order that bears this installation's tag and that the database has no row for: it was sent by what the database was before it
 * was restored, or lost in a power cut. Null when every one has a row. Rows of orders are never deleted.
 */
export function lostOrder<T extends { readonly clientOrderId: ClientOrderId | null; readonly venueTimeMs: EpochMs }>(
  orders: readonly T[],
  tag: string,
  known: { has(id: string): boolean },
): (T & { readonly clientOrderId: ClientOrderId }) | null {
  let newest: (T & { readonly clientOrderId: ClientOrderId }) | null = null;
  for (const order of orders) {
    const { clientOrderId } = order;
    if (clientOrderId === null || installationTagOf(clientOrderId) !== tag || known.has(clientOrderId)) continue;
    if (newest === null || order.venueTimeMs > newest.venueTimeMs) newest = { ...order, clientOrderId };
  }
  return newest;
}

export const lostOrderReason = (order: {
  readonly clientOrderId: ClientOrderId;
  readonly venueTimeMs: EpochMs;
}): string =>
  `the venue knows an order of this installation that the database does not (${order.clientOrderId}, ${new Date(order.venueTimeMs).toISOString()}): restored from a backup?`;

/** The alert of a database that was taken for a copy or a backup, whoever noticed: one episode for each installation. */
export const restoredAlert = (
  exchange: string,
  reason: string,
  detail: {
    readonly installationTag: string | null;
    readonly stateVersion: number | null;
    readonly lastBeatMs?: EpochMs;
  },
) => ({
  id: `database-restored:${exchange}:${detail.installationTag}`,
  kind: 'database-restored',
  severity: 'critical' as const,
  exchange,
  symbol: null,
  message: `${exchange} is LOCKED: ${reason}`,
  detail,
});
