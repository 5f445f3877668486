import { Decimal, decimalText } from '#shared/core/decimal.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { AccountState, SubAccountRead, VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { AccountReader, OrderLookup, VenueFill, VenueOrder, VenueTransfer } from '#shared/ports/exchange.ts';
import { findAccount, type HyperliquidAccount } from './accounts.ts';
import type { HyperliquidInfo } from './hyperliquid-info.ts';
import { isCoinOf, isPerpetualCoin, subAccountName, unifiedSymbol } from './hyperliquid-symbols.ts';
import { readTransfer } from './ledger-transfers.ts';
import { readStatusWord } from './order-status-words.ts';
import {
  type ClearinghouseState,
  clearinghouseSchema,
  fillsSchema,
  type LedgerEntry,
  ledgerSchema,
  openOrdersSchema,
  orderStatusSchema,
  type WireOrder,
} from './wire-schemas.ts';

const EXCHANGE = 'hyperliquid';
const FILLS_MAX = 2000;
/** The venue cuts a time range off after this many entries, oldest first, and does not say so. */
const LEDGER_PAGE = 500;
const LEDGER_PAGES_MAX = 10;

export interface AccountReaderDeps {
  readonly info: HyperliquidInfo;
  readonly accounts: readonly HyperliquidAccount[];
  /** Configured HIP-3 dexes: each is a sub-account beside the native one. */
  readonly dexes: readonly string[];
}

type SubAccount = { readonly name: string; readonly state: ClearinghouseState | null; readonly error: unknown };

/** Private reads by address, through ccxt's `publicPostInfo`. It has no key and cannot have one. */
export class HyperliquidAccountReader implements AccountReader {
  readonly #deps: AccountReaderDeps;

  constructor(deps: AccountReaderDeps) {
    this.#deps = deps;
  }

