import { isFromFuture } from '../age.ts';
import { type DecimalText, isDecimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import type { ForeignChange } from './foreign-changes.ts';

/** What the order tracker remembers between runs; stored as JSON. */
export interface TrackerMemory {
  /** Fills before this time were there before us, and concern nobody. */
  readonly sinceMs: EpochMs;
  /** When all open orders of the account were last read. */
  readonly openOrdersAtMs: EpochMs;
  /** Symbols whose reported position our fills did not explain, since when (venue time of the report). */
  readonly mismatches: Readonly<Record<string, { readonly size: DecimalText; readonly sinceMs: EpochMs }>>;
}

/** Reads a stored memory; null when there is none or it is unreadable. */
export function parseTrackerMemory(value: unknown): TrackerMemory | null {
  if (typeof value !== 'object' || value === null) return null;
  const { sinceMs, openOrdersAtMs, mismatches } = value as { [key in keyof TrackerMemory]?: unknown };
  if (!isTime(sinceMs)) return null;
  const entries = typeof mismatches === 'object' && mismatches !== null ? Object.entries(mismatches) : [];
  const valid = entries.filter(([, m]) => isTime(m?.sinceMs) && isDecimalText(m?.size));
  return {
    sinceMs,
    openOrdersAtMs: isTime(openOrdersAtMs) ? openOrdersAtMs : 0,
    mismatches: Object.fromEntries(valid),
  };
}

const isTime = (value: unknown): value is EpochMs => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * A position that our fills do not explain must be reported twice, the same size, `persistMs` of venue time apart, before it
 * counts: until then a fill may simply not be visible yet. Gives those that count, and what to remember.
 */
export function watchMismatches(
  before: TrackerMemory['mismatches'],
  now: readonly ForeignChange[],
  persistMs: number,
): { readonly lasting: readonly ForeignChange[]; readonly mismatches: TrackerMemory['mismatches'] } {
  const mismatches: Record<string, { size: DecimalText; sinceMs: EpochMs }> = {};
  const lasting: ForeignChange[] = [];
  for (const change of now) {
    const size = String(change.detail.reportedSize);
    const atMs = Number(change.detail.reportedAtMs);
    const known = before[change.symbol];
    // A first report from the future would never be one that lasted.
    const sinceMs = known?.size === size && !isFromFuture(known.sinceMs, atMs) ? known.sinceMs : atMs;
    mismatches[change.symbol] = { size, sinceMs };
    if (atMs - sinceMs >= persistMs) lasting.push(change);
  }
  return { lasting, mismatches };
}
