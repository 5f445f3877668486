import { sql } from 'kysely';
import { FUTURE_TOLERANCE_MS } from '#shared/core/age.ts';
import { decimalText, fromMicros } from '#shared/core/decimal.ts';
import type { ClientOrderId, OrderClass, OrderStatus, Side } from '#shared/core/orders/order.ts';
import { parseTrackerMemory, watchedSymbols } from '#shared/core/orders/tracker-memory.ts';
import type { AccountActivity, CycleOrder, PreviousDecision } from '#shared/core/reconciliation/cycle-inputs.ts';
import { readToldUpToMs } from '#shared/core/runs/runs-told.ts';
import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, slotOf } from '#shared/core/time.ts';
import type { CycleQuery, CycleRows, CycleSymbolRow } from '#shared/ports/repositories/reconciliation-repository.ts';
import type { Db } from './open-database.ts';
import { decodeInstrument } from './repositories/instruments-repository.ts';
import { parseDetail } from './repositories/job-state-repository.ts';
import { decodeRefusals } from './repositories/order-rows.ts';

const WORKING = ['intent', 'sending', 'unknown', 'open', 'partially-filled'];

/** A symbol before it is known where its fills lead. */
type SymbolRow = Omit<CycleSymbolRow, 'booked' | 'mismatchPending'> & { readonly adoptedAtMs: EpochMs | null };

/** Every product with the venue's rules, prices, data state and epoch: one statement. */
export async function readSymbols(db: Db, query: CycleQuery): Promise<readonly SymbolRow[]> {
  const rows = await db
    .selectFrom('products as p')
    .innerJoin('instruments as i', (join) =>
      join.onRef('i.exchange', '=', 'p.exchange').onRef('i.symbol', '=', 'p.symbol'),
    )
    .leftJoin('latest_prices as l', (join) =>
      join.onRef('l.exchange', '=', 'p.exchange').onRef('l.symbol', '=', 'p.symbol'),
    )
    .leftJoin('run_cohorts as c', (join) =>
      join.onRef('c.exchange', '=', 'p.exchange').onRef('c.symbol', '=', 'p.symbol'),
    )
    .leftJoin('position_epochs as e', (join) =>
      join
        .onRef('e.exchange', '=', 'p.exchange')
        .onRef('e.symbol', '=', 'p.symbol')
        .on('e.account', '=', query.account),
    )
    .selectAll('i')
    .select([
      'p.managed',
      'p.leverage',
      'p.managed_since_ms',
      'p.takeover',
      'l.price',
      'l.trade_id',
      'l.venue_time_ms',
      'l.mark_price',
      'l.mark_time_ms',
    ])
    .select(['c.data_state', 'e.epoch', 'e.settled_at_ms', 'e.hold_reason', 'e.exit_attempts'])
    .select(['e.refusals', 'e.refusal_code', 'e.refused_at_ms', 'e.adopted_at_ms'])
    .where('p.exchange', '=', query.exchange)
    // Released to the operator: nobody's product, its position is foreign.
    .where('p.released_at_ms', 'is', null)
    .where('i.rules_json', 'is not', null)
    .orderBy('p.symbol')
    .execute();
  return rows.map((row) => {
    const last =
      row.price !== null && row.trade_id !== '' && row.venue_time_ms !== null
        ? { price: decimalText(row.price), venueTimeMs: row.venue_time_ms }
        : null;
    const mark =
      row.mark_price !== null && row.mark_time_ms !== null
        ? { price: decimalText(row.mark_price), timeMs: row.mark_time_ms }
        : null;
    return {
      instrument: { ...decodeInstrument(row), minNotionalQuote: decimalText(row.min_notional_quote) },
      managed: row.managed === 1,
      managedSinceMs: row.managed_since_ms,
      takeover: row.takeover as CycleSymbolRow['takeover'],
      leverage: row.leverage,
      price: last === null && mark === null ? null : { last, mark },
      dataState: row.data_state as CycleSymbolRow['dataState'],
      epoch: row.epoch ?? 0,
      settledAtMs: row.settled_at_ms ?? 0,
      holdReason: row.hold_reason,
      exitAttempts: row.exit_attempts ?? 0,
      refusals: decodeRefusals(row),
      adoptedAtMs: row.adopted_at_ms,
    };
  });
}

