import { FUTURE_TOLERANCE_MS, isFresh } from '#shared/core/age.ts';
import { dec, decimalText, ZERO } from '#shared/core/decimal.ts';
import { positionAfter } from '#shared/core/orders/foreign-changes.ts';
import { isEnded, type OrderStatus } from '#shared/core/orders/order.ts';
import { type LeveragePolicy, targetLeverage } from '#shared/core/risk/leverage.ts';
import { initialMargin } from '#shared/core/risk/margin-caps.ts';
import { HOUR_MS, MINUTE_MS } from '#shared/core/time.ts';
import type { OrderFactsReader } from '#shared/ports/order-facts.ts';
import type { Db } from './open-database.ts';
import { unreadOf } from './repositories/account-repository.ts';
import { fillQueries } from './repositories/fill-queries.ts';
import { decodeInstrument, decodeRules } from './repositories/instruments-repository.ts';
import { decodeFill } from './repositories/order-rows.ts';

const FILLS_OF_ONE_TIME_MAX = 200;
/** `quorum.max_age_s` by default: older money is not known money. */
const SNAPSHOT_AGE_MS_MAX = 300_000;
const SENT: readonly OrderStatus[] = ['sending', 'unknown', 'open', 'partially-filled'];

/**
 * Nine small statements by key. The position is that of our own table when its snapshot is complete and later than the last end
 * of an order of ours; else (a tenth) where our fills lead, when they reach that end; else unknown, and nothing is opened on it.
 */
