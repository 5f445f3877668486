import type { TableSpec } from '../table-builder.ts';

const name = 'name';
const text = 'text';
const int = 'int';
const big = 'bigint';
const money = 'money';

/** Venue, account and market data. Every table has a natural primary key: an insert repeated after a timeout duplicates nothing. */
export const marketTables: readonly TableSpec[] = [
  {
    name: 'exchanges',
    columns: { name, kind: name, api_url: text, ws_url: text, created_at_ms: big },
    primaryKey: ['name'],
  },
  {
    name: 'instruments',
    columns: {
      exchange: name,
      symbol: name,
      coin: name,
      dex: 'name?',
      asset_id: int,
      size_decimals: int,
      max_leverage: int,
      min_notional_quote: money,
      status: name,
      last_seen_ms: big,
    },
    primaryKey: ['exchange', 'symbol'],
  },
  {
    name: 'products',
    columns: {
      exchange: name,
      symbol: name,
      managed: int,
      leverage: 'int?',
      released_at_ms: 'bigint?',
      created_at_ms: big,
    },
    primaryKey: ['exchange', 'symbol'],
  },
  {
    name: 'account_snapshots',
    columns: {
      exchange: name,
      account: name,
      venue_time_ms: big,
      stored_at_ms: big,
      complete: int,
      equity_quote: money,
      margin_used_quote: money,
      maintenance_margin_quote: money,
      withdrawable_quote: money,
      sub_accounts_json: text,
    },
    primaryKey: ['exchange', 'account'],
  },
  {
    name: 'positions',
    columns: {
      exchange: name,
      account: name,
      symbol: name,
      coin: name,
      size: money,
      entry_price: 'money?',
      value_quote: money,
      unrealized_pnl_quote: money,
      margin_used_quote: money,
      liquidation_price: 'money?',
      venue_time_ms: big,
    },
    primaryKey: ['exchange', 'account', 'symbol'],
  },
  {
    name: 'position_epochs',
    columns: {
      exchange: name,
      account: name,
      symbol: name,
      epoch: big,
      settled_at_ms: big,
      hold_reason: 'text?',
      held_at_ms: 'bigint?',
      exit_attempts: int,
      updated_at_ms: big,
    },
    primaryKey: ['exchange', 'account', 'symbol'],
  },
  {
    name: 'balance_history',
    columns: {
      exchange: name,
      account: name,
      venue_time_ms: big,
      equity_quote: money,
      margin_used_quote: money,
      maintenance_margin_quote: money,
      net_transfers_quote: money,
      complete: int,
    },
    primaryKey: ['exchange', 'account', 'venue_time_ms'],
  },
  {
    name: 'market_data',
    columns: {
      exchange: name,
      symbol: name,
      timeframe: name,
      open_time_ms: big,
      open: money,
      high: money,
      low: money,
      close: money,
      volume: money,
      final: int,
      updated_at_ms: big,
    },
    primaryKey: ['exchange', 'symbol', 'timeframe', 'open_time_ms'],
    indexes: [['timeframe', 'open_time_ms']],
  },
  {
    name: 'stream_data',
    columns: {
      exchange: name,
      symbol: name,
      trade_id: name,
      venue_time_ms: big,
      price: money,
      size: money,
      side: name,
      received_at_ms: big,
    },
    primaryKey: ['exchange', 'symbol', 'trade_id'],
    indexes: [['venue_time_ms']],
  },
  {
    name: 'latest_prices',
    columns: {
      exchange: name,
      symbol: name,
      price: money,
      trade_id: name,
      venue_time_ms: big,
      received_at_ms: big,
      mark_price: 'money?',
      mark_time_ms: 'bigint?',
    },
    primaryKey: ['exchange', 'symbol'],
  },
  {
    name: 'trading_range',
    columns: { exchange: name, symbol: name, high: money, low: money, updated_at_ms: big },
    primaryKey: ['exchange', 'symbol'],
  },
];
