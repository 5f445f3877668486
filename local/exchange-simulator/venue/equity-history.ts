import type { Account, World } from './world.ts';

/** Value of an account at an instant, and its profit until then (value less deposits), in quote units. */
export interface EquityPoint {
  readonly atMs: number;
  readonly value: string;
  readonly profit: string;
}

const POINTS_KEPT = 24 * 400;

/** Keeps the present value of every account: called each hour, and when money moves in or out. */
export function noteEquity(world: World, accounts: Iterable<Account>, equityOf: (account: Account) => string): void {
  for (const account of accounts) {
    const value = equityOf(account);
    const profit = account.depositedQuote.neg().plus(value).toFixed();
    const point = { atMs: world.nowMs, value, profit };
    if (account.equity.at(-1)?.atMs === point.atMs) account.equity.pop();
    account.equity.push(point);
    if (account.equity.length > POINTS_KEPT) account.equity.splice(0, account.equity.length - POINTS_KEPT);
    world.dirty.equity.push({ user: account.spec.address, point });
  }
}
