import type { CsvBar } from '#local/exchange-simulator/prices/csv-bar.ts';
import { MINUTE_MS } from '#shared/core/time.ts';

/** A price this many times the close before it, or this small a part of it, is hardly a market's. */
const SPIKE_FACTOR = 1.5;

/** What is odd about the bars that will trade, and how many lines will not. */
export interface FileQuality {
  readonly refusedLines: number;
  /** Minutes without a bar, between two bars. */
  readonly gaps: {
    readonly count: number;
    readonly missingBars: number;
    readonly longestBars: number;
    readonly firstAtMs: number | null;
  };
  readonly spikes: { readonly count: number; readonly firstAtMs: number | null };
}

/** Looks at one bar after the other. */
export class QualityWatch {
  #refusedLines = 0;
  #gaps = { count: 0, missingBars: 0, longestBars: 0, firstAtMs: null as number | null };
  #spikes = { count: 0, firstAtMs: null as number | null };
  #before: CsvBar | null = null;

  refused(): void {
    this.#refusedLines += 1;
  }

  bar(bar: CsvBar): void {
    const before = this.#before;
    this.#before = bar;
    if (before === null) return;
    const missing = Math.round((bar.openTimeMs - before.openTimeMs) / MINUTE_MS) - 1;
    if (missing > 0) {
      const { count, missingBars, longestBars, firstAtMs } = this.#gaps;
      this.#gaps = {
        count: count + 1,
        missingBars: missingBars + missing,
        longestBars: Math.max(longestBars, missing),
        firstAtMs: firstAtMs ?? before.openTimeMs + MINUTE_MS,
      };
    }
    if (bar.high <= before.close * SPIKE_FACTOR && bar.low >= before.close / SPIKE_FACTOR) return;
    this.#spikes = { count: this.#spikes.count + 1, firstAtMs: this.#spikes.firstAtMs ?? bar.openTimeMs };
  }

  quality(): FileQuality {
    return { refusedLines: this.#refusedLines, gaps: this.#gaps, spikes: this.#spikes };
  }
}

const utc = (ms: number | null): string =>
  ms === null ? '' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** For people; empty when there is nothing to say. */
export function qualityLines({ gaps, spikes }: FileQuality): readonly string[] {
  const lines: string[] = [];
  if (gaps.count > 0) {
    lines.push(
      `${gaps.missingBars} minutes have no bar, in ${gaps.count} gaps; the longest ${gaps.longestBars}, the first at ${utc(gaps.firstAtMs)} UTC`,
    );
  }
  if (spikes.count > 0) {
    lines.push(
      `${spikes.count} bars leave the close before them by more than ${SPIKE_FACTOR} times, the first at ${utc(spikes.firstAtMs)} UTC`,
    );
  }
  return lines;
}
