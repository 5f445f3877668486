import { type Decimal, ZERO } from '#shared/core/decimal.ts';
import { accountValue, type MarginPosition, withdrawable } from '#shared/core/matching/margin.ts';
import { crossPositions, marginPosition } from './clearing.ts';
import type { Account, Position, World } from './world.ts';

export type SubView = { readonly rawQuote: Decimal; readonly positions: ReadonlyMap<string, Position> };
export const EMPTY_SUB: SubView = { rawQuote: ZERO, positions: new Map() };

/** Value of all sub-accounts, isolated positions included: the account's equity. */
export const equityOf = (world: World, account: Account): Decimal =>
  [...equityByDex(world, account).values()].reduce((total, equity) => total.plus(equity), ZERO);

/** Equity of each sub-account. */
export function equityByDex(world: World, account: Account): ReadonlyMap<string, Decimal> {
  const byDex = new Map<string, Decimal>();
  for (const [dex, sub] of account.subs) {
    let total = accountValue(sub.rawQuote, crossPositions(world, account, sub.positions));
    for (const [coin, position] of sub.positions) {
      const market = world.byCoin.get(coin);
      if (!market || position.isolatedRaw === null) continue;
      const own: MarginPosition = marginPosition(account, market, position);
      total = total.plus(accountValue(position.isolatedRaw, [own]));
    }
    byDex.set(dex, total);
  }
  return byDex;
}

/** Withdrawable quote of one dex. */
export function withdrawableOf(world: World, account: Account, dex: string): Decimal {
  const sub = account.subs.get(dex) ?? EMPTY_SUB;
  const cross = crossPositions(world, account, sub.positions);
  return withdrawable(accountValue(sub.rawQuote, cross), cross);
}