export function sqlOrderFactsReader(
  db: Db,
  policy: LeveragePolicy,
  snapshotAgeMsMax = SNAPSHOT_AGE_MS_MAX,
): OrderFactsReader {
  const { dayTotals } = fillQueries(db);

  /** The position that our fills lead to, when they reach the last end; null when they do not, or have no last one. */
  const sizeByFills = async (exchange: string, account: string, symbol: string, settledAtMs: number) => {
    const rows = await db
      .selectFrom('fills')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .where('symbol', '=', symbol)
      .orderBy('venue_time_ms', 'desc')
      .limit(FILLS_OF_ONE_TIME_MAX)
      .execute();
    const after = positionAfter(rows.map(decodeFill));
    return after !== null && after.atMs >= settledAtMs ? after.size : null;
  };

  /**
   * Initial margin of opening orders that the snapshot cannot show: at work, or ended after it. Without this, orders by hand
   * between two snapshots would all spend the same margin.
   */
  const unseenMargin = async (exchange: string, account: string, snapshotMs: number, nowMs: number) => {
    const rows = await db
      .selectFrom('order_execution_log as o')
      .innerJoin('instruments as i', (join) =>
        join.onRef('i.exchange', '=', 'o.exchange').onRef('i.symbol', '=', 'o.symbol'),
      )
      .leftJoin('products as p', (join) =>
        join.onRef('p.exchange', '=', 'o.exchange').onRef('p.symbol', '=', 'o.symbol'),
      )
      .select(['o.size', 'o.filled_size', 'o.limit_price', 'o.status', 'i.rules_json', 'i.max_leverage', 'p.leverage'])
      .where('o.exchange', '=', exchange)
      .where('o.account', '=', account)
      .where('o.order_class', '=', 'open')
      .where('i.rules_json', 'is not', null)
      // Served by the index on created_at_ms: an order that ended after the snapshot lived for a few minutes at most.
      .where('o.created_at_ms', '>', Math.max(nowMs - HOUR_MS, snapshotMs - 10 * MINUTE_MS))
      .where((eb) => eb.or([eb('o.status', 'in', SENT), eb('o.venue_ended_at_ms', '>=', snapshotMs)]))
      .execute();
    return rows.reduce((sum, row) => {
      const size = dec(isEnded(row.status as OrderStatus) ? row.filled_size : row.size);
      const { leverage } = targetLeverage({ ...decodeRules(row), maxLeverage: row.max_leverage }, row.leverage, policy);
      return sum.plus(initialMargin(size, dec(row.limit_price), Math.max(1, leverage)));
    }, ZERO);
  };

  return {
    async read(exchange, account, symbol, nowMs) {
      const instrumentRow = await db
        .selectFrom('instruments')
        .selectAll()
        .where('exchange', '=', exchange)
        .where('symbol', '=', symbol)
        .where('rules_json', 'is not', null)
        .executeTakeFirst();
      if (!instrumentRow) return null;
      const product = await db
        .selectFrom('products')
        .select('leverage')
        .where('exchange', '=', exchange)
        .where('symbol', '=', symbol)
        .executeTakeFirst();
      const price = await db
        .selectFrom('latest_prices')
        .select(['price', 'venue_time_ms', 'mark_price', 'mark_time_ms'])
        .where('exchange', '=', exchange)
        .where('symbol', '=', symbol)
        .executeTakeFirst();
      const snapshot = await db
        .selectFrom('account_snapshots as s')
        .leftJoin('account_money as m', (join) =>
          join
            .onRef('m.exchange', '=', 's.exchange')
            .onRef('m.account', '=', 's.account')
            .onRef('m.venue_time_ms', '=', 's.venue_time_ms'),
        )
        .select(['s.venue_time_ms', 's.complete', 's.equity_quote', 's.margin_used_quote', 's.sub_accounts_json'])
        .select('m.doubt_json')
        .where('s.exchange', '=', exchange)
        .where('s.account', '=', account)
        .executeTakeFirst();
      const position = await db
        .selectFrom('positions')
        .select('size')
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where('symbol', '=', symbol)
        .executeTakeFirst();
      const settled = await db
        .selectFrom('position_epochs')
        .select('settled_at_ms')
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .where('symbol', '=', symbol)
        .executeTakeFirst();
      const sent = await db
        .selectFrom('order_execution_log')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        // Served by the index on created_at_ms: an order is sent within seconds of its intent, or expires.
        .where('created_at_ms', '>', nowMs - 10 * MINUTE_MS)
        .where('sent_at_ms', '>', nowMs - MINUTE_MS)
        .where('sent_at_ms', '<=', nowMs + FUTURE_TOLERANCE_MS)
        .executeTakeFirstOrThrow();
      const today = await dayTotals(exchange, account, nowMs);

      const instrument = decodeInstrument(instrumentRow);
      const settledAtMs = settled?.settled_at_ms ?? 0;
      const isRead =
        snapshot !== undefined && !unreadOf(snapshot.sub_accounts_json).some((coin) => coin.symbol === symbol);
      const isSettled = isRead && snapshot.complete === 1 && snapshot.venue_time_ms > settledAtMs;
      const isKnown = snapshot?.complete === 1 && snapshot.doubt_json === null;
      const hasMoney = isKnown && isFresh(snapshot.venue_time_ms, nowMs, snapshotAgeMsMax);
      const unseen = await unseenMargin(exchange, account, snapshot?.venue_time_ms ?? 0, nowMs);
      const ownSize = isSettled ? decimalText(position?.size ?? '0') : null;
      return {
        nowMs,
        lastPrice: price && price.venue_time_ms > 0 ? { price: price.price, venueTimeMs: price.venue_time_ms } : null,
        markPrice:
          price?.mark_price && price.mark_time_ms ? { price: price.mark_price, timeMs: price.mark_time_ms } : null,
        positionSize: ownSize ?? (await sizeByFills(exchange, account, symbol, settledAtMs)),
        equityQuote: hasMoney ? decimalText(snapshot.equity_quote) : null,
        marginUsedQuote: decimalText(dec(snapshot?.margin_used_quote ?? '0').plus(unseen)),
        ordersLastMinute: Number(sent.count),
        realizedPnlTodayQuote: today.realizedPnlQuote,
        feesTodayQuote: today.feesQuote,
        instrument,
        ...targetLeverage(instrument, product?.leverage ?? null, policy),
      };
    },
  };
}
