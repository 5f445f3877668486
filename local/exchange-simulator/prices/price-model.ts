import { ticksPerUnit } from '#shared/core/market/tick-rules.ts';
import { MINUTE_MS, slotOf } from '#shared/core/time.ts';
import type { MarketSpec } from '../venue/market-spec.ts';
import { type HistoryBar, type MarketSource, type MarketTick, NO_REFUSALS } from './market-source.ts';
import { type RandomState, SeededRandom } from './seeded-random.ts';

/**
 * Regime-switching random walk, one per symbol, independent of the others.
 * A regime lasts an exponential-like time around `meanMinutes`; within it a relative price step over dt minutes is
 * drift × dt + noise × √dt × N(0,1), both in multiples of the symbol's volatility; `range` is also pulled back to the
 * price at which it began. A weak pull to the initial price keeps a long run within a factor of a few.
 */
const REGIMES = [
  { name: 'up', drift: 0.35, noise: 0.8, pull: 0, meanMinutes: 25 },
  { name: 'down', drift: -0.35, noise: 0.8, pull: 0, meanMinutes: 25 },
  { name: 'range', drift: 0, noise: 0.7, pull: 0.08, meanMinutes: 30 },
  { name: 'volatile', drift: 0, noise: 2.5, pull: 0, meanMinutes: 8 },
] as const;

interface Walker {
  readonly spec: MarketSpec;
  readonly random: SeededRandom;
  price: number;
  regime: number;
  anchor: number;
  minutesLeft: number;
  nextAtMs: number;
  lastAtMs: number;
}

interface SavedWalker {
  readonly coin: string;
  readonly random: RandomState;
  readonly price: number;
  readonly regime: number;
  readonly anchor: number;
  readonly minutesLeft: number;
  readonly nextAtMs: number;
  readonly lastAtMs: number;
}

export interface PriceModelOptions {
  readonly seed: number;
  readonly startMs: number;
  /** Trades per second and symbol. */
  readonly ticksPerSecond: number;
  /** Minutes of candles before the start, at most 50,000. */
  readonly historyMinutes: number;
}

/** The seeded price model over all symbols; with the same seed, start and rate it gives the same trades. */
export class PriceModel implements MarketSource {
  readonly #walkers: Walker[];
  readonly #options: PriceModelOptions;
  readonly #meanGapMs: number;

  constructor(specs: readonly MarketSpec[], options: PriceModelOptions) {
    this.#options = options;
    this.#meanGapMs = 1000 / options.ticksPerSecond;
    this.#walkers = specs.map((spec) => {
      const random = new SeededRandom(options.seed, spec.coin);
      const walker: Walker = {
        spec,
        random,
        price: spec.initialPrice,
        regime: 2,
        anchor: spec.initialPrice,
        minutesLeft: 0,
        nextAtMs: options.startMs,
        lastAtMs: options.startMs,
      };
      return walker;
    });
  }

  *history(): Iterable<HistoryBar> {
    const { startMs, historyMinutes } = this.#options;
    const endMs = slotOf(startMs, MINUTE_MS);
    for (const [market, walker] of this.#walkers.entries()) {
      for (let i = historyMinutes; i > 0; i -= 1) {
        const prices = [0.25, 0.25, 0.25, 0.25].map((minutes) => this.#step(walker, minutes));
        const open = prices[0] as number;
        const close = prices[3] as number;
        const volume = (this.#size(walker) + this.#size(walker)) * 20;
        const base = { market, openTimeMs: endMs - i * MINUTE_MS, open, close };
        yield { ...base, high: Math.max(...prices), low: Math.min(...prices), volume, trades: 60 };
      }
      walker.nextAtMs = this.#options.startMs + this.#gapMs(walker);
    }
  }

  nextAtMs(): number | null {
    return this.#walkers[this.#earliest()]?.nextAtMs ?? null;
  }

  take(): MarketTick {
    const market = this.#earliest();
    const walker = this.#walkers[market] as Walker;
    const before = walker.price;
    const price = this.#step(walker, (walker.nextAtMs - walker.lastAtMs) / MINUTE_MS);
    const side = price === before ? (walker.random.next() < 0.5 ? 'A' : 'B') : price > before ? 'B' : 'A';
    const tick: MarketTick = { atMs: walker.nextAtMs, market, price, size: this.#size(walker), side };
    walker.lastAtMs = walker.nextAtMs;
    walker.nextAtMs += this.#gapMs(walker);
    return tick;
  }

  skipTo(nowMs: number): void {
    for (const walker of this.#walkers) {
      if (walker.nextAtMs >= nowMs) continue;
      walker.lastAtMs = nowMs;
      walker.nextAtMs = nowMs + this.#gapMs(walker);
    }
  }

  state(): unknown {
    return this.#walkers.map(
      ({ spec, random, ...rest }): SavedWalker => ({ coin: spec.coin, random: random.state(), ...rest }),
    );
  }

  restore(state: unknown): void {
    const saved = new Map((state as readonly SavedWalker[]).map((walker) => [walker.coin, walker]));
    for (const walker of this.#walkers) {
      const found = saved.get(walker.spec.coin);
      if (!found) continue;
      const { coin: _, random, ...rest } = found;
      walker.random.restore(random);
      Object.assign(walker, rest);
    }
  }

  bars(): number {
    return 0;
  }

  refusals(): typeof NO_REFUSALS {
    return NO_REFUSALS;
  }

  /** Ties go to the lower index: the order of ticks never depends on anything but the numbers. */
  #earliest(): number {
    let best = 0;
    for (let i = 1; i < this.#walkers.length; i += 1) {
      if ((this.#walkers[i] as Walker).nextAtMs < (this.#walkers[best] as Walker).nextAtMs) best = i;
    }
    return best;
  }

  #gapMs(walker: Walker): number {
    return Math.max(1, Math.round(this.#meanGapMs * (0.5 + walker.random.next())));
  }

  #step(walker: Walker, minutes: number): number {
    walker.minutesLeft -= minutes;
    if (walker.minutesLeft <= 0) {
      walker.regime = Math.min(REGIMES.length - 1, Math.floor(walker.random.next() * REGIMES.length));
      // The sum of two uniforms: around the mean, never zero for long, never more than twice the mean.
      const mean = REGIMES[walker.regime as 0].meanMinutes;
      walker.minutesLeft = mean * (0.2 + 0.8 * (walker.random.next() + walker.random.next()));
      walker.anchor = walker.price;
    }
    const regime = REGIMES[walker.regime as 0];
    const unit = walker.spec.volatilityBps / 10_000;
    const home = 0.0002 * (walker.spec.initialPrice / walker.price - 1);
    const back = regime.pull * (walker.anchor / walker.price - 1);
    const noise = regime.noise * unit * Math.sqrt(minutes) * walker.random.normal();
    const moved = walker.price * (1 + (regime.drift * unit + back + home) * minutes + noise);
    const floored = Math.max(moved, walker.spec.initialPrice / 20);
    walker.price = floored;
    const ticks = ticksPerUnit(floored, walker.spec.priceRule);
    return Math.max(1, Math.round(floored * ticks)) / ticks;
  }

  /** Mostly small trades, few large: a cubed uniform between about 50 and 20,000 quote units, at least one lot. */
  #size(walker: Walker): number {
    const u = walker.random.next();
    const lots = Math.floor(((50 + 20_000 * u * u * u) / walker.price) * 10 ** walker.spec.sizeDecimals);
    return Math.max(1, lots) / 10 ** walker.spec.sizeDecimals;
  }
}
