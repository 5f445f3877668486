import { Decimal } from '#shared/core/decimal.ts';
import type { Listed, OddRow } from '#shared/core/odd-row.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type {
  AccountState,
  MoneyDoubt,
  SubAccountRead,
  UnreadCoin,
  VenuePosition,
} from '#shared/core/portfolio/account-state.ts';
import { partialReading } from '#shared/core/portfolio/judge-money.ts';
import type { EpochMs } from '#shared/core/time.ts';
import {
  type AccountReader,
  ExchangeError,
  type FillsPage,
  type OrderLookup,
  type RecentOrder,
  type VenueOrder,
  type VenueTransfer,
} from '#shared/ports/exchange.ts';
import { fieldsOf, siftRows, timeOf } from '../wire/sift-rows.ts';
import {
  accountModeSchema,
  collateralOf,
  doubtOfMode,
  pooledMoney,
  separateMoney,
  spotStateSchema,
} from './account-modes.ts';
import {
  coinsOf,
  feeReader,
  fillReader,
  openOrderReader,
  positionReader,
  toOrder,
  transferReader,
} from './account-rows.ts';
import { findAccount, type HyperliquidAccount } from './accounts.ts';
import { symbolOf } from './coin-fields.ts';
import type { HyperliquidInfo, InfoRequest } from './hyperliquid-info.ts';
import { isCoinOf, subAccountName, unifiedSymbol } from './hyperliquid-symbols.ts';
import {
  type ClearinghouseState,
  clearinghouseSchema,
  fillsSchema,
  historicalOrdersSchema,
  ledgerSchema,
  openOrdersSchema,
  orderStatusSchema,
  type SubAccountMoney,
  subAccountMoneySchema,
} from './wire-schemas.ts';

const FILLS_MAX = 2000;
/** The venue cuts a time range off after this many entries, oldest first, and does not say so. */
const LEDGER_PAGE = 500;
const LEDGER_PAGES_MAX = 10;

export interface AccountReaderDeps {
  readonly exchange: string;
  readonly info: HyperliquidInfo;
  readonly accounts: readonly HyperliquidAccount[];
  /** Configured HIP-3 dexes: each is a sub-account beside the native one. */
  readonly dexes: readonly string[];
}

interface SubAccount {
  readonly name: string;
  readonly state: ClearinghouseState | null;
  /** Null where it cannot be read, with or without the rest. */
  readonly money: SubAccountMoney | null;
  readonly positions: Listed<VenuePosition>;
  readonly error: unknown;
}

type MoneyPart = Pick<AccountState, 'money' | 'moneyDoubt' | 'mode'>;

const NOTHING: Listed<VenuePosition> = { rows: [], odd: [] };

/** Private reads by address, through ccxt's `publicPostInfo`. It has no key and cannot have one. */
export class HyperliquidAccountReader implements AccountReader {
  readonly #deps: AccountReaderDeps;
  /** As the last reading of the state had them: the ledger is read for the same moment. */
  readonly #modes = new Map<string, string>();

  constructor(deps: AccountReaderDeps) {
    this.#deps = deps;
  }

