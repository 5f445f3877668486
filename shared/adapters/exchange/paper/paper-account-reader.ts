import { decimalText, ZERO } from '#shared/core/decimal.ts';
import {
  initialMargin,
  liquidationPrice,
  type MarginPosition,
  maintenanceMargin,
  notional,
  withdrawable,
} from '#shared/core/matching/margin.ts';
import type { Listed } from '#shared/core/odd-row.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { AccountState, VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type {
  AccountReader,
  FillsPage,
  OrderLookup,
  RecentOrder,
  VenueOrder,
  VenueTransfer,
} from '#shared/ports/exchange.ts';
import { mustLiquidate } from './look.ts';
import { accountName, asVenue, type NamedAccount } from './paper-accounts.ts';
import { equityOf, marginPositions } from './paper-desk.ts';
import { toVenueFill, toVenueOrder } from './paper-rows.ts';
import type { PaperStore, PaperView } from './paper-store.ts';

const FILLS_MAX = 2_000;
const PRICE_FIGURES = 8;

export interface PaperAccountReaderDeps {
  readonly exchange: string;
  readonly store: PaperStore;
  readonly accounts: readonly NamedAccount[];
  /** Named as sub-accounts beside the native one; all share one purse. */
  readonly dexes: readonly string[];
}

/** The paper account as the ports show accounts. Each read brings it up to date with the stored prices first. */
export class PaperAccountReader implements AccountReader {
  readonly #deps: PaperAccountReaderDeps;

  constructor(deps: PaperAccountReaderDeps) {
    this.#deps = deps;
  }

  /** Always complete: the books are one row. */
  async fetchAccountState(account: string): Promise<AccountState> {
    const { store, exchange, dexes } = this.#deps;
    const view = await this.#upToDate(account, async (name) => {
      const seen = await store.view(name);
      if (!mustLiquidate(seen)) return seen;
      await store.transact(name, {}, () => null);
      return store.view(name);
    });
    const { venueTimeMs } = view;
    const margins = marginPositions(view);
    const sum = (pick: (position: MarginPosition) => typeof ZERO) =>
      decimalText(margins.reduce((total, position) => total.plus(pick(position)), ZERO));
    const equity = equityOf(view);
    return {
      exchange,
      account,
      venueTimeMs,
      complete: true,
      subAccounts: ['native', ...dexes].map((name) => ({ name, complete: true, venueTimeMs, error: null })),
      positions: toPositions(view, margins),
      money: {
        equityQuote: decimalText(equity),
        marginUsedQuote: sum(initialMargin),
        maintenanceMarginQuote: sum(maintenanceMargin),
        withdrawableQuote: decimalText(withdrawable(equity, margins)),
      },
      moneyDoubt: null,
      mode: null,
    };
  }

  fetchOpenOrders(account: string): Promise<Listed<VenueOrder>> {
    return this.#upToDate(account, async (name) => ({
      rows: (await this.#deps.store.openOrders(name)).map(toVenueOrder),
      odd: [],
    }));
  }

  /** The books are restored and copied together with everything else: they could never know more. */
  async fetchRecentOrders(): Promise<readonly RecentOrder[]> {
    return [];
  }

  fetchOrder(account: string, _symbol: string, clientOrderId: ClientOrderId): Promise<OrderLookup> {
    return this.#upToDate(account, async (name) => {
      const order = await this.#deps.store.order(name, clientOrderId);
      return order === null ? { kind: 'not-found' } : { kind: 'found', order: toVenueOrder(order) };
    });
  }

  fetchFills(account: string, _symbols: readonly string[], sinceMs: EpochMs): Promise<FillsPage> {
    return this.#upToDate(account, async (name) => {
      const rows = (await this.#deps.store.fills(name, sinceMs, FILLS_MAX)).map(toVenueFill);
      const isCut = rows.length >= FILLS_MAX;
      return { rows, odd: [], nextFromMs: isCut ? rows[rows.length - 1]!.venueTimeMs : null };
    });
  }

  /** What the venue paid in when the account was first seen; nobody pays in or out after that. */
  fetchTransfers(account: string, sinceMs: EpochMs): Promise<Listed<VenueTransfer>> {
    return asVenue(async () => {
      const view = await this.#deps.store.view(accountName(this.#deps.accounts, account));
      const paidIn = { id: 'paper-deposit', amountQuote: view.depositedQuote, venueTimeMs: view.createdAtMs };
      return { rows: paidIn.venueTimeMs >= sinceMs ? [paidIn] : [], odd: [] };
    });
  }

  #upToDate<T>(account: string, read: (name: string) => Promise<T>): Promise<T> {
    return asVenue(async () => {
      const name = accountName(this.#deps.accounts, account);
      await this.#deps.store.look(name);
      return read(name);
    });
  }
}

function toPositions(view: PaperView, margins: readonly MarginPosition[]): VenuePosition[] {
  const equity = equityOf(view);
  return [...view.positions].map(([symbol, { size, entryPrice }], index) => {
    const margin = margins[index]!;
    const liquidation = liquidationPrice(margin, equity, margins);
    return {
      symbol,
      coin: view.markets.get(symbol)?.venueSymbol ?? symbol,
      size: decimalText(size),
      entryPrice: decimalText(entryPrice),
      valueQuote: decimalText(notional(margin)),
      unrealizedPnlQuote: decimalText(margin.markPrice.minus(entryPrice).times(size)),
      marginUsedQuote: decimalText(initialMargin(margin)),
      liquidationPrice: liquidation && decimalText(liquidation.toSignificantDigits(PRICE_FIGURES)),
    };
  });
}
