/**
 * Unified symbol of a perpetual: `BTC` → `BTC/USDC:USDC`, HIP-3 `xyz:INTC` → `XYZ-INTC/USDC:USDC`. Pure, so that a position
 * in a coin that we never listed still has a name. Back again only through an instrument: case is lost here.
 */
export const unifiedSymbol = (coin: string): string => `${coin.replace(':', '-').toUpperCase()}/USDC:USDC`;

/** Spot pairs are `PURR/USDC` or `@107`, outcomes (HIP-4) `#20` or `+20`; they are not positions of a perpetual account. */
export const isPerpetualCoin = (coin: string): boolean => !/^[@#+]|\//.test(coin);

/**
 * Coins of a HIP-3 dex carry its name (`xyz:INTC`), native ones carry none: an answer about other coins is the answer to another
 * question. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
 */
export const isCoinOf = (dex: string | null, coin: string): boolean =>
  dex === null ? !coin.includes(':') : coin.startsWith(`${dex}:`);

/** `native`, or the HIP-3 dex, as sub-accounts are named in reports. */
export const subAccountName = (dex: string | null): string => dex ?? 'native';