  /**
   * Native and every configured dex. A sub-account that cannot be read leaves the answer `complete: false` with its error;
   * throws only when none can be read. Its money is then unknown: the sum of the others is not the account's.
   */
  async fetchAccountState(account: string): Promise<AccountState> {
    const mode = this.#mode(account, this.#address(account));
    const answers = await Promise.all([null, ...this.#deps.dexes].map((dex) => this.#subAccount(account, dex)));
    const subs = answers.map((sub, i) => this.#onlyOnce(sub, answers.slice(0, i)));
    const read = subs.filter((sub) => sub.state !== null);
    if (read.length === 0) throw subs[0]?.error;
    return {
      exchange: this.#deps.exchange,
      account,
      venueTimeMs: Math.min(...read.map((sub) => (sub.state as ClearinghouseState).time)),
      complete: read.length === subs.length,
      subAccounts: subs.map(toRead),
      positions: read.flatMap((sub) => sub.positions.rows),
      odd: read.flatMap((sub) => sub.positions.odd),
      ...(await this.#money(account, await mode, subs)),
    };
  }

  /** By the account's mode, which also says where its collateral stands. */
  async #money(account: string, mode: string | null, subs: readonly SubAccount[]): Promise<MoneyPart> {
    const unknown = (moneyDoubt: MoneyDoubt): MoneyPart => ({ money: null, moneyDoubt, mode });
    if (subs.some(({ state }) => state === null)) return unknown(partialReading({ subAccounts: subs.map(toRead) }));
    const monies = subs.flatMap(({ money }) => (money === null ? [] : [money]));
    const [unread] = subs.filter(({ money }) => money === null);
    if (unread !== undefined) return unknown(partOf(`the money of ${unread.name}`));
    if (mode === null) return unknown(partOf('the mode of the account'));
    const collateral = collateralOf(mode);
    const refused = doubtOfMode(mode, collateral);
    if (refused !== null) return unknown(refused);
    if (collateral === 'separate') return { money: separateMoney(monies), moneyDoubt: null, mode };
    try {
      const request: InfoRequest = { type: 'spotClearinghouseState', user: this.#address(account) };
      const spot = await this.#deps.info.ask(request, spotStateSchema, 'status');
      const positions = subs.flatMap((sub) => sub.positions.rows);
      const pooled = pooledMoney(mode, spot, monies, positions);
      if (pooled !== null) return pooled;
      this.#deps.info.malformed('spotClearinghouseState', 'a balance that counts cannot be read');
    } catch {
      // Counted where it was asked; the positions are known all the same.
    }
    return unknown(partOf('the balances of the account'));
  }

  /** Null when the venue does not say. */
  async #mode(account: string, user: string): Promise<string | null> {
    const request: InfoRequest = { type: 'userAbstraction', user };
    const mode = await this.#deps.info.ask(request, accountModeSchema, 'status').catch(() => null);
    if (mode === null) this.#modes.delete(account);
    else this.#modes.set(account, mode);
    return mode;
  }

  /** Which entries of the ledger move money of the account depends on it. Throws where it is not known: a guess would read a profit or loss. */
  async #isPooled(account: string, user: string): Promise<boolean> {
    const mode = this.#modes.get(account) ?? (await this.#mode(account, user));
    const collateral = mode === null ? null : collateralOf(mode);
    if (collateral === 'separate' || collateral === 'pooled') return collateral === 'pooled';
    const why = mode === null ? 'the mode of the account could not be read' : `mode ${mode} is not understood`;
    const flags = { retryable: true, mayHaveReachedVenue: true };
    throw new ExchangeError('unavailable', `userNonFundingLedgerUpdates: ${why}`, flags);
  }

  async fetchOpenOrders(account: string): Promise<Listed<VenueOrder>> {
    const user = this.#address(account);
    const rows: VenueOrder[] = [];
    const odd: OddRow[] = [];
    for (const dex of [null, ...this.#deps.dexes]) {
      const request: InfoRequest = { type: 'frontendOpenOrders', user, ...(dex === null ? {} : { dex }) };
      const orders = await this.#deps.info.ask(request, openOrdersSchema, 'status');
      const stranger = strangerTo(dex, orders.map(coinOf));
      if (stranger !== null) throw this.#anotherAnswer('frontendOpenOrders', subAccountName(dex), stranger);
      const sifted = siftRows(orders, openOrderReader);
      rows.push(...sifted.rows);
      odd.push(...sifted.odd);
    }
    rows.sort((a, b) => a.statusTimeMs - b.statusTimeMs || compare(a.venueOrderId, b.venueOrderId));
    return { rows, odd };
  }

  async fetchOrder(account: string, _symbol: string, clientOrderId: ClientOrderId): Promise<OrderLookup> {
    const request: InfoRequest = { type: 'orderStatus', user: this.#address(account), oid: clientOrderId };
    const reply = await this.#deps.info.ask(request, orderStatusSchema, 'status');
    if (reply.status === 'unknownOid') return { kind: 'not-found' };
    const { order, status, statusTimestamp } = reply.order;
    if (order.cloid !== clientOrderId) throw this.#deps.info.malformed('orderStatus', 'another order was answered');
    try {
      return { kind: 'found', order: toOrder(order, status, statusTimestamp) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.#deps.info.malformed('order-status', error.message);
    }
  }

  async fetchFills(account: string, _symbols: readonly string[], sinceMs: EpochMs): Promise<FillsPage> {
    const user = this.#address(account);
    const request: InfoRequest = { type: 'userFillsByTime', user, startTime: sinceMs, aggregateByTime: false };
    const page = await this.#deps.info.ask(request, fillsSchema, 'status');
    const { rows, odd } = siftRows(page, fillReader(user));
    this.#deps.info.skipped('spot-fill', page.length - rows.length - odd.length);
    // By what the venue sent: of a full page some rows may be none of ours.
    const lastMs = page.reduce((last: number, row) => Math.max(last, timeOf(fieldsOf(row).time) ?? 0), sinceMs);
    return {
      rows: rows.toSorted((a, b) => a.venueTimeMs - b.venueTimeMs || compare(a.tradeId, b.tradeId)),
      odd: [...odd, ...siftRows(page, feeReader).odd],
      nextFromMs: page.length < FILLS_MAX ? null : lastMs,
    };
  }

  async fetchRecentOrders(account: string): Promise<readonly RecentOrder[]> {
    const request: InfoRequest = { type: 'historicalOrders', user: this.#address(account) };
    const rows = await this.#deps.info.ask(request, historicalOrdersSchema, 'status');
    // A row for each status of an order, and of every kind of coin: all that counts is which ids the venue has seen.
    return rows.flatMap((row) => {
      const { cloid, timestamp } = fieldsOf(fieldsOf(row).order);
      const venueTimeMs = timeOf(timestamp);
      const isId = typeof cloid === 'string' && /^0x[0-9a-fA-F]{32}$/.test(cloid);
      return isId && venueTimeMs !== null ? [{ clientOrderId: cloid.toLowerCase() as ClientOrderId, venueTimeMs }] : [];
    });
  }

  async fetchTransfers(account: string, sinceMs: EpochMs): Promise<Listed<VenueTransfer>> {
    const user = this.#address(account);
    const entries = await this.#ledger(user, sinceMs);
    const scope = { dexes: [null, ...this.#deps.dexes], pooled: await this.#isPooled(account, user) };
    const { rows, odd } = siftRows(entries, transferReader(user, scope));
    return { rows: rows.toSorted((a, b) => a.venueTimeMs - b.venueTimeMs || compare(a.id, b.id)), odd };
  }

  /** All entries since then: a deposit that is cut off would read as profit. */
  async #ledger(user: string, sinceMs: EpochMs): Promise<readonly unknown[]> {
    const entries = new Map<string, unknown>();
    let startTime = sinceMs;
    for (let page = 0; page < LEDGER_PAGES_MAX; page += 1) {
      const request: InfoRequest = { type: 'userNonFundingLedgerUpdates', user, startTime };
      const list = await this.#deps.info.ask(request, ledgerSchema, 'status');
      const known = entries.size;
      for (const entry of list) entries.set(JSON.stringify(entry), entry);
      // The next page begins with the last moment of this one, so that nothing of it is missed.
      if (list.length < LEDGER_PAGE || entries.size === known) return [...entries.values()];
      startTime = list.reduce((last: number, entry) => Math.max(last, timeOf(fieldsOf(entry).time) ?? 0), startTime);
    }
    throw this.#deps.info.malformed('userNonFundingLedgerUpdates', `more than ${LEDGER_PAGES_MAX} pages`);
  }

  async #subAccount(account: string, dex: string | null): Promise<SubAccount> {
    const name = subAccountName(dex);
    const user = this.#address(account);
    try {
      const request: InfoRequest = { type: 'clearinghouseState', user, ...(dex === null ? {} : { dex }) };
      const state = await this.#deps.info.ask(request, clearinghouseSchema, 'status');
      const coins = coinsOf(state.assetPositions);
      const stranger = strangerTo(dex, coins);
      if (stranger !== null) throw this.#anotherAnswer('clearinghouseState', name, stranger);
      if (coins.includes(null))
        throw this.#deps.info.malformed('clearinghouseState', `${name}: a position without a coin`);
      const symbols = coins.flatMap((coin) => (coin === null ? [] : [unifiedSymbol(coin)]));
      const twice = new Set(symbols.filter((symbol, i) => symbols.indexOf(symbol) !== i));
      const positions = siftRows(state.assetPositions, positionReader(twice));
      const read = subAccountMoneySchema.safeParse(state);
      const unread = read.success
        ? null
        : this.#deps.info.malformed('clearinghouseState', `${name}: no ${read.error.issues[0]?.path.join('.')}`);
      // Exits rest on positions whatever their money; an answer with neither could be to any question, and is not flat.
      if (unread !== null && coins.length === 0) throw unread;
      return { name, state, money: read.data ?? null, positions, error: null };
    } catch (error) {
      return { name, state: null, money: null, positions: NOTHING, error };
    }
  }

  /**
   * Two sub-accounts with one and the same money: most likely one of them was asked twice, and its money would count twice. Where
   * both have none there is nothing to count; with positions, their coins tell. Equal deposits in two dexes look alike, too: they
   * stay unread until something moves, because a doubled equity is worse.
   */
  #onlyOnce(sub: SubAccount, before: readonly SubAccount[]): SubAccount {
    const { money, name } = sub;
    if (money === null || !new Decimal(money.marginSummary.accountValue).abs().gt(0)) return sub;
    const same = before.find((other) => other.money !== null && moneyText(other) === moneyText(sub));
    if (same === undefined) return sub;
    const unread = { name, state: null, money: null, positions: NOTHING };
    const why = `${name}: the same money as ${same.name}, ${money.marginSummary.accountValue}: one answer for two questions?`;
    return { ...unread, error: this.#deps.info.malformed('clearinghouseState', why) };
  }

  #anotherAnswer(what: string, name: string, coin: string) {
    return this.#deps.info.malformed(what, `${name}: answered about ${coin}, which is not there`);
  }

  #address(account: string): string {
    return findAccount(this.#deps.accounts, account).address.toLowerCase();
  }
}

const moneyText = ({ money, state }: SubAccount): string =>
  JSON.stringify([money?.marginSummary, money?.withdrawable, money?.crossMaintenanceMarginUsed, state?.assetPositions]);

/** Ids of one moment in numerical order. */
const compare = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

const toRead = (sub: SubAccount): SubAccountRead => ({
  name: sub.name,
  complete: sub.state !== null,
  venueTimeMs: sub.state?.time ?? null,
  error: sub.state === null ? String(sub.error instanceof Error ? sub.error.message : sub.error).slice(0, 300) : null,
  ...(sub.positions.odd.length === 0 ? {} : { unread: unreadOf(sub.positions.odd) }),
});

/** Each coin once. Its key is the coin as the venue writes it. */
const unreadOf = (odd: readonly OddRow[]): readonly UnreadCoin[] =>
  [...new Map(odd.map((row) => [row.symbol, row])).values()].flatMap(({ symbol, key }) =>
    symbol === null ? [] : [{ symbol, coin: key }],
  );

/** The first coin that the sub-account cannot have: the answer is then to another question. */
const strangerTo = (dex: string | null, coins: readonly (string | null)[]): string | null =>
  coins.find((coin) => coin !== null && !isCoinOf(dex, coin)) ?? null;

const coinOf = (row: unknown): string | null => {
  const { coin } = fieldsOf(row);
  return symbolOf(coin) === null ? null : (coin as string);
};

const partOf = (what: string): MoneyDoubt => ({
  code: 'partial-reading',
  message: `equity is unknown: ${what} could not be read`,
  numbers: {},
});
