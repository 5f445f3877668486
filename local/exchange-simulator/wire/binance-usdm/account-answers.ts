import { type Decimal, dec, ZERO } from '#shared/core/decimal.ts';
import { initialMargin, maintenanceMargin, notional } from '#shared/core/matching/margin.ts';
import { availableMargin, marginPosition } from '../../venue/clearing.ts';
import { equityOf } from '../../venue/equity.ts';
import { NATIVE } from '../../venue/market-spec.ts';
import {
  type Account,
  leverageOf,
  type MarketState,
  markOf,
  type Position,
  positionOf,
  type World,
} from '../../venue/world.ts';

const money = (value: Decimal): string => value.toFixed(8);
const largest = (a: Decimal, b: Decimal): Decimal => (a.gt(b) ? a : b);

interface Held {
  readonly market: MarketState;
  readonly position: Position;
}

/** Positions that are none are absent. */
const heldBy = (world: World, account: Account): readonly Held[] =>
  world.markets
    .map((market) => ({ market, position: positionOf(account, market) }))
    .filter(({ position }) => !position.size.isZero());

const profitOf = ({ market, position }: Held): Decimal =>
  position.size.times(markOf(market).minus(position.entryPrice));

/** `GET /fapi/v3/account`, single-asset mode: the totals are of USDT. */
export function accountView(world: World, account: Account, factor: Decimal) {
  const held = heldBy(world, account);
  const sum = (of: (one: Held) => Decimal) => held.reduce((total, one) => total.plus(of(one)), ZERO).times(factor);
  const profit = sum(profitOf);
  const margin = equityOf(world, account).times(factor);
  const initial = sum(({ market, position }) => initialMargin(marginPosition(account, market, position)));
  const maintenance = sum(({ market, position }) => maintenanceMargin(marginPosition(account, market, position)));
  const wallet = margin.minus(profit);
  const available = largest(ZERO, availableMargin(world, account, NATIVE)).times(factor);
  const asset = {
    asset: 'USDT',
    walletBalance: money(wallet),
    unrealizedProfit: money(profit),
    marginBalance: money(margin),
    maintMargin: money(maintenance),
    initialMargin: money(initial),
    positionInitialMargin: money(initial),
    openOrderInitialMargin: money(ZERO),
    crossWalletBalance: money(wallet),
    crossUnPnl: money(profit),
    availableBalance: money(available),
    maxWithdrawAmount: money(available),
    updateTime: world.nowMs,
  };
  return {
    totalInitialMargin: asset.initialMargin,
    totalMaintMargin: asset.maintMargin,
    totalWalletBalance: asset.walletBalance,
    totalUnrealizedProfit: asset.unrealizedProfit,
    totalMarginBalance: asset.marginBalance,
    totalPositionInitialMargin: asset.initialMargin,
    totalOpenOrderInitialMargin: money(ZERO),
    totalCrossWalletBalance: asset.walletBalance,
    totalCrossUnPnl: asset.unrealizedProfit,
    availableBalance: asset.availableBalance,
    maxWithdrawAmount: asset.availableBalance,
    assets: [asset],
    positions: held.map((one) => ({
      symbol: one.market.spec.coin,
      positionSide: 'BOTH',
      positionAmt: one.position.size.toFixed(),
      unrealizedProfit: money(profitOf(one)),
      isolatedMargin: money(ZERO),
      notional: money(one.position.size.times(markOf(one.market))),
      isolatedWallet: money(ZERO),
      initialMargin: money(initialMargin(marginPosition(account, one.market, one.position))),
      maintMargin: money(maintenanceMargin(marginPosition(account, one.market, one.position))),
      updateTime: world.nowMs,
    })),
  };
}

export const balanceView = (world: World, account: Account) => {
  const [asset] = accountView(world, account, dec(1)).assets;
  return asset === undefined
    ? []
    : [
        {
          accountAlias: 'SgsR',
          asset: asset.asset,
          balance: asset.walletBalance,
          crossWalletBalance: asset.crossWalletBalance,
          crossUnPnl: asset.crossUnPnl,
          availableBalance: asset.availableBalance,
          maxWithdrawAmount: asset.maxWithdrawAmount,
          marginAvailable: true,
          updateTime: asset.updateTime,
        },
      ];
};

