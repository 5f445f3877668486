import { dec, decimalText } from '#shared/core/decimal.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { AccountMoney, AccountState, VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { VenueFill, VenueOrder, VenueOrderStatus, VenueTransfer } from '#shared/ports/exchange.ts';
import { fieldsOf, keyOf, type RowReader, timeOf } from '../wire/sift-rows.ts';
import { QUOTES, unifiedSymbol } from './usdm-symbols.ts';
import {
  assetSchema,
  incomeSchema,
  orderSchema,
  positionSchema,
  tradeSchema,
  type WireOrder,
  type WireTrade,
} from './wire-schemas.ts';

type MoneyPart = Pick<AccountState, 'money' | 'moneyDoubt'>;

/** Every word of an order's state. One that is not here is odd: guessing that an order is over would open a second one. */
const STATUS: Readonly<Record<string, readonly [VenueOrderStatus, endCode?: string]>> = {
  NEW: ['open'],
  PARTIALLY_FILLED: ['partially-filled'],
  FILLED: ['filled'],
  CANCELED: ['cancelled', 'cancelled'],
  // The rest of an IOC order. Never "expired", which is what the platform calls an order that nobody took.
  EXPIRED: ['cancelled', 'cancelled'],
  EXPIRED_IN_MATCH: ['cancelled', 'self-trade'],
  REJECTED: ['rejected'],
};

/** Ids of ours and of other installations; null for those that people and the venue give. */
export const clientOrderIdOf = (text: string): ClientOrderId | null =>
  /^0x[0-9a-fA-F]{32}$/.test(text) ? (text.toLowerCase() as ClientOrderId) : null;

/** Throws RangeError for a word or a symbol that this version does not know. */
export function toOrder(order: WireOrder): VenueOrder {
  const symbol = unifiedSymbol(order.symbol);
  const known = Object.hasOwn(STATUS, order.status) ? STATUS[order.status] : undefined;
  if (known === undefined || symbol === null) throw new RangeError(`unknown word ${order.status} of ${order.symbol}`);
  const [status, endCode] = known;
  const isUnmatched = order.status === 'EXPIRED' && order.timeInForce === 'IOC' && order.executedQty === '0';
  return {
    symbol,
    venueOrderId: order.orderId,
    clientOrderId: clientOrderIdOf(order.clientOrderId),
    side: order.side,
    originalSize: order.origQty,
    remainingSize: decimalText(dec(order.origQty).minus(order.executedQty)),
    limitPrice: order.price,
    status,
    venueStatus: order.status,
    endCode: isUnmatched ? 'ioc-no-match' : endCode,
    statusTimeMs: order.updateTime,
  };
}

export const orderReader: RowReader<VenueOrder> = {
  list: 'open-orders',
  label: ({ orderId, symbol, updateTime }) => ({
    ...{ key: keyOf(symbol, orderId) ?? keyOf(symbol), symbol: unifiedSymbol(symbol), venueTimeMs: timeOf(updateTime) },
  }),
  read: (row) => (unifiedSymbol(fieldsOf(row).symbol) === null ? null : toOrder(orderSchema.parse(row))),
};

/** `twice`: symbols of which there are several rows, as in hedge mode; which one is meant would be a guess. */
export const positionReader = (twice: ReadonlySet<unknown>): RowReader<VenuePosition> => ({
  list: 'positions',
  label: (row) => ({ key: keyOf(row.symbol), symbol: unifiedSymbol(row.symbol), venueTimeMs: timeOf(row.updateTime) }),
  read: (row) => {
    const symbol = unifiedSymbol(fieldsOf(row).symbol);
    if (symbol === null) return null;
    const position = positionSchema.parse(row);
    if (position.positionSide !== 'BOTH') throw new RangeError(`position side ${position.positionSide}: hedge mode`);
    if (twice.has(position.symbol)) throw new RangeError('its symbol is there twice');
    if (position.positionAmt === '0') return null;
    return {
      symbol,
      coin: position.symbol,
      size: position.positionAmt,
      entryPrice: position.entryPrice === '0' ? null : position.entryPrice,
      valueQuote: decimalText(dec(position.notional).abs()),
      unrealizedPnlQuote: position.unRealizedProfit,
      marginUsedQuote: position.positionInitialMargin,
      liquidationPrice: dec(position.liquidationPrice).gt(0) ? position.liquidationPrice : null,
    };
  },
});

/** How the venue names orders of its own: liquidation, deleveraging, delisting. */
const VENUE_ORDER = /^(autoclose-|adl_autoclose|settlement_autoclose-)/;

