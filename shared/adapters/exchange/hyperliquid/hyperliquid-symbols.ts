/**
 * Unified symbol of a perpetual: `BTC` → `BTC/USDC:USDC`, HIP-3 `xyz:INTC` → `XYZ-INTC/USDC:USDC`. Pure, so that a position
 * in a coin that we never listed still has a name. Back again only through an instrument: case is lost here.
 */
export const unifiedSymbol = (coin: string): string => `${coin.replace(':', '-').toUpperCase()}/USDC:USDC`;

/** Spot pairs are `PURR/USDC` or `@107`; they are not positions of a perpetual account. */
export const isPerpetualCoin = (coin: string): boolean => !coin.startsWith('@') && !coin.includes('/');

/** `native`, or the HIP-3 dex, as sub-accounts are named in reports. */
export const subAccountName = (dex: string | null): string => dex ?? 'native';
