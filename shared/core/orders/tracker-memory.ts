import { isDue, isFromFuture } from '../age.ts';
import { type DecimalText, isDecimalText } from '../decimal.ts';
import type { EpochMs } from '../time.ts';
import {
  type ChainBreak,
  type ChainedFill,
  type ForeignChange,
  isMended,
  type PositionVerdict,
} from './foreign-changes.ts';

/** What the order tracker remembers between runs; stored as JSON. */
export interface TrackerMemory {
  /** Fills before this time were there before us, and concern nobody. */
  readonly sinceMs: EpochMs;
  /** When all open orders of the account were last read. */
  readonly openOrdersAtMs: EpochMs;
  /** Symbols whose reported position our fills did not explain, since when (venue time of the report). */
  readonly mismatches: Readonly<Record<string, { readonly size: DecimalText; readonly sinceMs: EpochMs }>>;
  /** Symbols with a fill that does not begin where the one before it ended. */
  readonly breaks: Readonly<Record<string, ChainBreak>>;
}

/** Symbols whose position is in doubt, until that is settled or their symbol is on HOLD. */
export const watchedSymbols = (memory: TrackerMemory | null): ReadonlySet<string> =>
  new Set(memory === null ? [] : [...Object.keys(memory.mismatches), ...Object.keys(memory.breaks)]);

/** What was watched before a human adopted its symbol is settled. */
export function withoutAdopted(memory: TrackerMemory, adoptedAtMs: ReadonlyMap<string, EpochMs>): TrackerMemory {
  const isOpen = (symbol: string, sinceMs: EpochMs) => sinceMs > (adoptedAtMs.get(symbol) ?? -1);
  const { mismatches, breaks } = memory;
  return {
    ...memory,
    mismatches: Object.fromEntries(Object.entries(mismatches).filter(([symbol, m]) => isOpen(symbol, m.sinceMs))),
    breaks: Object.fromEntries(Object.entries(breaks).filter(([symbol, gap]) => isOpen(symbol, gap.atMs))),
  };
}

/** Reads a stored memory; null when there is none or it is unreadable. */
export function parseTrackerMemory(value: unknown): TrackerMemory | null {
  if (typeof value !== 'object' || value === null) return null;
  const { sinceMs, openOrdersAtMs, mismatches, breaks } = value as { [key in keyof TrackerMemory]?: unknown };
  if (!isTime(sinceMs)) return null;
  const valid = entriesOf(mismatches).filter(([, m]) => isTime(m?.sinceMs) && isDecimalText(m?.size));
  return {
    sinceMs,
    openOrdersAtMs: isTime(openOrdersAtMs) ? openOrdersAtMs : 0,
    mismatches: Object.fromEntries(valid) as TrackerMemory['mismatches'],
    breaks: Object.fromEntries(
      entriesOf(breaks).filter(([, gap]) => isBreak(gap)),
    ) as unknown as TrackerMemory['breaks'],
  };
}

const entriesOf = (value: unknown): [string, Record<string, unknown> | null][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const isBreak = (gap: Record<string, unknown> | null): boolean =>
  typeof gap?.tradeId === 'string' &&
  isDecimalText(gap.expectedSize) &&
  isDecimalText(gap.startPosition) &&
  isTime(gap.atMs);

const isTime = (value: unknown): value is EpochMs => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * A position that our fills do not explain must be reported twice, the same size, `persistMs` of venue time apart, before it
 * counts: until then a fill may simply not be visible yet. A look that says nothing changes nothing: a report is often too young to
 * be compared. Gives those that count, and what to remember.
 */
export function watchMismatches(
  before: TrackerMemory['mismatches'],
  now: ReadonlyMap<string, PositionVerdict>,
  persistMs: number,
): { readonly lasting: readonly ForeignChange[]; readonly mismatches: TrackerMemory['mismatches'] } {
  const mismatches: Record<string, { size: DecimalText; sinceMs: EpochMs }> = {};
  const lasting: ForeignChange[] = [];
  for (const [symbol, verdict] of now) {
    const remembered = before[symbol];
    if (verdict.kind === 'silent' && remembered !== undefined) mismatches[symbol] = remembered;
    if (verdict.kind !== 'differs') continue;
    const { change } = verdict;
    const size = String(change.detail.reportedSize);
    const atMs = Number(change.detail.reportedAtMs);
    // A first report from the future would never be one that lasted.
    const isSame = remembered?.size === size && !isFromFuture(remembered.sinceMs, atMs);
    const sinceMs = isSame ? remembered.sinceMs : atMs;
    mismatches[symbol] = { size, sinceMs };
    if (atMs - sinceMs >= persistMs) lasting.push(change);
  }
  return { lasting, mismatches };
}

/**
 * A break in a chain of fills counts once nothing can become visible any more that mends it: `lateMs` after its fill, by an answer
 * that was not cut off. Gives those that count, and what to remember.
 */
export function watchBreaks(
  before: TrackerMemory['breaks'],
  found: ReadonlyMap<string, ChainBreak>,
  read: { readonly fills: readonly (ChainedFill & { readonly symbol: string })[]; readonly complete: boolean },
  nowMs: EpochMs,
  lateMs: number,
): { readonly lasting: readonly ForeignChange[]; readonly breaks: TrackerMemory['breaks'] } {
  const fillsOf = Map.groupBy(read.fills, (fill) => fill.symbol);
  const breaks: Record<string, ChainBreak> = {};
  const lasting: ForeignChange[] = [];
  for (const [symbol, gap] of new Map([...found, ...Object.entries(before)])) {
    if (isMended(gap, fillsOf.get(symbol) ?? [])) continue;
    if (isDue(gap.atMs, nowMs, lateMs) && read.complete)
      lasting.push({ symbol, reason: 'position-mismatch', detail: { ...gap } });
    else breaks[symbol] = gap;
  }
  return { lasting, breaks };
}