/** `origins`: orders by id, since trades do not say whose they are. */
export const fillReader = (origins: ReadonlyMap<string, string>): RowReader<VenueFill> => ({
  list: 'fills',
  label: (row) => ({
    ...{ key: keyOf(row.symbol, row.id), symbol: unifiedSymbol(row.symbol), venueTimeMs: timeOf(row.time) },
  }),
  read: (row) => {
    const trade: WireTrade = tradeSchema.parse(row);
    const symbol = unifiedSymbol(trade.symbol);
    const origin = origins.get(trade.orderId);
    if (trade.positionSide !== 'BOTH') throw new RangeError(`position side ${trade.positionSide}: hedge mode`);
    if (symbol === null || origin === undefined) throw new RangeError(`its order ${trade.orderId} cannot be found`);
    // Paid in quote, and not more than the trade is worth; in BNB, say, its worth is unknown.
    const isQuote = symbol.endsWith(`:${trade.commissionAsset}`);
    const isBelieved = dec(trade.commission).abs().lte(dec(trade.price).times(trade.qty));
    return {
      symbol,
      // Ids count in each symbol for itself.
      tradeId: `${trade.symbol}:${trade.id}`,
      venueOrderId: trade.orderId,
      clientOrderId: clientOrderIdOf(origin),
      side: trade.side,
      price: trade.price,
      size: trade.qty,
      fee: { amount: trade.commission, currency: trade.commissionAsset },
      feeQuote: isQuote && isBelieved ? trade.commission : null,
      closedPnlQuote: trade.realizedPnl,
      startPosition: null,
      crossed: !trade.maker,
      liquidation: VENUE_ORDER.test(origin),
      venueTimeMs: trade.time,
    };
  },
});

/** Fills of one symbol, oldest first, whose last one led to `position`: where each began. */
export function withStarts(fills: readonly VenueFill[], position: string): readonly VenueFill[] {
  let after = dec(position);
  return fills
    .toReversed()
    .map((fill) => {
      after = fill.side === 'buy' ? after.minus(fill.size) : after.plus(fill.size);
      return { ...fill, startPosition: decimalText(after) };
    })
    .toReversed();
}

/** Money that comes and goes without a trade. */
const TRANSFERS: ReadonlySet<string> = new Set([
  ...['TRANSFER', 'INTERNAL_TRANSFER', 'CROSS_COLLATERAL_TRANSFER', 'STRATEGY_UMFUTURES_TRANSFER'],
  ...['COIN_SWAP_DEPOSIT', 'COIN_SWAP_WITHDRAW', 'WELCOME_BONUS', 'REFERRAL_KICKBACK', 'COMMISSION_REBATE'],
  ...['API_REBATE', 'CONTEST_REWARD', 'FEE_RETURN', 'BFUSD_REWARD'],
]);
/** What trading earns and costs. */
const TRADING: ReadonlySet<string> = new Set([
  ...['REALIZED_PNL', 'FUNDING_FEE', 'COMMISSION', 'INSURANCE_CLEAR', 'DELIVERED_SETTELMENT'],
  'POSITION_LIMIT_INCREASE_FEE',
]);

export const transferReader: RowReader<VenueTransfer> = {
  list: 'ledger',
  label: (row) => ({
    key: keyOf(row.incomeType, row.tranId, row.asset),
    symbol: null,
    venueTimeMs: timeOf(row.time),
    amountQuote: QUOTES.includes(String(row.asset)) ? String(row.income).replace('-', '') : null,
  }),
  read: (row) => {
    if (TRADING.has(String(fieldsOf(row).incomeType))) return null;
    const { incomeType, income, asset, tranId, time } = incomeSchema.parse(row);
    if (!TRANSFERS.has(incomeType)) throw new RangeError(`unknown kind ${incomeType}`);
    // Other assets are no part of the equity.
    if (!QUOTES.includes(asset)) return null;
    // The number is unique within its kind only.
    return { id: `${incomeType}:${tranId}:${asset}`, amountQuote: income, venueTimeMs: time };
  },
};

/**
 * Sums of the assets that contracts are margined in, each counted as one unit of quote. The account's own totals are not used: in
 * single-asset mode they count USDT alone. An asset whose row contradicts itself makes the money unknown, and so does none at all.
 */
export function moneyOf(assets: readonly unknown[]): MoneyPart {
  const doubt = (
    code: 'partial-reading' | 'money-contradicts' | 'account-mode-refused',
    message: string,
  ): MoneyPart => ({
    money: null,
    moneyDoubt: { code, message, numbers: {} },
  });
  const counted = assets.filter((row) => QUOTES.includes(String(fieldsOf(row).asset)));
  const read = counted.map((row) => assetSchema.safeParse(row).data);
  const names = new Set(counted.map((row) => fieldsOf(row).asset));
  const known = read.flatMap((asset) => (asset === undefined ? [] : [asset]));
  if (known.length === 0 || known.length < counted.length || names.size < counted.length) {
    return doubt('partial-reading', `equity is unknown: the row of ${QUOTES.join(' or ')} cannot be read`);
  }
  if (assets.some((row) => fieldsOf(row).asset === 'BNFCR' && Number(fieldsOf(row).walletBalance) !== 0)) {
    return doubt('account-mode-refused', 'the account is margined in BNFCR, whose worth this version does not know');
  }
  for (const { asset, walletBalance, unrealizedProfit, marginBalance } of known) {
    const gap = dec(walletBalance).plus(unrealizedProfit).minus(marginBalance).abs();
    if (gap.gt(dec(marginBalance).abs().times(0.001).plus(0.01))) {
      return doubt('money-contradicts', `margin balance of ${asset} is not its wallet and unrealised profit`);
    }
  }
  const sum = (pick: (asset: (typeof known)[number]) => string) =>
    decimalText(known.reduce((total, asset) => total.plus(pick(asset)), dec(0)));
  const money: AccountMoney = {
    equityQuote: sum((asset) => asset.marginBalance),
    marginUsedQuote: sum((asset) => asset.initialMargin),
    maintenanceMarginQuote: sum((asset) => asset.maintMargin),
    withdrawableQuote: sum((asset) => asset.maxWithdrawAmount),
  };
  return { money, moneyDoubt: null };
}
