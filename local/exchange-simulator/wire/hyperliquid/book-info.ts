import { Decimal, ZERO } from '#shared/core/decimal.ts';
import type { BookLevel } from '#shared/core/matching/ladder.ts';
import { bookOf, type MarketState, type World } from '../../venue/world.ts';
import { wireDecimal } from '../../wire-number.ts';

/** How a book is asked for. `null` significant figures: every price by itself. */
export interface BookView {
  readonly nSigFigs: number | null;
  readonly mantissa: number | null;
  readonly fast: boolean;
}
export const WHOLE_BOOK: BookView = { nSigFigs: null, mantissa: null, fast: false };
const FAST_LEVELS = 5;
type Rounding = typeof Decimal.ROUND_FLOOR | typeof Decimal.ROUND_CEIL;

/** 2 to 5 figures; in steps of 2 or 5 of the last one only with five. */
export const isBookView = ({ nSigFigs, mantissa }: Pick<BookView, 'nSigFigs' | 'mantissa'>): boolean =>
  (nSigFigs === null || [2, 3, 4, 5].includes(nSigFigs)) &&
  (mantissa === null || (nSigFigs === 5 && [1, 2, 5].includes(mantissa)));

const level = ({ price, size, orders }: BookLevel) => ({ px: wireDecimal(price), sz: wireDecimal(size), n: orders });

/**
 * The book as asked for. With `nSigFigs` the levels of one step are one: bids rounded down, asks up.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#l2-book-snapshot
 */
export function l2Book(world: World, market: MarketState, view: BookView = WHOLE_BOOK) {
  const { bids, asks } = bookOf(market);
  const shown = (levels: readonly BookLevel[], rounding: Rounding) => {
    const all = view.nSigFigs === null ? levels : stepped(levels, view.nSigFigs, view.mantissa ?? 1, rounding);
    return (view.fast ? all.slice(0, FAST_LEVELS) : all).map(level);
  };
  const [bid, ask] = [bids[0], asks[0]];
  return {
    coin: market.spec.coin,
    time: world.nowMs,
    levels: [shown(bids, Decimal.ROUND_FLOOR), shown(asks, Decimal.ROUND_CEIL)],
    ...(view.nSigFigs !== null && bid && ask ? { spread: wireDecimal(ask.price.minus(bid.price)) } : {}),
    ...(view.fast ? { fast: true as const } : {}),
  };
}

function stepped(levels: readonly BookLevel[], figures: number, mantissa: number, rounding: Rounding): BookLevel[] {
  const result: BookLevel[] = [];
  for (const { price, size, orders } of levels) {
    const step = new Decimal(10).pow(price.e - figures + 1).times(mantissa);
    const rounded = price.div(step).toDecimalPlaces(0, rounding).times(step);
    const last = result.at(-1);
    if (last?.price.eq(rounded)) {
      result[result.length - 1] = { price: rounded, size: last.size.plus(size), orders: last.orders + orders };
    } else result.push({ price: rounded, size: ZERO.plus(size), orders });
  }
  return result;
}

export const bbo = (world: World, market: MarketState) => {
  const { bids, asks } = bookOf(market);
  return {
    coin: market.spec.coin,
    time: world.nowMs,
    bbo: [bids[0] ? level(bids[0]) : null, asks[0] ? level(asks[0]) : null],
  };
};