/** `GET /fapi/v3/positionRisk` */
export const positionRisks = (world: World, account: Account, symbol: string | null) =>
  heldBy(world, account)
    .filter(({ market }) => symbol === null || market.spec.coin === symbol)
    .map((one) => {
      const { market, position } = one;
      const own = marginPosition(account, market, position);
      return {
        symbol: market.spec.coin,
        positionSide: 'BOTH',
        positionAmt: position.size.toFixed(),
        entryPrice: position.entryPrice.toFixed(8),
        breakEvenPrice: position.entryPrice.toFixed(8),
        markPrice: money(markOf(market)),
        unRealizedProfit: money(profitOf(one)),
        liquidationPrice: '0',
        isolatedMargin: '0',
        notional: money(notional(own).times(position.size.isNegative() ? -1 : 1)),
        marginAsset: 'USDT',
        isolatedWallet: '0',
        initialMargin: money(initialMargin(own)),
        maintMargin: money(maintenanceMargin(own)),
        positionInitialMargin: money(initialMargin(own)),
        openOrderInitialMargin: '0',
        adl: 1,
        bidNotional: '0',
        askNotional: '0',
        updateTime: world.nowMs,
      };
    });

/** Of all symbols, or of one. */
export const symbolConfigs = (world: World, account: Account, symbol: string | null) =>
  world.markets
    .filter(({ spec }) => symbol === null || spec.coin === symbol)
    .map((market) => ({
      symbol: market.spec.coin,
      marginType: leverageOf(account, market).isolated ? 'ISOLATED' : 'CROSSED',
      isAutoAddMargin: false,
      leverage: leverageOf(account, market).value,
      maxNotionalValue: '1000000',
    }));

/** One bracket each: the simulated venue keeps half of the initial margin at the largest leverage, whatever the size. */
export const leverageBrackets = (world: World) =>
  world.markets.map(({ spec: { coin, maxLeverage } }) => ({
    symbol: coin,
    brackets: [
      {
        bracket: 1,
        initialLeverage: maxLeverage,
        notionalCap: 1_000_000_000,
        notionalFloor: 0,
        maintMarginRatio: Number((1 / (2 * maxLeverage)).toFixed(6)),
        cum: 0,
      },
    ],
  }));

/** One-way, single-asset, unless the account's mode says `hedge` or `multi-assets`. */
export const accountConfig = (account: Account) => ({
  feeTier: 0,
  canTrade: true,
  canDeposit: true,
  canWithdraw: true,
  dualSidePosition: account.mode === 'hedge',
  updateTime: 0,
  multiAssetsMargin: account.mode === 'multi-assets',
  tradeGroupId: -1,
});

interface Income {
  readonly symbol: string;
  readonly incomeType: string;
  readonly income: string;
  readonly time: number;
  readonly tranId: number;
  readonly tradeId: string;
}

/** `GET /fapi/v1/income`, oldest first. */
export function incomeOf(world: World, account: Account, symbol: string | null, type: string | null) {
  const user = account.spec.address;
  const rows: Income[] = world.events.flatMap((event, i): Income[] => {
    if (event.user !== user) return [];
    const base = { time: event.atMs, tranId: event.atMs * 100 + (i % 100), tradeId: '' };
    const amount = dec(String(event.usdc ?? '0'));
    if (event.kind === 'deposit') return [{ ...base, symbol: '', incomeType: 'TRANSFER', income: money(amount) }];
    if (event.kind === 'withdraw')
      return [{ ...base, symbol: '', incomeType: 'TRANSFER', income: money(amount.neg()) }];
    if (event.kind !== 'funding') return [];
    return [{ ...base, symbol: String(event.coin), incomeType: 'FUNDING_FEE', income: money(amount) }];
  });
  for (const { coin, fee, closedPnl, time, tid } of account.fills) {
    const base = { symbol: coin, time, tranId: tid, tradeId: String(tid) };
    rows.push({ ...base, incomeType: 'COMMISSION', income: money(dec(fee).neg()) });
    if (!dec(closedPnl).isZero()) rows.push({ ...base, incomeType: 'REALIZED_PNL', income: money(dec(closedPnl)) });
  }
  return rows
    .filter((row) => (symbol === null || row.symbol === symbol) && (type === null || row.incomeType === type))
    .toSorted((a, b) => a.time - b.time)
    .map((row) => ({ ...row, asset: 'USDT', info: row.incomeType }));
}
