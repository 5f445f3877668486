import * as z from 'zod';
import { Decimal, type DecimalText, decimalText, fitsMicros } from '#shared/core/decimal.ts';
import type { AccountMoney, AccountState, MoneyDoubt, VenuePosition } from '#shared/core/portfolio/account-state.ts';
import { type SubAccountMoney, tokenAmount } from './wire-schemas.ts';

/** Where the collateral of an account stands; docs/venues/hyperliquid-accounts.md has the sources. */
export type Collateral =
  /** In each perpetual sub-account for itself. */
  | 'separate'
  /** One balance of each token, in the spot state, for every dex. */
  | 'pooled'
  /** Cannot be read safely. */
  | 'refused';

const COLLATERAL: ReadonlyMap<string, Collateral> = new Map([
  ['default', 'separate'],
  ['disabled', 'separate'],
  ['unifiedAccount', 'pooled'],
  ['portfolioMargin', 'pooled'],
  ['dexAbstraction', 'refused'],
]);

/** Null for a word that this version does not know. */
export const collateralOf = (mode: string): Collateral | null => COLLATERAL.get(mode) ?? null;

/** The answer is a bare JSON text, which ccxt hands on with its quotes. */
export const accountModeSchema = z
  .string()
  .max(66)
  .transform((text) => text.replace(/^"(.*)"$/, '$1'));

const USDC = 0;
const balanceSchema = z.looseObject({
  coin: z.string().min(1).max(64),
  /** Absent for outcome tokens. */
  token: z.number().int().nullish(),
  total: tokenAmount,
  hold: tokenAmount,
  borrowed: tokenAmount.nullish(),
});
type Balance = z.infer<typeof balanceSchema>;
export const spotStateSchema = z.looseObject({
  balances: z.array(z.unknown()).max(5000),
  tokenToAvailableAfterMaintenance: z.array(z.unknown()).max(5000).nullish(),
});
export type SpotState = z.infer<typeof spotStateSchema>;
const availableSchema = z.tuple([z.literal(USDC), tokenAmount]);
const tokenSchema = z.looseObject({ token: z.number().int() });

type MoneyPart = Pick<AccountState, 'money' | 'moneyDoubt' | 'mode'>;

export const doubtOfMode = (mode: string, collateral: Collateral | null): MoneyDoubt | null => {
  if (collateral === null) {
    const message = `the venue says that the account's mode is ${mode}, which this version does not know`;
    return { code: 'account-mode-unknown', message, numbers: { mode } };
  }
  if (collateral !== 'refused') return null;
  const message = `mode ${mode} is refused: its dexes draw on one balance, and none of their states tells which part of it is theirs`;
  return { code: 'account-mode-refused', message, numbers: { mode } };
};

/** Each sub-account has its own, the native one first. */
export function separateMoney(states: readonly SubAccountMoney[]): AccountMoney {
  const sum = (pick: (state: SubAccountMoney, index: number) => string) =>
    decimalText(states.reduce((total, state, index) => total.plus(pick(state, index)), new Decimal(0)));
  return {
    equityQuote: sum((state) => state.marginSummary.accountValue),
    marginUsedQuote: sum((state) => state.marginSummary.totalMarginUsed),
    // HIP-3 margin is isolated: all of it counts, where the native sub-account has a maintenance figure of its own.
    maintenanceMarginQuote: sum((state, index) =>
      index === 0 ? state.crossMaintenanceMarginUsed : state.marginSummary.totalMarginUsed,
    ),
    withdrawableQuote: sum((state) => state.withdrawable),
  };
}

/**
 * Row by row: one of another token that cannot be read changes nothing where only USDC counts. Null where it does, where it may be USDC,
 * and where USDC is there twice or more than there is money.
 */
function balancesOf(mode: string, rows: readonly unknown[]): readonly Balance[] | null {
  const balances: Balance[] = [];
  for (const row of rows) {
    const read = balanceSchema.safeParse(row);
    const token = tokenSchema.safeParse(row).data?.token ?? USDC;
    if (read.success) balances.push(read.data);
    else if (token === USDC || mode === 'portfolioMargin') return null;
  }
  const dollars = balances.filter(({ token }) => token === USDC);
  return dollars.length > 1 || dollars.some(({ total, hold }) => !fitsMicros(total) || !fitsMicros(hold))
    ? null
    : balances;
}

/**
 * One balance of USDC for every dex: equity is its total, which holds the profit of open positions already; available is what no
 * margin and no order holds. The states of the dexes give the positions and their margins, and no amount of the account's. Null where
 * the balances cannot be read.
 */
export function pooledMoney(
  mode: string,
  spot: SpotState,
  states: readonly SubAccountMoney[],
  positions: readonly VenuePosition[],
): MoneyPart | null {
  const balances = balancesOf(mode, spot.balances);
  if (balances === null) return null;
  const others = balances.filter((b) => b.token !== USDC && !new Decimal(b.total).isZero());
  const usdc = balances.find((b) => b.token === USDC);
  const owed = balances.filter((b) => !new Decimal(b.borrowed ?? 0).isZero());
  if (mode === 'portfolioMargin' && (others.length > 0 || owed.length > 0)) {
    const coins = [...new Set([...others, ...owed].map(({ coin }) => coin))].join(', ');
    const message = `mode ${mode} is refused while the account holds or owes ${coins}: what that is worth as collateral is not USDC`;
    return { money: null, moneyDoubt: { code: 'account-mode-refused', message, numbers: { mode, coins } }, mode };
  }
  const total = new Decimal(usdc?.total ?? 0);
  const available = (spot.tokenToAvailableAfterMaintenance ?? []).map((pair) => availableSchema.safeParse(pair).data);
  const after = available.find((pair) => pair !== undefined)?.[1];
  const crossMaintenance = states.reduce((sum, s) => sum.plus(s.crossMaintenanceMarginUsed), new Decimal(0));
  const text = (value: Decimal): DecimalText => decimalText(value);
  const money: AccountMoney = {
    equityQuote: text(total),
    marginUsedQuote: text(positions.reduce((sum, p) => sum.plus(p.marginUsedQuote), new Decimal(0))),
    maintenanceMarginQuote: text(after === undefined ? crossMaintenance : total.minus(after)),
    withdrawableQuote: text(Decimal.max(0, total.minus(usdc?.hold ?? 0))),
  };
  return { money, moneyDoubt: null, mode };
}
