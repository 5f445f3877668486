// @ts-check
import { decimal } from './format.js';

/** @import { Candle, Fill } from './api-client.js' */

/** Fills of a bar on one side. @typedef {{ side: string, openTimeMs: number, fills: readonly Fill[] }} BarFills */

/**
 * One entry a bar and side, oldest first: several in a bar would lie on each other.
 * @param {readonly Fill[]} fills @param {number} timeframeS
 * @returns {readonly BarFills[]}
 */
export function fillsByBar(fills, timeframeS) {
  const openOf = (/** @type {Fill} */ fill) => Math.floor(fill.venueTimeMs / 1000 / timeframeS) * timeframeS * 1000;
  const groups = Map.groupBy(
    fills.toSorted((a, b) => a.venueTimeMs - b.venueTimeMs),
    (fill) => `${openOf(fill)} ${fill.side}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ side: first.side, openTimeMs: openOf(first), fills: group }];
  });
}

/**
 * A bar in words, with the fills in it.
 * @param {Candle} bar @param {readonly BarFills[]} inBar
 */
export function barText(bar, inBar) {
  const time = new Date(bar.openTimeMs).toISOString().slice(5, 16).replace('T', ' ');
  const prices = [bar.open, bar.high, bar.low, bar.close].map((price) => decimal(price));
  const traded = inBar.flatMap(({ side, fills }) =>
    fills.map((fill) => `${fill.ours ? '' : 'foreign '}${side} ${decimal(fill.size)} at ${decimal(fill.price)}`),
  );
  return [`${time}  O ${prices[0]}  H ${prices[1]}  L ${prices[2]}  C ${prices[3]}`, ...traded].join('\n');
}
