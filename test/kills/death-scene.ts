import { isEnded } from '#shared/core/orders/order.ts';
import type { Evidence } from './judge.ts';
import type { PlannedKill } from './kill-plan.ts';
import type { DeathNote } from './kill-switch.ts';
import type { OrderRow, PlatformRecords } from './platform-records.ts';

/** What was found right after a death, before anything started again. */
export interface DeathScene {
  readonly kill: PlannedKill;
  /** Absent when it was killed from outside. */
  readonly note: DeathNote | null;
  readonly integrity: string;
  /** Null when the database had no tables yet. */
  readonly records: PlatformRecords | null;
  /** Orders whose requests had left until then. */
  readonly sent: readonly string[];
}

/** Whether the death was where it was to be, by the files alone, and whether the files are whole. */
export function verifyDeath(scene: DeathScene, { ledger }: Evidence): readonly string[] {
  const { kill: plan } = scene;
  const problems: string[] = [];
  if (scene.integrity !== 'ok') problems.push(`the database of the dead process: ${scene.integrity}`);
  if (plan.point === 'any-time' || plan.point === 'after-store') return problems;
  const ids = scene.note?.clientOrderIds ?? [];
  if (ids.length === 0) problems.push('the dead process left no order behind');
  for (const id of ids) {
    const row = scene.records?.orders.find((order) => order.client_order_id === id);
    const sent = scene.sent.includes(id);
    const venueOrder = ledger.orders.find((order) => order.cloid === id);
    const atVenue = venueOrder !== undefined && venueOrder.acceptedAtMs <= scene.note!.atMs;
    if (isThere(plan, { row, sent, atVenue })) continue;
    const found = `${row?.status ?? 'no row'}, ${sent ? 'sent' : 'not sent'}, ${atVenue ? 'at the venue' : 'not at the venue'}`;
    problems.push(`order ${id} at the death: ${found}; that is not ${plan.point}`);
  }
  return problems;
}

function isThere(
  { point, variant }: PlannedKill,
  { row, sent, atVenue }: { row: OrderRow | undefined; sent: boolean; atVenue: boolean },
): boolean {
  if (point === 'before-intent') return row === undefined && !sent;
  if (row === undefined) return false;
  if (point === 'intent-send') return !sent && !isEnded(row.status);
  // The tracker may have asked for an order that is at the venue before its reply came or was stored: then its end is stored already.
  if (point === 'reply-store') return sent && (atVenue || !isEnded(row.status));
  const executed = variant === 'executed' || variant === 'hanging';
  return sent && atVenue === executed && (executed || row.status === 'sending');
}

/** Words for what became of the orders that were at work at the death. */
export function fatesOf(scene: DeathScene, after: PlatformRecords): readonly string[] {
  const working = (scene.records?.orders ?? []).filter((o) => !isEnded(o.status)).map((o) => o.client_order_id);
  const ids = [...new Set([...(scene.note?.clientOrderIds ?? []), ...working])];
  return ids.map((id) => {
    const row = after.orders.find((order) => order.client_order_id === id);
    if (!row) return 'never was';
    return row.error_code === null || row.status === row.error_code ? row.status : `${row.status} (${row.error_code})`;
  });
}
