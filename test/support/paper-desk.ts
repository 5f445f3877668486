import { BASE_FEES } from '#local/exchange-simulator/wire/hyperliquid/market-specs.ts';
import type { StoredTrade } from '#shared/adapters/exchange/paper/look.ts';
import {
  isOpen,
  type PaperDesk,
  type PaperMarket,
  type PaperOrder,
} from '#shared/adapters/exchange/paper/paper-desk.ts';
import type { PaperRequest } from '#shared/adapters/exchange/paper/place-order.ts';
import { dec } from '#shared/core/decimal.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import { lots } from './instruments.ts';

export const BTC = 'BTC/USDC:USDC';
export const START_MS = 1_700_000_000_000;
export const EQUITY = 10_000;

/** A market of whole-dollar prices around 100. */
export const marketAt = (price: number | null, change: Partial<PaperMarket> = {}): PaperMarket => ({
  symbol: BTC,
  venueSymbol: 'BTC',
  subAccount: null,
  ...lots(2),
  maxLeverage: 40,
  minNotionalQuote: dec(10),
  isActive: true,
  last: price === null ? null : { price: dec(price), atMs: START_MS },
  markPrice: price === null ? null : dec(price),
  ...change,
});

/** A fresh account on a desk; with `before`, the same account in its next transaction. */
export function deskAt(price: number | null, before?: PaperDesk, change: Partial<PaperDesk> = {}): PaperDesk {
  const all: PaperOrder[] = [...(before?.resting ?? []), ...(before?.changedOrders ?? [])];
  return {
    terms: {
      equityQuote: dec(EQUITY),
      fees: BASE_FEES,
      book: { spreadBps: 200, stepBps: 100, levels: 5, depthQuote: 1_000 },
      priceAgeMsMax: 60_000,
    },
    nowMs: before ? before.nowMs + 1_000 : START_MS,
    rawQuote: before?.rawQuote ?? dec(EQUITY),
    lastId: before?.lastId ?? 0,
    positions: new Map(before?.positions),
    leverage: new Map(before?.leverage),
    resting: [...new Set(all)].filter(isOpen).sort((a, b) => Number(a.venueOrderId) - Number(b.venueOrderId)),
    markets: new Map([[BTC, marketAt(price)]]),
    changedOrders: new Set(),
    newFills: [],
    ...change,
  };
}

let orders = 0;
export function request(
  side: 'buy' | 'sell',
  size: number,
  price: number,
  change: Partial<PaperRequest> = {},
): PaperRequest {
  orders += 1;
  return {
    clientOrderId: `0x${orders.toString(16).padStart(32, '0')}` as ClientOrderId,
    symbol: BTC,
    side,
    size: dec(size),
    limitPrice: dec(price),
    timeInForce: 'Gtc',
    reduceOnly: false,
    ...change,
  };
}

let trades = 0;
export function tradeAt(price: number, size: number, venueTimeMs: number): StoredTrade {
  trades += 1;
  return { symbol: BTC, tradeId: `t${trades}`, price: dec(price), size: dec(size), venueTimeMs };
}
