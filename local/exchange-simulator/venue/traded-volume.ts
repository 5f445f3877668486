import { type Decimal, ZERO } from '#shared/core/decimal.ts';
import { HOUR_MS } from '#shared/core/time.ts';

/** Quote units that an account traded in one hour, as taker and as maker. */
interface HourVolume {
  cross: Decimal;
  add: Decimal;
}

const HOURS_KEPT = 24 * 400;

/** What an account traded: in all, and by the hour of the last 400 days. Made again from the fills after a restart. */
export class TradedVolume {
  total = ZERO;
  readonly #hours = new Map<number, HourVolume>();

  note(atMs: number, quote: Decimal, isTaker: boolean): void {
    this.total = this.total.plus(quote);
    const hour = Math.floor(atMs / HOUR_MS);
    const volume = this.#hours.get(hour) ?? { cross: ZERO, add: ZERO };
    if (isTaker) volume.cross = volume.cross.plus(quote);
    else volume.add = volume.add.plus(quote);
    this.#hours.set(hour, volume);
    const oldest = this.#hours.keys().next().value;
    if (this.#hours.size > HOURS_KEPT && oldest !== undefined) this.#hours.delete(oldest);
  }

  /** Of the hours that began in [fromMs, toMs). */
  between(fromMs: number, toMs: number): HourVolume {
    const sum = { cross: ZERO, add: ZERO };
    for (const [hour, volume] of this.#hours) {
      if (hour * HOUR_MS < fromMs || hour * HOUR_MS >= toMs) continue;
      sum.cross = sum.cross.plus(volume.cross);
      sum.add = sum.add.plus(volume.add);
    }
    return sum;
  }
}
