/** What the platform counts in: the collateral of every contract that it can trade here. */
export const QUOTES: readonly string[] = ['USDT', 'USDC'];

/**
 * `BTCUSDT` → `BTC/USDT:USDT`; null for what names no perpetual of these quotes (`BTCUSDT_260925` is dated, `BTCUSD_PERP` is COIN-M).
 * Pure, so that a position in a contract that was never listed still has a name.
 */
export function unifiedSymbol(venueSymbol: unknown): string | null {
  const match = typeof venueSymbol === 'string' ? /^([^\s/:_-]{1,32})(USD[TC])$/u.exec(venueSymbol) : null;
  return match === null ? null : `${match[1]}/${match[2]}:${match[2]}`;
}

/** Back again: the venue joins base and quote. Throws RangeError for a symbol that it cannot have. */
export function venueSymbolOf(symbol: string): string {
  const name = symbol.replace(/^([^/]+)\/(USD[TC]):\2$/, '$1$2');
  if (unifiedSymbol(name) !== symbol) throw new RangeError(`${symbol} is no symbol of this venue`);
  return name;
}
