import type { DecimalText } from '../decimal.ts';
import type { BarEvent } from '../strategies/strategy.ts';
import { MINUTE_MS } from '../time.ts';
import type { MarketStep } from './step-run.ts';

/** Runs decide on bars of one minute, built from the ticks themselves. */
export const RUN_BAR_MS = MINUTE_MS;
/** Closed bars kept to bridge the time until the venue's candles are stored. */
export const RECENT_BARS_MAX = 12;
/** A silence longer than this many bars is a hole; a shorter one is a market without trades. */
export const FLAT_BARS_MAX = 60;
/** Trade ids remembered at the newest venue time. */
export const SAME_TIME_IDS_MAX = 256;

/** `live`; `warming-up`: never had its history; `data-gap`: trades were lost, desired is unknown. */
export type DataState = 'live' | 'warming-up' | 'data-gap';

/** What all runs of a symbol share: how far its trades are processed, and the bar that they are forming. */
export interface Cohort {
  readonly exchange: string;
  readonly symbol: string;
  /** Guard of every write; 0 means not stored yet. */
  readonly version: number;
  readonly lastTradeTimeMs: number;
  /** Ids processed at exactly `lastTradeTimeMs`. */
  readonly lastTradeIds: readonly string[];
  readonly dataState: DataState;
  readonly dataStateSinceMs: number;
  readonly forming: BarEvent | null;
  /** Closed bars before `forming` without a hole, oldest first. */
  readonly recent: readonly BarEvent[];
}

export const newCohort = (exchange: string, symbol: string): Cohort => ({
  exchange,
  symbol,
  version: 0,
  lastTradeTimeMs: 0,
  lastTradeIds: [],
  dataState: 'warming-up',
  dataStateSinceMs: 0,
  forming: null,
  recent: [],
});

/** A trade as the stream brings it. */
export interface RunTick {
  readonly id: string;
  readonly px: DecimalText;
  readonly t: number;
}

const PRICE_DIGITS = 8;

/** Prices enter indicators with 8 significant digits: more than any venue quotes, and a bound on the state's text. */
export function indicatorPrice(px: DecimalText): number {
  const price = Number(px);
  return px.length <= PRICE_DIGITS ? price : Number(price.toPrecision(PRICE_DIGITS));
}

export interface CohortAdvance {
  readonly cohort: Cohort;
  /** New trades only, in order, with the bars they closed. */
  readonly steps: readonly MarketStep[];
  /** Index in `steps` before which history was lost; null when it is whole. */
  readonly gapBefore: number | null;
  /** Dropped: processed before, or older than what was. */
  readonly alreadyProcessed: number;
  /** Dropped: no positive price. */
  readonly malformed: number;
}

/**
 * Moves a cohort over the next trades of its symbol. A trade counts once: older than the last processed one, or at the same
 * venue time with an id seen there, it is dropped, so redelivery and overlapping producers change nothing.
 * `gap` says that trades before the first one may be missing; it means nothing when that trade was processed before.
 */
export function advanceCohort(cohort: Cohort, ticks: readonly RunTick[], gap: boolean): CohortAdvance {
  let { lastTradeTimeMs, forming } = cohort;
  let ids: readonly string[] = cohort.lastTradeIds;
  let recent = cohort.recent;
  let gapBefore: number | null = null;
  let alreadyProcessed = 0;
  let malformed = 0;
  const steps: MarketStep[] = [];

  for (let i = 0; i < ticks.length; i++) {
    const tick = ticks[i]!;
    if (
      tick.t < lastTradeTimeMs ||
      (tick.t === lastTradeTimeMs && (ids.includes(tick.id) || ids.length >= SAME_TIME_IDS_MAX))
    ) {
      alreadyProcessed++;
      continue;
    }
    const price = indicatorPrice(tick.px);
    if (!(price > 0)) {
      malformed++;
      continue;
    }
    const openTimeMs = Math.floor(tick.t / RUN_BAR_MS) * RUN_BAR_MS;
    const silent = forming !== null && openTimeMs - forming.openTimeMs > (FLAT_BARS_MAX + 1) * RUN_BAR_MS;
    if ((gap && i === 0) || silent) {
      gapBefore = steps.length;
      recent = [];
      if (forming && forming.openTimeMs !== openTimeMs) forming = null;
    }
    const closedBars = forming ? closeBars(forming, openTimeMs) : NO_BARS;
    if (closedBars.length > 0) recent = [...recent, ...closedBars].slice(-RECENT_BARS_MAX);
    forming = closedBars.length > 0 || !forming ? firstOf(openTimeMs, price) : extend(forming, price);
    ids = tick.t === lastTradeTimeMs ? [...ids, tick.id] : [tick.id];
    lastTradeTimeMs = tick.t;
    steps.push({ timeMs: tick.t, price, closedBars });
  }

  let next: Cohort = cohort;
  if (steps.length > 0) next = { ...cohort, lastTradeTimeMs, lastTradeIds: ids, forming, recent };
  if (gapBefore !== null && next.dataState !== 'warming-up') {
    next = { ...next, dataState: 'data-gap', dataStateSinceMs: steps[gapBefore]!.timeMs };
  }
  return { cohort: next, steps, gapBefore, alreadyProcessed, malformed };
}

const NO_BARS: readonly BarEvent[] = [];

const firstOf = (openTimeMs: number, price: number): BarEvent => ({
  kind: 'bar',
  openTimeMs,
  open: price,
  high: price,
  low: price,
  close: price,
});

const extend = (bar: BarEvent, price: number): BarEvent => ({
  kind: 'bar',
  openTimeMs: bar.openTimeMs,
  open: bar.open,
  high: price > bar.high ? price : bar.high,
  low: price < bar.low ? price : bar.low,
  close: price,
});

/** The forming bar and the minutes without trades after it, up to the bar that opens at `openTimeMs`. */
function closeBars(forming: BarEvent, openTimeMs: number): readonly BarEvent[] {
  if (openTimeMs <= forming.openTimeMs) return NO_BARS;
  const bars = [forming];
  for (let t = forming.openTimeMs + RUN_BAR_MS; t < openTimeMs; t += RUN_BAR_MS) bars.push(firstOf(t, forming.close));
  return bars;
}

/** Cells of a bar in the stored text. */
type BarCells = [number, number, number, number, number];

/** `{f: forming | null, r: recent[]}`, each bar `[openTimeMs, open, high, low, close]`; under 2 KB. */
export function encodeCohortBars(cohort: Pick<Cohort, 'forming' | 'recent'>): string {
  const cells = (bar: BarEvent): BarCells => [bar.openTimeMs, bar.open, bar.high, bar.low, bar.close];
  return JSON.stringify({ f: cohort.forming && cells(cohort.forming), r: cohort.recent.map(cells) });
}

/** Null when the text is not what `encodeCohortBars` writes. */
export function decodeCohortBars(text: string): Pick<Cohort, 'forming' | 'recent'> | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const { f, r } = (json ?? {}) as { f?: unknown; r?: unknown };
  if (f === undefined || !Array.isArray(r) || r.length > RECENT_BARS_MAX) return null;
  const bars = r.map(barOf);
  const forming = f === null ? null : barOf(f);
  if (bars.includes(null) || (f !== null && forming === null)) return null;
  return { forming, recent: bars as BarEvent[] };
}

function barOf(cells: unknown): BarEvent | null {
  if (!Array.isArray(cells) || cells.length !== 5 || !cells.every((n) => Number.isFinite(n) && n >= 0)) return null;
  const [openTimeMs, open, high, low, close] = cells as BarCells;
  return { kind: 'bar', openTimeMs, open, high, low, close };
}
