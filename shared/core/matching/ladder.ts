import { Decimal, type DecimalText } from '../decimal.ts';
import { type PriceRule, perUnit, ticksPerUnit } from '../market/tick-rules.ts';

/** One price level of a book: total size in base units and the number of orders behind it. */
export interface BookLevel {
  readonly price: Decimal;
  readonly size: Decimal;
  readonly orders: number;
}

/** Bids descending, asks ascending; both may be empty. Bids lie strictly below asks. */
export interface Book {
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

export const EMPTY_BOOK: Book = { bids: [], asks: [] };

/** How a synthetic book is drawn around a price. */
export interface LadderShape {
  /** Distance between best bid and best ask, in hundredths of a percent; at least one tick each side. */
  readonly spreadBps: number;
  /** Distance between neighbouring levels, in hundredths of a percent; at least one tick. */
  readonly stepBps: number;
  readonly levels: number;
  /** Quote value resting at the first level; each further level holds half as much again of this. */
  readonly depthQuote: number;
}

/** A tick as the ladder sees it: the price, and any whole number that varies the sizes (the tick's sequence number). */
export interface LadderPoint {
  readonly price: number;
  readonly priceRule: PriceRule;
  readonly sizeStep: DecimalText;
  readonly salt: number;
}

/** The ladder's whole numbers: prices in ticks, of which `ticksPerUnit` make one. */
export interface RawLadder {
  readonly ticksPerUnit: number;
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly stepTicks: number;
}

/** Best bid and ask on the grid around a price: whole-number arithmetic, because a feed asks for it at every tick. */
export function rawLadder(point: LadderPoint, shape: LadderShape): RawLadder {
  const scale = ticksPerUnit(point.price, point.priceRule);
  const center = point.price * scale;
  const half = (center * shape.spreadBps) / 20_000;
  // The nudge keeps a price that is on the grid in exact arithmetic from falling one tick away in binary arithmetic.
  const bidTicks = Math.max(1, Math.min(Math.floor(center - half + 1e-6), Math.ceil(center - 1e-6) - 1));
  const askTicks = Math.max(bidTicks + 1, Math.ceil(center + half - 1e-6), Math.floor(center + 1e-6) + 1);
  return {
    ticksPerUnit: scale,
    bidTicks,
    askTicks,
    stepTicks: Math.max(1, Math.round((center * shape.stepBps) / 10_000)),
  };
}

/** Size of a level in lots: grows with depth, varied between 0.5 and 1.5 by an integer hash of salt, side and level. */
export function levelLots(point: LadderPoint, shape: LadderShape, side: 'bid' | 'ask', level: number): number {
  let h = Math.imul(point.salt ^ (level << 1) ^ (side === 'bid' ? 0x9e37 : 0x85eb), 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  const variation = 0.5 + ((h ^ (h >>> 13)) >>> 0) / 4_294_967_296;
  const quote = shape.depthQuote * (1 + level / 2) * variation;
  return Math.max(1, Math.floor((quote / point.price) * perUnit(point.sizeStep)));
}

/** A level count to show beside the size; a reader may not draw conclusions from it. */
export const levelOrders = (lots: number): number => 1 + (lots % 7);

/** The whole synthetic book around a price: pure, so the same tick always shows the same book. */
export function buildLadder(point: LadderPoint, shape: LadderShape): Book {
  if (!(point.price > 0)) return EMPTY_BOOK;
  const raw = rawLadder(point, shape);
  const side = (name: 'bid' | 'ask'): BookLevel[] => {
    const levels: BookLevel[] = [];
    for (let i = 0; i < shape.levels; i += 1) {
      const ticks = name === 'bid' ? raw.bidTicks - i * raw.stepTicks : raw.askTicks + i * raw.stepTicks;
      if (ticks <= 0) break;
      const lots = levelLots(point, shape, name, i);
      levels.push({
        price: new Decimal(ticks).div(raw.ticksPerUnit),
        size: new Decimal(lots).times(point.sizeStep),
        orders: levelOrders(lots),
      });
    }
    return levels;
  };
  return { bids: side('bid'), asks: side('ask') };
}

/** Takes `consumed` base units off the top of one side: what earlier takers of the same tick already bought. */
export function withoutConsumed(levels: readonly BookLevel[], consumed: Decimal): readonly BookLevel[] {
  if (consumed.lte(0)) return levels;
  let left = consumed;
  const rest: BookLevel[] = [];
  for (const level of levels) {
    const taken = Decimal.min(left, level.size);
    left = left.minus(taken);
    if (taken.lt(level.size)) rest.push({ ...level, size: level.size.minus(taken) });
  }
  return rest;
}
