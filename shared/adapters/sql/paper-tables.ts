import type { ColumnType } from 'kysely';

type Bool = 0 | 1;
type Money = ColumnType<string, string, string>;

/** The paper venue's own books: nobody but its adapter reads or writes them. */
export interface PaperTables {
  paper_accounts: {
    exchange: string;
    account: string;
    /** Deposits minus the cost of the positions and fees: with the value of the positions it is the equity. */
    raw_quote: Money;
    deposited_quote: Money;
    /** `{symbol: [size, entryPrice]}`. */
    positions_json: string;
    /** `{symbol: leverage}` where it was set. */
    leverage_json: string;
    /** Newest id given to an order or a fill. */
    last_id: number;
    /** Venue time from which stored trades have not been matched with resting orders. */
    looked_from_ms: number;
    /** Venue time of the newest change or view; never goes back. */
    venue_time_ms: number;
    version: number;
    created_at_ms: number;
  };
  paper_orders: {
    exchange: string;
    account: string;
    venue_order_id: string;
    /** Null for the venue's own liquidations. */
    client_order_id: string | null;
    symbol: string;
    side: string;
    size: Money;
    limit_price: Money;
    time_in_force: string;
    reduce_only: Bool;
    filled_size: Money;
    status: string;
    venue_status: string;
    accepted_at_ms: number;
    status_at_ms: number;
  };
  paper_fills: {
    exchange: string;
    account: string;
    trade_id: string;
    venue_order_id: string;
    client_order_id: string | null;
    symbol: string;
    side: string;
    price: Money;
    size: Money;
    fee_quote: Money;
    closed_pnl_quote: Money;
    start_position: Money;
    crossed: Bool;
    liquidation: Bool;
    /** The public trade that filled a resting order; null for what crossed the book. */
    matched_trade_id: string | null;
    venue_time_ms: number;
  };
}
