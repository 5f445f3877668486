import { Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import type { EpochMs } from '../time.ts';

interface Transfer {
  readonly amountQuote: DecimalText;
  readonly venueTimeMs: EpochMs;
}

/** A point of the equity curve, with the deposits minus withdrawals behind it. */
interface Point {
  readonly venueTimeMs: EpochMs;
  readonly equityQuote: DecimalText;
  readonly netTransfersQuote: DecimalText;
}

export interface UnreadTransfers {
  /** The newest point of the curve; null when there is none. */
  readonly before: Point | null;
  readonly now: { readonly equityQuote: DecimalText };
  /** Every transfer that could be read, since the beginning of the account. */
  readonly transfers: readonly Transfer[];
  /** The most that each unreadable entry since then may have moved, in either direction; null: unknown. */
  readonly fresh: readonly (DecimalText | null)[];
}

/**
 * Deposits minus withdrawals where some entries of the ledger cannot be read. What the earlier ones moved is what the curve already
 * takes them for; of the new ones it is the step of the equity that no readable transfer explains, within what they name at most.
 * So an unknown deposit is no profit and an unknown withdrawal no loss, at the price that a profit or loss between these two points
 * hides in it, and every later one counts in full.
 */
export function netWithUnread({ before, now, transfers, fresh }: UnreadTransfers): DecimalText {
  const readable = sumOf(transfers);
  if (before === null) return decimalText(readable);
  const readableBefore = sumOf(transfers.filter((t) => t.venueTimeMs <= before.venueTimeMs));
  const earlier = dec(before.netTransfersQuote).minus(readableBefore);
  const step = dec(now.equityQuote).minus(before.equityQuote).minus(readable.minus(readableBefore));
  return decimalText(readable.plus(earlier).plus(within(step, fresh)));
}

function within(step: Decimal, fresh: UnreadTransfers['fresh']): Decimal {
  if (fresh.length === 0) return ZERO;
  if (fresh.includes(null)) return step;
  const most = fresh.reduce((sum: Decimal, amount) => sum.plus(dec(amount ?? 0).abs()), ZERO);
  return Decimal.max(most.neg(), Decimal.min(most, step));
}

const sumOf = (transfers: readonly Transfer[]): Decimal =>
  transfers.reduce((sum: Decimal, transfer) => sum.plus(transfer.amountQuote), ZERO);
