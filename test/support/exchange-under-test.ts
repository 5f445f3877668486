import { dec } from '#shared/core/decimal.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import { floorToLot, roundPrice } from '#shared/core/market/tick-rules.ts';
import type { ApprovedOrder, OrderIntent, Side } from '#shared/core/orders/order.ts';
import type { AccountReader, MarketDataSource, OrderVenue } from '#shared/ports/exchange.ts';

/** A venue that a contract suite may trade on: a fresh account, flat, with money. */
export interface ExchangeUnderTest {
  readonly marketData: MarketDataSource;
  readonly accountReader: AccountReader;
  readonly orderVenue: OrderVenue;
  readonly account: string;
  /** Two symbols; where the venue has sub-accounts, one of the account's own and one of another. */
  readonly symbols: readonly [string, string];
  /** Names of all sub-accounts that the account has. */
  readonly subAccounts: readonly string[];
  /** The venue takes the id of an ended order again: only the platform's own rows keep it from being sent twice. */
  readonly takesEndedIds?: boolean;
  nowMs(): number;
  /** Lets market time pass. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

let orders = 0;

/** An order at `offset` of the mark price (1.02 is two percent above), worth about `quote`. */
export async function orderAt(
  exchange: ExchangeUnderTest,
  symbol: string,
  side: Side,
  offset: number,
  quote: number,
  change: Partial<OrderIntent> = {},
): Promise<ApprovedOrder> {
  const instrument = (await exchange.marketData.loadInstruments()).rows.find((i) => i.symbol === symbol) as Instrument;
  const mark = (await exchange.marketData.fetchMarkPrices()).rows.find((price) => price.symbol === symbol);
  const price = dec(mark?.markPrice ?? 0).times(offset);
  orders += 1;
  const nowMs = exchange.nowMs();
  return {
    clientOrderId: `0x${orders.toString(16).padStart(32, 'c')}`,
    exchange: instrument.exchange,
    account: exchange.account,
    symbol,
    epoch: orders,
    leg: 0,
    decisionId: `cycle${orders}-0`,
    orderClass: 'open',
    side,
    size: floorToLot(dec(quote).div(price), instrument.sizeStep),
    limitPrice: roundPrice(price, instrument.priceRule, side === 'buy' ? 'down' : 'up'),
    timeInForce: 'Ioc',
    reduceOnly: false,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 30_000,
    correlationId: `correlation-${orders}`,
    ...change,
  } as ApprovedOrder;
}

/** Size of the position in a symbol as the reader sees it; `0` when it is absent from a complete answer. */
export async function positionOf(exchange: ExchangeUnderTest, symbol: string): Promise<string> {
  const state = await exchange.accountReader.fetchAccountState(exchange.account);
  if (!state.complete) throw new Error('the account could not be read completely');
  return state.positions.find((position) => position.symbol === symbol)?.size ?? '0';
}