/** Orders that work, and those of the last hour that ended later than the account snapshot: one statement. */
export async function readOrders(db: Db, query: CycleQuery): Promise<readonly CycleOrder[]> {
  const columns = [
    'client_order_id',
    'symbol',
    'order_class',
    'side',
    'size',
    'filled_size',
    'limit_price',
    'status',
    'epoch',
  ] as const;
  const ofAccount = () =>
    db
      .selectFrom('order_execution_log')
      .select(columns)
      .where('exchange', '=', query.exchange)
      .where('account', '=', query.account);
  const rows = await ofAccount()
    .where('status', 'in', WORKING)
    .unionAll(
      ofAccount()
        .where('status', 'not in', WORKING)
        .where('created_at_ms', '>', query.nowMs - HOUR_MS)
        .where('venue_ended_at_ms', '>=', (eb) =>
          eb
            .selectFrom('account_snapshots')
            .select('venue_time_ms')
            .where('exchange', '=', query.exchange)
            .where('account', '=', query.account),
        ),
    )
    .execute();
  return rows
    .map((row) => ({
      clientOrderId: row.client_order_id as ClientOrderId,
      symbol: row.symbol,
      orderClass: row.order_class as OrderClass,
      side: row.side as Side,
      size: decimalText(row.size),
      filledSize: decimalText(row.filled_size),
      limitPrice: decimalText(row.limit_price),
      status: row.status as OrderStatus,
      epoch: row.epoch,
    }))
    .sort((a, b) => (a.clientOrderId < b.clientOrderId ? -1 : 1));
}

/** The newest decision of each product and of each symbol with a position: one index look-up per symbol, one statement. */
export async function readPrevious(db: Db, query: CycleQuery): Promise<readonly PreviousDecision[]> {
  const { exchange, account } = query;
  const rows = await sql<{ id: string; symbol: string; kind: string; code: string; epoch: number; count: number }>`
    select d.id as id, d.symbol as symbol, d.kind as kind, d.code as code, d.epoch as epoch, d.episode_count as count
    from (
      select symbol from products where exchange = ${exchange}
      union select symbol from positions where exchange = ${exchange} and account = ${account}
    ) as s
    inner join decisions as d on d.id = (
      select n.id from decisions as n
      where n.exchange = ${exchange} and n.account = ${account} and n.symbol = s.symbol
      order by n.created_at_ms desc, n.id desc limit 1
    )
    order by d.symbol`.execute(db);
  return rows.rows.map(({ id, symbol, kind, code, epoch, count }) => ({
    id,
    symbol,
    kind,
    code,
    epoch: Number(epoch),
    episodeCount: Number(count),
  }));
}

/** Single figures about the account: one statement of scalar subqueries. */
export async function readFigures(
  db: Db,
  query: CycleQuery,
): Promise<
  Pick<CycleRows, 'latched' | 'supervisorOkAtMs' | 'runsToldUpToMs' | 'activity'> & {
    readonly pending: ReadonlySet<string>;
  }
> {
  const { exchange, account, nowMs, supervisorJob, trackerJob } = query;
  const today = slotOf(nowMs, DAY_MS);
  const fills = sql`from fills where exchange = ${exchange} and account = ${account} and venue_time_ms >= ${today}`;
  const result = await sql<{
    latched: string | null;
    supervisor_ok_ms: number | null;
    supervisor_detail: string | null;
    tracker_detail: string | null;
    sent: number;
    pnl: number | null;
    fees: number | null;
  }>`
    select
      (select latched from take_profit_state where exchange = ${exchange} and account = ${account}) as latched,
      (select last_ok_ms from exchange_jobs where exchange = ${exchange} and job = ${supervisorJob}) as supervisor_ok_ms,
      (select detail_json from exchange_jobs where exchange = ${exchange} and job = ${supervisorJob}) as supervisor_detail,
      (select detail_json from exchange_jobs where exchange = ${exchange} and job = ${trackerJob}) as tracker_detail,
      (select count(*) from order_execution_log where exchange = ${exchange} and account = ${account}
        and created_at_ms > ${nowMs - 10 * MINUTE_MS} and sent_at_ms between ${nowMs - MINUTE_MS + 1} and ${nowMs + FUTURE_TOLERANCE_MS}) as sent,
      (select sum(closed_pnl_micros) ${fills}) as pnl,
      (select sum(fee_micros) ${fills}) as fees`.execute(db);
  const row = result.rows[0]!;
  const activity: AccountActivity = {
    ordersLastMinute: Number(row.sent),
    realizedPnlTodayQuote: decimalText(fromMicros(Number(row.pnl ?? 0))),
    feesTodayQuote: decimalText(fromMicros(Number(row.fees ?? 0))),
  };
  const okAtMs = Number(row.supervisor_ok_ms ?? 0) || null;
  return {
    latched: row.latched as CycleRows['latched'],
    supervisorOkAtMs: okAtMs,
    runsToldUpToMs: readToldUpToMs(parseDetail(row.supervisor_detail ?? '{}'), okAtMs),
    activity,
    pending: watchedSymbols(parseTrackerMemory(parseDetail(row.tracker_detail ?? '{}'))),
  };
}
