import { type Selectable, sql } from 'kysely';
import { decimalText } from '#shared/core/decimal.ts';
import type { EquityView, ReadModel } from '#shared/ports/repositories/read-model.ts';
import type { Database } from '../database.ts';
import type { Db } from '../open-database.ts';

const PAYLOAD_SHOWN_MAX = 2000;

type History = Pick<ReadModel, 'equity' | 'equityAt' | 'fillTotals' | 'candles' | 'heights' | 'deadLetters' | 'alerts'>;

const decodeEquity = (row: Selectable<Database['balance_history']>): EquityView => ({
  venueTimeMs: row.venue_time_ms,
  equityQuote: decimalText(row.equity_quote),
  marginUsedQuote: decimalText(row.margin_used_quote),
  netTransfersQuote: decimalText(row.net_transfers_quote),
  complete: row.complete === 1,
});

/** Series and logs. */
export const readHistory = (db: Db): History => ({
  async equity(exchange, account, sinceMs, limit) {
    const rows = await db
      .selectFrom('balance_history')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .where('venue_time_ms', '>=', sinceMs)
      .orderBy('venue_time_ms', 'desc')
      .limit(limit)
      .execute();
    return rows.reverse().map(decodeEquity);
  },

  async equityAt(exchange, account, atMs) {
    const row = await db
      .selectFrom('balance_history')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .where('venue_time_ms', '<=', atMs)
      .where('complete', '=', 1)
      .orderBy('venue_time_ms', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? decodeEquity(row) : null;
  },

  async fillTotals(exchange, account) {
    const rows = await db
      .selectFrom('fills')
      .select(['symbol', sql<number>`count(*)`.as('n')])
      .select([sql<number>`sum(closed_pnl_micros)`.as('pnl'), sql<number>`sum(fee_micros)`.as('fees')])
      .select(sql<number>`min(venue_time_ms)`.as('first'))
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .groupBy('symbol')
      .orderBy('symbol')
      .execute();
    return rows.map((row) => ({
      symbol: row.symbol,
      fills: Number(row.n),
      firstAtMs: Number(row.first),
      realizedPnlMicros: Number(row.pnl),
      feesMicros: Number(row.fees),
    }));
  },

  async candles(exchange, symbol, timeframe, limit) {
    const rows = await db
      .selectFrom('market_data')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('symbol', '=', symbol)
      .where('timeframe', '=', timeframe)
      .orderBy('open_time_ms', 'desc')
      .limit(limit)
      .execute();
    return rows.reverse().map((row) => ({
      exchange,
      symbol,
      timeframe,
      openTimeMs: row.open_time_ms,
      open: decimalText(row.open),
      high: decimalText(row.high),
      low: decimalText(row.low),
      close: decimalText(row.close),
      volume: decimalText(row.volume),
      final: row.final === 1,
    }));
  },

  async heights(exchange, limit) {
    const rows = await db
      .selectFrom('runs')
      .select(['height', 'symbol', sql<number>`count(*)`.as('n'), sql<number>`sum(live_pnl_micros)`.as('pnl')])
      .where('exchange', '=', exchange)
      .where('height', 'is not', null)
      .groupBy(['height', 'symbol'])
      .orderBy('height', 'desc')
      .orderBy('symbol')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      height: row.height!,
      symbol: row.symbol,
      count: Number(row.n),
      pnlMicros: Number(row.pnl),
    }));
  },

  async deadLetters(limit) {
    const rows = await db
      .selectFrom('dead_letters')
      .select(['id', 'source', 'record_id', 'error', 'attempts', 'failed_at_ms'])
      .select(sql<string>`substr(payload, 1, ${PAYLOAD_SHOWN_MAX})`.as('payload'))
      .orderBy('failed_at_ms', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      source: row.source,
      recordId: row.record_id,
      error: row.error,
      payload: row.payload,
      attempts: row.attempts,
      failedAtMs: row.failed_at_ms,
    }));
  },

  async alerts(exchange, limit) {
    const rows = await db
      .selectFrom('alerts')
      .select(['id', 'kind', 'severity', 'symbol', 'message', 'count', 'first_at_ms', 'last_at_ms'])
      .where('exchange', '=', exchange)
      .orderBy('last_at_ms', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      severity: row.severity,
      symbol: row.symbol,
      message: row.message,
      count: row.count,
      firstAtMs: row.first_at_ms,
      lastAtMs: row.last_at_ms,
    }));
  },
});
