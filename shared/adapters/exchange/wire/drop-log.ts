import type { EpochMs } from '#shared/core/time.ts';

const SAMPLES_MAX = 20;
const SAMPLE_CHARS = 200;

/** Counts what was dropped, by reason, and keeps the newest few cut short. Bounded whatever arrives. */
export class DropLog {
  readonly #counts = new Map<string, number>();
  readonly #samples: { reason: string; sample: string; atMs: EpochMs }[] = [];

  /** Returns how often that reason has occurred, this time included. */
  add(reason: string, sample: string, atMs: EpochMs): number {
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    // Through a buffer: a substring would keep the whole message alive.
    const short = Buffer.from(sample.slice(0, SAMPLE_CHARS)).toString();
    if (this.#samples.length >= SAMPLES_MAX) this.#samples.shift();
    this.#samples.push({ reason, sample: short, atMs });
    return count;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  samples(): readonly { readonly reason: string; readonly sample: string; readonly atMs: EpochMs }[] {
    return [...this.#samples];
  }
}
