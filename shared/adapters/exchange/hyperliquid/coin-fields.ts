import { isDecimalText } from '#shared/core/decimal.ts';
import { type Fields, fieldsOf } from '../wire/sift-rows.ts';
import { isPerpetualCoin, unifiedSymbol } from './hyperliquid-symbols.ts';

/** Symbol of a coin as far as it is one; null for what names no perpetual. */
export const symbolOf = (coin: unknown): string | null =>
  typeof coin === 'string' && coin.length > 0 && coin.length <= 46 && isPerpetualCoin(coin)
    ? unifiedSymbol(coin)
    : null;

/** A coin that is readable and no perpetual's: its rows are none of ours, whatever else is in them. */
export const isOtherCoin = (row: unknown): boolean => {
  const { coin } = fieldsOf(row);
  return typeof coin === 'string' && coin.length > 0 && !isPerpetualCoin(coin);
};

/** An amount of US dollars in the places where ledger entries have them; null when none is readable. */
export function dollarsOf(delta: Fields): string | null {
  const amount = delta.usdc ?? delta.usdcValue ?? (delta.token === 'USDC' ? delta.amount : undefined);
  return isDecimalText(amount) ? amount.replace('-', '') : null;
}
