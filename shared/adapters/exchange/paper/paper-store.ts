import { sql } from 'kysely';
import { dec, decimalText } from '#shared/core/decimal.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Db } from '../../sql/open-database.ts';
import { liquidateIfNeeded, matchTrades } from './look.ts';
import type { PaperDesk, PaperOrder, PaperTerms } from './paper-desk.ts';
import {
  accountRow,
  type BooksOf,
  fillRows,
  hasOpenOrders,
  marketsOf,
  openOrders,
  orderOf,
  pastMatches,
  storedTrades,
} from './paper-reads.ts';
import { decodeLeverage, decodePositions } from './paper-rows.ts';
import { saveDesk } from './paper-writes.ts';

/** A trade stored this much later than a younger one is still matched; the venue's clock may be this far from ours. */
const LATE_MS = 30_000;

/** One account as it stands, without its orders. */
export interface PaperView extends Pick<PaperDesk, 'rawQuote' | 'positions' | 'leverage' | 'markets'> {
  readonly depositedQuote: string;
  readonly createdAtMs: EpochMs;
  /** Later than every change so far. */
  readonly venueTimeMs: EpochMs;
}

export interface PaperStoreDeps {
  readonly db: Db;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly exchange: string;
  readonly terms: PaperTerms;
}

/**
 * The books of the paper venue: one transaction per look or order, behind the lock of the account's row. Two at once are two in
 * a row, and the second finds what the first did.
 */
export class PaperStore {
  readonly #deps: PaperStoreDeps;
  readonly #known = new Set<string>();

  constructor(deps: PaperStoreDeps) {
    this.#deps = deps;
  }

  /**
   * Matches the resting orders with what was stored since the last look, then lets `work` act on the desk, and stores all of it.
   * `work` is told of the order that has the client order id, if there is one.
   */
  async transact<T>(
    account: string,
    about: { readonly symbol?: string; readonly clientOrderId?: ClientOrderId },
    work: (desk: PaperDesk, existing: PaperOrder | null) => T,
  ): Promise<T> {
    await this.#ensureAccount(account);
    const { db, exchange, clock, terms } = this.#deps;
    const books: BooksOf = { exchange, account };
    return db.transaction().execute(async (tx) => {
      // The first statement takes the row's lock; everything after it sees what the holder before left.
      await tx
        .updateTable('paper_accounts')
        .set({ version: sql`version + 1` })
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .execute();
      const row = await accountRow(tx, books);
      const positions = decodePositions(row.positions_json);
      const resting = await openOrders(tx, books);
      const existing = about.clientOrderId ? await orderOf(tx, books, about.clientOrderId) : null;
      const symbols = new Set([...positions.keys(), ...resting.map((order) => order.symbol)]);
      if (about.symbol !== undefined) symbols.add(about.symbol);
      const desk: PaperDesk = {
        terms,
        nowMs: Math.max(clock.nowMs(), row.venue_time_ms),
        rawQuote: dec(row.raw_quote),
        lastId: row.last_id,
        positions,
        leverage: decodeLeverage(row.leverage_json),
        resting,
        markets: await marketsOf(tx, exchange, [...symbols]),
        changedOrders: new Set(),
        newFills: [],
      };
      const nextFromMs = await catchUp(tx, books, desk, row.looked_from_ms);
      // Of an order that rests, the desk's own copy.
      const own = existing && (resting.find((o) => o.venueOrderId === existing.venueOrderId) ?? existing);
      const answer = work(desk, own);
      await saveDesk(tx, books, desk, nextFromMs);
      return answer;
    });
  }

  /** Brings an account up to date where there is something to match. */
  async look(account: string): Promise<void> {
    const { db, exchange } = this.#deps;
    if (await hasOpenOrders(db, { exchange, account })) await this.transact(account, {}, () => null);
  }

  /**
   * Takes the lock, too: an order that somebody else executes just now has its time already, and without the lock its position
   * would be missing from a view of a later time. What comes after this view is not dated before it.
   */
  async view(account: string): Promise<PaperView> {
    await this.#ensureAccount(account);
    const { db, clock, exchange } = this.#deps;
    return db.transaction().execute(async (tx) => {
      const nowMs = clock.nowMs();
      await tx
        .updateTable('paper_accounts')
        .set({ venue_time_ms: sql`case when venue_time_ms < ${nowMs} then ${nowMs} else venue_time_ms + 1 end` })
        .where('exchange', '=', exchange)
        .where('account', '=', account)
        .execute();
      const row = await accountRow(tx, { exchange, account });
      const positions = decodePositions(row.positions_json);
      return {
        rawQuote: dec(row.raw_quote),
        positions,
        leverage: decodeLeverage(row.leverage_json),
        markets: await marketsOf(tx, exchange, [...positions.keys()]),
        depositedQuote: decimalText(row.deposited_quote),
        createdAtMs: row.created_at_ms,
        venueTimeMs: row.venue_time_ms,
      };
    });
  }

  /** Oldest first. */
  openOrders(account: string): Promise<readonly PaperOrder[]> {
    return openOrders(this.#deps.db, { exchange: this.#deps.exchange, account });
  }

  /** Absent only once nobody executes it just now: whoever has the lock may be about to commit it. */
  async order(account: string, clientOrderId: ClientOrderId): Promise<PaperOrder | null> {
    const found = await orderOf(this.#deps.db, { exchange: this.#deps.exchange, account }, clientOrderId);
    return found ?? this.transact(account, { clientOrderId }, (_, existing) => existing);
  }

  fills(account: string, sinceMs: EpochMs, limit: number) {
    return fillRows(this.#deps.db, { exchange: this.#deps.exchange, account }, sinceMs, limit);
  }

  /** The first sight of an account pays its money in. */
  async #ensureAccount(account: string): Promise<void> {
    if (this.#known.has(account)) return;
    const { db, exchange, clock, terms } = this.#deps;
    const nowMs = clock.nowMs();
    const equity = decimalText(terms.equityQuote);
    await db
      .insertInto('paper_accounts')
      .ignore()
      .values({
        exchange,
        account,
        raw_quote: equity,
        deposited_quote: equity,
        positions_json: '{}',
        leverage_json: '{}',
        // Far from zero, and never the same for two books.
        last_id: nowMs * 1_000,
        looked_from_ms: nowMs,
        venue_time_ms: nowMs,
        version: 0,
        created_at_ms: nowMs,
      })
      .execute();
    this.#known.add(account);
  }
}

/** What the market did since the last look. Answers from when the next one has to read. */
async function catchUp(tx: Db, books: BooksOf, desk: PaperDesk, lookedFromMs: EpochMs): Promise<EpochMs> {
  const [oldest] = desk.resting;
  let nextFromMs = Math.max(lookedFromMs, desk.nowMs - LATE_MS);
  if (oldest !== undefined) {
    const fromMs = Math.max(lookedFromMs, oldest.acceptedAtMs + 1);
    const symbols = [...new Set(desk.resting.map((order) => order.symbol))];
    const { trades, isWhole } = await storedTrades(tx, books.exchange, symbols, fromMs);
    matchTrades(desk, trades, await pastMatches(tx, books, symbols, fromMs - LATE_MS));
    if (!isWhole) nextFromMs = Math.min(nextFromMs, trades.at(-1)?.venueTimeMs ?? nextFromMs);
  }
  liquidateIfNeeded(desk);
  return nextFromMs;
}
