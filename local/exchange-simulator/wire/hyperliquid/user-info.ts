import { Decimal, dec, ZERO } from '#shared/core/decimal.ts';
import { initialMargin } from '#shared/core/matching/margin.ts';
import { DAY_MS, slotOf } from '#shared/core/time.ts';
import { agentsOf } from '../../venue/agents.ts';
import { availableMargin, marginPosition } from '../../venue/clearing.ts';
import { equityOf } from '../../venue/equity.ts';
import type { EquityPoint } from '../../venue/equity-history.ts';
import {
  type Account,
  dexOf,
  leverageOf,
  type MarketState,
  markOf,
  positionOf,
  type World,
} from '../../venue/world.ts';
import { wireDecimal, wireNumber } from '../../wire-number.ts';
import { BASE_FEES } from './market-specs.ts';

const rounded = (value: Decimal): string => wireDecimal(value.toDecimalPlaces(6));
const NONE = '0.0';
const VOLUME_DAYS = 15;
/** Every user trades at the lowest tier here: there are no others. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/fees */
const SPOT_FEES = { cross: '0.0007', add: '0.0004' };

export function userFees(world: World, account: Account | undefined) {
  const today = slotOf(world.nowMs, DAY_MS);
  const days = Array.from({ length: VOLUME_DAYS }, (_, i) => today - (VOLUME_DAYS - 1 - i) * DAY_MS);
  const [cross, add] = [BASE_FEES.taker.toFixed(), BASE_FEES.maker.toFixed()];
  return {
    dailyUserVlm: days.map((day) => {
      const own = account?.traded.between(day, day + DAY_MS) ?? { cross: ZERO, add: ZERO };
      const everybody = world.markets.reduce((sum, market) => sum + market.candles.quoteOfDay(day), 0);
      return {
        date: new Date(day).toISOString().slice(0, 10),
        userCross: rounded(own.cross),
        userAdd: rounded(own.add),
        exchange: wireNumber(Number(everybody.toFixed(6))),
      };
    }),
    feeSchedule: {
      cross,
      add,
      spotCross: SPOT_FEES.cross,
      spotAdd: SPOT_FEES.add,
      tiers: { vip: [], mm: [] },
      referralDiscount: NONE,
      stakingDiscountTiers: [],
    },
    userCrossRate: cross,
    userAddRate: add,
    userSpotCrossRate: SPOT_FEES.cross,
    userSpotAddRate: SPOT_FEES.add,
    activeReferralDiscount: NONE,
    trial: null,
    feeTrialEscrow: NONE,
    nextTrialAvailableTimestamp: null,
    stakingLink: null,
    activeStakingDiscount: { bpsOfMaxSupply: NONE, discount: NONE },
  };
}

const FREE_REQUESTS = 10_000;

/** One request per quote unit traded besides the first ones. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits */
export function userRateLimit(account: Account | undefined) {
  const traded = account?.traded.total ?? ZERO;
  return {
    cumVlm: rounded(traded),
    nRequestsUsed: account?.requestsUsed ?? 0,
    nRequestsCap: FREE_REQUESTS + traded.floor().toNumber(),
    nRequestsSurplus: 0,
  };
}

export function userRole(world: World, user: string) {
  if (world.accounts.has(user)) return { role: 'user' };
  const agent = world.agents.get(user);
  return agent ? { role: 'agent', data: { user: agent.master } } : { role: 'missing' };
}

/** The agent without a name is not among them, as on the venue. */
export const extraAgents = (world: World, account: Account | undefined) =>
  account
    ? agentsOf(world, account)
        .filter(([, agent]) => agent.name !== '')
        .map(([address, { name, validUntilMs }]) => ({ name, address, validUntil: validUntilMs }))
    : [];

/** How much more the account may trade of a coin: bought, sold; closing first frees what the position holds. */
export function activeAssetData(world: World, user: string, account: Account | undefined, market: MarketState) {
  const mark = markOf(market);
  const available = account ? Decimal.max(ZERO, availableMargin(world, account, dexOf(market))) : ZERO;
  const position = account ? positionOf(account, market) : null;
  const leverage = account ? leverageOf(account, market) : { isolated: market.spec.onlyIsolated, value: 1 };
  const freed =
    account && position && !position.size.isZero() && position.isolatedRaw === null
      ? initialMargin(marginPosition(account, market, position)).times(2)
      : ZERO;
  const long = position?.size.gt(0) ?? false;
  const amounts = [long ? available : available.plus(freed), long ? available.plus(freed) : available];
  const raw = position?.isolatedRaw ?? ZERO;
  return {
    user,
    coin: market.spec.coin,
    leverage: leverage.isolated
      ? { type: 'isolated', value: leverage.value, rawUsd: rounded(raw) }
      : { type: 'cross', value: leverage.value },
    maxTradeSzs: amounts.map((amount) =>
      wireDecimal(
        amount.times(leverage.value).div(mark).toDecimalPlaces(market.spec.sizeDecimals, Decimal.ROUND_FLOOR),
      ),
    ),
    availableToTrade: amounts.map(rounded),
    markPx: wireDecimal(mark),
  };
}

const PERIODS = [
  ['day', DAY_MS],
  ['week', 7 * DAY_MS],
  ['month', 30 * DAY_MS],
  ['allTime', Number.POSITIVE_INFINITY],
] as const;

/** From the values that were kept each hour, and the present one. Profit counts from the beginning of the period. */
export function portfolio(world: World, account: Account | undefined) {
  const periods = PERIODS.map(
    ([name, lengthMs]) => [name, account ? periodOf(world, account, lengthMs) : EMPTY] as const,
  );
  const title = (name: string) => `perp${name[0]?.toUpperCase()}${name.slice(1)}`;
  return [...periods, ...periods.map(([name, data]) => [title(name), data] as const)];
}

const EMPTY = { accountValueHistory: [], pnlHistory: [], vlm: NONE };

function periodOf(world: World, account: Account, lengthMs: number) {
  const fromMs = world.nowMs - lengthMs;
  const value = equityOf(world, account);
  const profit = value.minus(account.depositedQuote).toFixed();
  const kept = account.equity.filter((point) => point.atMs >= fromMs && point.atMs < world.nowMs);
  const points: EquityPoint[] = [...kept, { atMs: world.nowMs, value: value.toFixed(), profit }];
  const before = Number.isFinite(lengthMs) ? dec(points[0]?.profit ?? '0') : ZERO;
  const volume = account.traded.between(Math.max(0, fromMs), world.nowMs + 1);
  return {
    accountValueHistory: points.map((point) => [point.atMs, rounded(dec(point.value))]),
    pnlHistory: points.map((point) => [point.atMs, rounded(dec(point.profit).minus(before))]),
    vlm: rounded(Number.isFinite(lengthMs) ? volume.cross.plus(volume.add) : account.traded.total),
  };
}
