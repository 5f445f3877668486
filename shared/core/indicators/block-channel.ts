/**
 * Highest high and lowest low of about the last `blocks × blockBars` bars (Donchian channel) in a state that cannot grow:
 * bars are folded into blocks, and the oldest block leaves as a whole. The channel spans at least
 * `(blocks − 1) × blockBars + 1` bars once full; with `blockBars` 1 it is the exact rolling maximum and minimum of `blocks` bars.
 * A monotonic deque would be exact, but needs a price for every bar of the window on a narrowing market.
 */
export interface BlockChannel {
  /** One maximum per block, oldest first. */
  readonly highs: readonly number[];
  readonly lows: readonly number[];
  /** Bars in the newest block. */
  readonly filled: number;
}

export const initBlockChannel = (): BlockChannel => ({ highs: [], lows: [], filled: 0 });

export function stepBlockChannel(
  channel: BlockChannel,
  high: number,
  low: number,
  blocks: number,
  blockBars: number,
): BlockChannel {
  const highs = channel.highs.slice();
  const lows = channel.lows.slice();
  const last = highs.length - 1;
  if (last < 0 || channel.filled >= blockBars) {
    highs.push(high);
    lows.push(low);
    if (highs.length > blocks) {
      highs.shift();
      lows.shift();
    }
    return { highs, lows, filled: 1 };
  }
  if (high > highs[last]!) highs[last] = high;
  if (low < lows[last]!) lows[last] = low;
  return { highs, lows, filled: channel.filled + 1 };
}

/** −∞ before the first bar: no price breaks out of a channel that nobody has seen, see `isChannelFull`. */
export const channelHigh = (channel: BlockChannel): number => Math.max(...channel.highs);
export const channelLow = (channel: BlockChannel): number => Math.min(...channel.lows);
export const isChannelFull = (channel: BlockChannel, blocks: number): boolean => channel.highs.length >= blocks;
