import { isDue, isFromFuture } from '../age.ts';
import { DAY_MS, type EpochMs, slotOf, type Timeframe, timeframeMs } from '../time.ts';

/** How far a series has been fetched; see the fetch state repository. */
export interface SeriesProgress {
  readonly lastFinalOpenMs: EpochMs | null;
  readonly queuedAtMs: EpochMs | null;
  readonly failures: number;
  readonly failedAtMs: EpochMs | null;
}

export interface DueRules {
  /** Bars asked for at first and with the first bar of each day; else those that are missing, however many. */
  readonly lookbackBars: number;
  /** A bar counts as closed this long after its end: the venue needs a moment. */
  readonly settleMs: number;
  /** A series is not queued again before this, unless it failed. */
  readonly requeueAfterMs: number;
  /** After a failure for good it waits this long, doubled for each further one, up to the longest. */
  readonly failureWaitMs: number;
  readonly failureWaitMaxMs: number;
}

export interface DueSeries {
  /** Open time of the newest closed bar. */
  readonly barMs: EpochMs;
  /** Bars to ask for: open times from the first missing one to the running one. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** The venue answers with 5,000 bars at most. */
export const CANDLES_PER_FETCH_MAX = 5_000;

/** A series with holes is asked for again no sooner than this: the whole lookback costs weight. */
const HOLES_AGAIN_MS = 60_000;

/**
 * What to fetch of one series now, or null: due when a bar has closed that is not stored as final. `hasHoles`: somebody waits for bars
 * of the lookback that are not there; a venue may publish one after those that follow it, and nobody else looks back before the next day.
 */
export function dueSeries(
  timeframe: Timeframe,
  progress: SeriesProgress | undefined,
  rules: DueRules,
  nowMs: EpochMs,
  hasHoles = false,
): DueSeries | null {
  const stepMs = timeframeMs(timeframe);
  const runningMs = slotOf(nowMs - rules.settleMs, stepMs);
  const barMs = runningMs - stepMs;
  // A bar of the future was taken for closed by a clock that was ahead: what is stored up to it is asked for again.
  const storedMs = progress?.lastFinalOpenMs ?? null;
  const lastMs = storedMs !== null && isFromFuture(storedMs, nowMs) ? null : storedMs;
  const isWhole = lastMs !== null && lastMs >= barMs;
  if (isWhole && !hasHoles) return null;
  const requeueAfterMs = isWhole ? Math.max(rules.requeueAfterMs, HOLES_AGAIN_MS) : rules.requeueAfterMs;
  if (progress && !mayQueue(progress, { ...rules, requeueAfterMs }, nowMs)) return null;
  const toMs = runningMs;
  const lookbackMs = barMs - (rules.lookbackBars - 1) * stepMs;
  // Asking for everything again each time would cost weight and hardly change anything. Once a day it fills the hole of a bar that was
  // refused for so long that it was given up, and reaches back as far as the settings want by now: nobody else ever looks there.
  const isNewDay = lastMs !== null && slotOf(lastMs, DAY_MS) < slotOf(barMs, DAY_MS);
  const missingMs = lastMs === null ? lookbackMs : lastMs + stepMs;
  const fromMs = isNewDay || hasHoles ? Math.min(missingMs, lookbackMs) : missingMs;
  return { barMs, fromMs: Math.max(0, fromMs, toMs - (CANDLES_PER_FETCH_MAX - 1) * stepMs), toMs };
}

function mayQueue(progress: SeriesProgress, rules: DueRules, nowMs: EpochMs): boolean {
  const { queuedAtMs, failures, failedAtMs } = progress;
  if (failures > 0 && failedAtMs !== null && failedAtMs >= (queuedAtMs ?? 0)) {
    const waitMs = Math.min(rules.failureWaitMaxMs, rules.failureWaitMs * 2 ** Math.min(failures - 1, 30));
    return isDue(failedAtMs, nowMs, waitMs);
  }
  return queuedAtMs === null || isDue(queuedAtMs, nowMs, rules.requeueAfterMs);
}
