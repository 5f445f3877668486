import type { LedgerEvent, MarketState, SimOrder, WireFill, WireTrade } from './world.ts';

/** Names and numbers as on the wire. */
export interface Liquidation {
  readonly lid: number;
  readonly liquidator: string;
  readonly liquidated_user: string;
  readonly liquidated_ntl_pos: string;
  readonly liquidated_account_value: string;
}

/** Everybody who wants to hear of what happened; called in the order of events, before the commit. */
export interface Publisher {
  trade(market: MarketState, trade: WireTrade): void;
  fill(user: string, fill: WireFill): void;
  orderUpdate(order: SimOrder): void;
  funding(user: string, payments: readonly LedgerEvent[]): void;
  liquidation(user: string, liquidation: Liquidation): void;
}

export const NOBODY_LISTENS: Publisher = {
  trade() {},
  fill() {},
  orderUpdate() {},
  funding() {},
  liquidation() {},
};