  /**
   * Native and every configured dex. A sub-account that cannot be read leaves the answer `complete: false` with its error;
   * throws only when none can be read. Sums then lack the missing part and must not be taken for the account's.
   */
  async fetchAccountState(account: string): Promise<AccountState> {
    const answers = await Promise.all([null, ...this.#deps.dexes].map((dex) => this.#subAccount(account, dex)));
    const subs = answers.map((sub, i) => this.#onlyOnce(sub, answers.slice(0, i)));
    const read = subs.filter((sub) => sub.state !== null);
    if (read.length === 0) throw subs[0]?.error;
    const sum = (pick: (state: ClearinghouseState) => string): string =>
      decimalText(read.reduce((total, sub) => total.plus(pick(sub.state as ClearinghouseState)), new Decimal(0)));
    const native = subs[0]?.state ?? null;
    // HIP-3 margin is isolated: all of it counts, where the native sub-account has a maintenance figure of its own.
    const maintenance = read.reduce(
      (total, sub) => (sub.state === native ? total : total.plus(sub.state?.marginSummary.totalMarginUsed ?? 0)),
      new Decimal(native?.crossMaintenanceMarginUsed ?? 0),
    );
    return {
      exchange: EXCHANGE,
      account,
      venueTimeMs: Math.min(...read.map((sub) => (sub.state as ClearinghouseState).time)),
      complete: read.length === subs.length,
      subAccounts: subs.map(toRead),
      positions: read.flatMap((sub) => toPositions(sub.state as ClearinghouseState)),
      equityQuote: sum((state) => state.marginSummary.accountValue),
      marginUsedQuote: sum((state) => state.marginSummary.totalMarginUsed),
      maintenanceMarginQuote: decimalText(maintenance),
      withdrawableQuote: sum((state) => state.withdrawable),
    };
  }

  async fetchOpenOrders(account: string): Promise<readonly VenueOrder[]> {
    const user = this.#address(account);
    const found: VenueOrder[] = [];
    for (const dex of [null, ...this.#deps.dexes]) {
      const request = { type: 'frontendOpenOrders', user, ...(dex === null ? {} : { dex }) };
      const orders = await this.#deps.info.ask(request, openOrdersSchema, 'status');
      for (const order of orders) {
        if (!isPerpetualCoin(order.coin)) continue;
        if (!isCoinOf(dex, order.coin))
          throw this.#anotherAnswer('frontendOpenOrders', subAccountName(dex), order.coin);
        found.push(this.#toOrder(order, 'open', order.timestamp));
      }
    }
    return found.sort((a, b) => a.statusTimeMs - b.statusTimeMs || compare(a.venueOrderId, b.venueOrderId));
  }

  async fetchOrder(account: string, clientOrderId: ClientOrderId): Promise<OrderLookup> {
    const request = { type: 'orderStatus', user: this.#address(account), oid: clientOrderId };
    const reply = await this.#deps.info.ask(request, orderStatusSchema, 'status');
    if (reply.status === 'unknownOid') return { kind: 'not-found' };
    const { order, status, statusTimestamp } = reply.order;
    if (order.cloid !== clientOrderId) throw this.#deps.info.malformed('orderStatus', 'another order was answered');
    return { kind: 'found', order: this.#toOrder(order, status, statusTimestamp) };
  }

  async fetchFills(account: string, sinceMs: EpochMs): Promise<readonly VenueFill[]> {
    const user = this.#address(account);
    const request = { type: 'userFillsByTime', user, startTime: sinceMs, aggregateByTime: false };
    const fills = await this.#deps.info.ask(request, fillsSchema, 'status');
    const perpetual = fills.filter((fill) => isPerpetualCoin(fill.coin));
    this.#deps.info.skipped('spot-fill', fills.length - perpetual.length);
    return perpetual
      .map((fill): VenueFill => {
        if (fill.feeToken !== 'USDC') throw this.#deps.info.malformed('userFillsByTime', `fee in ${fill.feeToken}`);
        return {
          symbol: unifiedSymbol(fill.coin),
          tradeId: fill.tid,
          venueOrderId: fill.oid,
          clientOrderId: fill.cloid ?? null,
          side: fill.side,
          price: fill.px,
          size: fill.sz,
          feeQuote: fill.fee,
          closedPnlQuote: fill.closedPnl,
          startPosition: fill.startPosition,
          crossed: fill.crossed,
          // The other side of a liquidation carries the same mark; only ours is one of ours.
          liquidation: fill.liquidation?.liquidatedUser.toLowerCase() === user,
          venueTimeMs: fill.time,
        };
      })
      .sort((a, b) => a.venueTimeMs - b.venueTimeMs || compare(a.tradeId, b.tradeId))
      .slice(0, FILLS_MAX);
  }

  async fetchTransfers(account: string, sinceMs: EpochMs): Promise<readonly VenueTransfer[]> {
    const user = this.#address(account);
    const entries = await this.#ledger(user, sinceMs);
    const transfers: VenueTransfer[] = [];
    for (const entry of entries) {
      try {
        const transfer = readTransfer(entry, user, [null, ...this.#deps.dexes]);
        if (transfer !== null) transfers.push(transfer);
      } catch (error) {
        const why = error instanceof RangeError ? error.message : 'unreadable amounts';
        throw this.#deps.info.malformed('userNonFundingLedgerUpdates', `${entry.delta.type}: ${why}`);
      }
    }
    return transfers.sort((a, b) => a.venueTimeMs - b.venueTimeMs || compare(a.id, b.id));
  }

  /** All entries since then: a deposit that is cut off would read as profit. */
  async #ledger(user: string, sinceMs: EpochMs): Promise<readonly LedgerEntry[]> {
    const entries = new Map<string, LedgerEntry>();
    let startTime = sinceMs;
    for (let page = 0; page < LEDGER_PAGES_MAX; page += 1) {
      const request = { type: 'userNonFundingLedgerUpdates', user, startTime };
      const list = await this.#deps.info.ask(request, ledgerSchema, 'status');
      const known = entries.size;
      for (const entry of list) entries.set(JSON.stringify(entry), entry);
      // The next page begins with the last moment of this one, so that nothing of it is missed.
      if (list.length < LEDGER_PAGE || entries.size === known) return [...entries.values()];
      startTime = list.reduce((last, entry) => Math.max(last, entry.time), startTime);
    }
    throw this.#deps.info.malformed('userNonFundingLedgerUpdates', `more than ${LEDGER_PAGES_MAX} pages`);
  }

  async #subAccount(account: string, dex: string | null): Promise<SubAccount> {
    const name = subAccountName(dex);
    const user = this.#address(account);
    try {
      const request = { type: 'clearinghouseState', user, ...(dex === null ? {} : { dex }) };
      const state = await this.#deps.info.ask(request, clearinghouseSchema, 'status');
      const coins = state.assetPositions.map(({ position }) => position.coin);
      if (new Set(coins.map(unifiedSymbol)).size !== coins.length) {
        throw this.#deps.info.malformed('clearinghouseState', `${name}: a coin is there twice`);
      }
      const stranger = coins.find((coin) => !isCoinOf(dex, coin));
      if (stranger !== undefined) throw this.#anotherAnswer('clearinghouseState', name, stranger);
      return { name, state, error: null };
    } catch (error) {
      return { name, state: null, error };
    }
  }

  /**
   * Two sub-accounts with one and the same money: most likely one of them was asked twice, and its money would count twice. Where
   * both have none there is nothing to count; with positions, their coins tell. Equal deposits in two dexes look alike, too: they
   * stay unread until something moves, because a doubled equity is worse.
   */
  #onlyOnce(sub: SubAccount, before: readonly SubAccount[]): SubAccount {
    const { state, name } = sub;
    if (state === null || !new Decimal(state.marginSummary.accountValue).abs().gt(0)) return sub;
    const same = before.find((other) => other.state !== null && moneyText(other.state) === moneyText(state));
    if (same === undefined) return sub;
    const why = `${name}: the same money as ${same.name}, ${state.marginSummary.accountValue}: one answer for two questions?`;
    return { name, state: null, error: this.#deps.info.malformed('clearinghouseState', why) };
  }

  #anotherAnswer(what: string, name: string, coin: string) {
    return this.#deps.info.malformed(what, `${name}: answered about ${coin}, which is not there`);
  }

  #toOrder(order: WireOrder, word: string, statusTimeMs: EpochMs): VenueOrder {
    const read = readStatusWord(word, order.sz, order.origSz);
    if (read === null) throw this.#deps.info.malformed('order-status', `unknown word ${word}`);
    return {
      symbol: unifiedSymbol(order.coin),
      venueOrderId: order.oid,
      clientOrderId: order.cloid ?? null,
      side: order.side,
      originalSize: order.origSz,
      remainingSize: order.sz,
      limitPrice: order.limitPx,
      status: read.status,
      venueStatus: word,
      endCode: read.endCode,
      statusTimeMs,
    };
  }

  #address(account: string): string {
    return findAccount(this.#deps.accounts, account).address.toLowerCase();
  }
}

const moneyText = ({ marginSummary, withdrawable, crossMaintenanceMarginUsed, assetPositions }: ClearinghouseState) =>
  JSON.stringify([marginSummary, withdrawable, crossMaintenanceMarginUsed, assetPositions]);

/** Ids of one moment in numerical order. */
const compare = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

const toRead = (sub: SubAccount): SubAccountRead => ({
  name: sub.name,
  complete: sub.state !== null,
  venueTimeMs: sub.state?.time ?? null,
  error: sub.state === null ? String(sub.error instanceof Error ? sub.error.message : sub.error).slice(0, 300) : null,
});

const toPositions = (state: ClearinghouseState): VenuePosition[] =>
  state.assetPositions
    .filter(({ position }) => position.szi !== '0')
    .map(({ position }) => ({
      symbol: unifiedSymbol(position.coin),
      coin: position.coin,
      size: position.szi,
      entryPrice: position.entryPx ?? null,
      valueQuote: position.positionValue,
      unrealizedPnlQuote: position.unrealizedPnl,
      marginUsedQuote: position.marginUsed,
      liquidationPrice: position.liquidationPx ?? null,
    }));
