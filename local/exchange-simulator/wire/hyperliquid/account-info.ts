import { type Decimal, ZERO } from '#shared/core/decimal.ts';
import { accountValue, initialMargin, liquidationPrice, notional, withdrawable } from '#shared/core/matching/margin.ts';
import { crossPositions, maintenanceOf, marginPosition } from '../../venue/clearing.ts';
import { EMPTY_SUB, equityOf, type SubView } from '../../venue/equity.ts';
import {
  type Account,
  type AccountSnapshot,
  isPooled,
  leverageOf,
  markOf,
  type Position,
  type World,
} from '../../venue/world.ts';
import { wireDecimal } from '../../wire-number.ts';

const usd = (value: Decimal): string => wireDecimal(value.toDecimalPlaces(6));

/** `clearinghouseState` of one dex as it stood at `atMs` (a lagging answer), or as it stands now. */
export function clearinghouseState(world: World, account: Account | undefined, dex: string, lagMs: number) {
  const atMs = world.nowMs - lagMs;
  const sub = account ? (lagMs > 0 ? olderSub(account, dex, atMs) : (account.subs.get(dex) ?? EMPTY_SUB)) : EMPTY_SUB;
  const cross = account ? crossPositions(world, account, sub.positions) : [];
  const crossValue = accountValue(sub.rawQuote, cross);
  const crossMargin = cross.reduce((sum, p) => sum.plus(initialMargin(p)), ZERO);
  const crossNotional = cross.reduce((sum, p) => sum.plus(notional(p)), ZERO);
  let [value, margin, open, raw] = [crossValue, crossMargin, crossNotional, sub.rawQuote];
  const assetPositions: unknown[] = [];
  for (const [coin, position] of sub.positions) {
    const market = world.byCoin.get(coin);
    if (!market || !account) continue;
    const own = marginPosition(account, market, position);
    const isolatedValue = position.isolatedRaw === null ? null : accountValue(position.isolatedRaw, [own]);
    if (isolatedValue !== null) {
      value = value.plus(isolatedValue);
      margin = margin.plus(isolatedValue);
      open = open.plus(notional(own));
      raw = raw.plus(position.isolatedRaw ?? ZERO);
    }
    const liquidation =
      isolatedValue === null ? liquidationPrice(own, crossValue, cross) : liquidationPrice(own, isolatedValue, [own]);
    const used = isolatedValue ?? initialMargin(own);
    const pnl = position.size.times(markOf(market).minus(position.entryPrice));
    const { value: leverage } = leverageOf(account, market);
    assetPositions.push({
      type: 'oneWay',
      position: {
        coin,
        szi: wireDecimal(position.size),
        leverage:
          position.isolatedRaw === null
            ? { type: 'cross', value: leverage }
            : { type: 'isolated', value: leverage, rawUsd: usd(position.isolatedRaw) },
        entryPx: wireDecimal(position.entryPrice.toSignificantDigits(8)),
        positionValue: usd(notional(own)),
        unrealizedPnl: usd(pnl),
        returnOnEquity: wireDecimal(used.isZero() ? ZERO : pnl.div(used).toDecimalPlaces(10)),
        liquidationPx: liquidation === null ? null : wireDecimal(liquidation.toSignificantDigits(8)),
        marginUsed: usd(used),
        maxLeverage: market.spec.maxLeverage,
        cumFunding: {
          allTime: usd(position.fundingAllTime),
          sinceOpen: usd(position.fundingSinceOpen),
          sinceChange: usd(position.fundingSinceChange),
        },
      },
    });
  }
  if (account && isPooled(account)) {
    // Not meaningful, as the venue's documents say: what its positions bind, and nothing that could be withdrawn here.
    return {
      marginSummary: summary(margin, open, margin.minus(open), margin),
      crossMarginSummary: summary(crossMargin, crossNotional, crossMargin.minus(crossNotional), crossMargin),
      crossMaintenanceMarginUsed: usd(maintenanceOf(cross)),
      withdrawable: '0.0',
      assetPositions,
      time: atMs,
    };
  }
  return {
    marginSummary: summary(value, open, raw, margin),
    crossMarginSummary: summary(crossValue, crossNotional, sub.rawQuote, crossMargin),
    crossMaintenanceMarginUsed: usd(maintenanceOf(cross)),
    withdrawable: usd(withdrawable(crossValue, cross)),
    assetPositions,
    time: atMs,
  };
}

const summary = (value: Decimal, open: Decimal, raw: Decimal, margin: Decimal) => ({
  accountValue: usd(value),
  totalNtlPos: usd(open),
  totalRawUsd: usd(raw),
  totalMarginUsed: usd(margin),
});

/** Positions and cash as of then; the marks are today's, because the venue keeps no older ones. */
function olderSub(account: Account, dex: string, atMs: number): SubView {
  let found: AccountSnapshot | undefined;
  for (const snapshot of account.history) if (snapshot.atMs <= atMs) found = snapshot;
  return (found ?? account.history[0])?.subs.get(dex) ?? EMPTY_SUB;
}

/** `spotClearinghouseState`: of a pooled account the one balance of all dexes, of any other an empty one. */
export function spotState(world: World, account: Account | undefined) {
  const usdc = (total: Decimal, hold: Decimal) => ({
    balances: [{ coin: 'USDC', token: 0, total: usd(total), hold: usd(hold), entryNtl: '0.0' }],
  });
  if (!account || !isPooled(account)) return usdc(ZERO, ZERO);
  const [total, cross] = [equityOf(world, account), [...account.subs.values()]];
  const own = cross.flatMap((sub) => crossPositions(world, account, sub.positions));
  const isolated = cross.reduce(
    (sum, sub) =>
      [...sub.positions].reduce((part, [coin, p]) => part.plus(isolatedValue(world, account, coin, p)), sum),
    ZERO,
  );
  const hold = own.reduce((sum, position) => sum.plus(initialMargin(position)), isolated);
  const available = total.minus(isolated).minus(maintenanceOf(own));
  return { ...usdc(total, hold), tokenToAvailableAfterMaintenance: [[0, usd(available)]] };
}

function isolatedValue(world: World, account: Account, coin: string, position: Position): Decimal {
  const market = world.byCoin.get(coin);
  if (!market || position.isolatedRaw === null) return ZERO;
  return accountValue(position.isolatedRaw, [marginPosition(account, market, position)]);
}
