import type { EpochMs } from '../time.ts';
import { endMeaning } from './end-meaning.ts';
import type { Order } from './order.ts';

/** What the orders of one symbol met since the venue last took one. */
export interface Refusals {
  /** In a row. */
  readonly count: number;
  /** Code of the newest; null when there is none. */
  readonly code: string | null;
  /** When it was stored; null when there is none. */
  readonly atMs: EpochMs | null;
}

export const NO_REFUSALS: Refusals = { count: 0, code: null, atMs: null };

/** Refusals in a row after which a human must look: the symbol goes on HOLD. */
export const REFUSALS_BEFORE_HOLD = 5;
export const REFUSED_HOLD = 'refused-repeatedly';

/**
 * Waits after the first, second, … refusal in a row; the last one repeats. An exit is tried every half minute whatever happens; an entry
 * can wait. Together those of an entry outlast the minutes that a venue is closed for after an upgrade.
 */
const EXIT_WAITS_MS = [2_000, 4_000, 8_000, 16_000, 30_000] as const;
const ENTRY_WAITS_MS = [15_000, 30_000, 60_000, 120_000, 300_000] as const;
/** Between exits that find nothing although their price is at its bound, or that the gateway's own gates refuse. */
const BOUND_WAIT_MS = 30_000;
/** Until an exit that was never looked at is planned anew. */
const UNSEEN_WAIT_MS = 2_000;

/**
 * What an end does to the count. Only a refusal that is about the order itself leads to a HOLD: a dead key or a closed venue meets every
 * symbol alike and has an alert of its own.
 */
export function refusalsAfter(ended: Order): 'count' | 'count-to-hold' | 'reset' | 'keep' {
  const meaning = endMeaning(ended);
  if (meaning === 'refused') return 'count-to-hold';
  if (meaning === 'shut-out') return 'count';
  return meaning === 'nothing' ? 'keep' : 'reset';
}

/** Milliseconds after the newest refusal before another order is tried; 0 when there is none. */
export function backOffMs(effect: 'exit' | 'entry', count: number): number {
  const waits = effect === 'exit' ? EXIT_WAITS_MS : ENTRY_WAITS_MS;
  return waits[Math.min(count, waits.length) - 1] ?? 0;
}

/** How much of the wait is left; 0 when it is over, or when the refusal is of a later time than now. */
export function backOffLeftMs(effect: 'exit' | 'entry', refusals: Refusals, nowMs: EpochMs): number {
  if (refusals.atMs === null || refusals.atMs > nowMs) return 0;
  return Math.max(0, refusals.atMs + backOffMs(effect, refusals.count) - nowMs);
}

const isExit = (order: Order): boolean => order.orderClass === 'reduce' || order.orderClass === 'protect';

/**
 * When the symbol of an order that ended is planned again because of it. An exit that did not get everything out: at once while its price
 * bound still widens, later when it was turned away or the bound is reached. An entry: when the wait after its refusal is over. Null leaves
 * it to the schedule.
 */
export function planAgainMs(
  ended: Order,
  epoch: { readonly exitAttempts: number; readonly holdReason: string | null; readonly refusals: Refusals },
  ladderSteps: number,
): number | null {
  const meaning = endMeaning(ended);
  if (!isExit(ended)) {
    const isTurnedAway = meaning === 'refused' || meaning === 'shut-out';
    return isTurnedAway && epoch.holdReason === null ? backOffMs('entry', epoch.refusals.count) : null;
  }
  switch (meaning) {
    case 'filled':
      return null;
    case 'no-match':
      return epoch.exitAttempts > ladderSteps ? BOUND_WAIT_MS : 0;
    case 'refused':
    case 'shut-out':
      return backOffMs('exit', epoch.refusals.count);
    case 'nothing':
      // The gates look at what the plan had looked at already: what has moved on between the two is rarely back at once.
      return ended.status === 'rejected' ? BOUND_WAIT_MS : UNSEEN_WAIT_MS;
    case 'taken':
      return UNSEEN_WAIT_MS;
  }
}

/** The alert of a symbol whose orders the venue refuses again and again; null while it is not on HOLD for that. */
export const refusedHoldAlert = (
  ended: Order,
  epoch: { readonly holdReason: string | null; readonly refusals: Refusals },
) =>
  epoch.holdReason !== REFUSED_HOLD || refusalsAfter(ended) !== 'count-to-hold'
    ? null
    : {
        id: `hold:${ended.exchange}:${ended.account}:${ended.symbol}:${REFUSED_HOLD}`,
        kind: REFUSED_HOLD,
        severity: 'critical' as const,
        exchange: ended.exchange,
        symbol: ended.symbol,
        message: `${ended.symbol} is on HOLD: its orders are refused again and again, the last with "${ended.errorMessage ?? ended.errorCode}"; exits are still tried`,
        detail: {
          code: ended.errorCode,
          clientOrderId: ended.clientOrderId,
          orderClass: ended.orderClass,
          refusals: epoch.refusals.count,
        },
      };
