import type { Listed, OddRow } from '#shared/core/odd-row.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { AccountState, MoneyDoubt } from '#shared/core/portfolio/account-state.ts';
import { DAY_MS, type EpochMs } from '#shared/core/time.ts';
import type {
  AccountReader,
  FillsPage,
  OrderLookup,
  RecentOrder,
  VenueFill,
  VenueOrder,
  VenueTransfer,
} from '#shared/ports/exchange.ts';
import { fieldsOf, siftRows, timeOf } from '../wire/sift-rows.ts';
import {
  clientOrderIdOf,
  fillReader,
  moneyOf,
  orderReader,
  positionReader,
  toOrder,
  transferReader,
  withStarts,
} from './account-rows.ts';
import { configuration, venueCode } from './error-codes.ts';
import type { RequestName } from './requests.ts';
import type { Params, UsdmClient } from './usdm-client.ts';
import type { UsdmAccount } from './usdm-keys.ts';
import { venueSymbolOf } from './usdm-symbols.ts';
import { accountConfigSchema, accountSchema, listSchema, orderSchema } from './wire-schemas.ts';

const PAGE = 1000;
const PAGES_MAX = 10;
/** A question for trades reaches this far from its start. */
const WINDOW_MS = 7 * DAY_MS;
const ORIGINS_MAX = 20_000;
const NO_SUCH_ORDER = -2013;

export function accountNamed(accounts: readonly UsdmAccount[], account: string): UsdmAccount {
  const found = accounts.find(({ name }) => name === account);
  if (found) return found;
  throw configuration(`there is no account ${account}`);
}

/** How the account keeps positions and collateral, and why that cannot be traded. Money of several assets is worth what the venue says. */
export function modeOf(config: { readonly dualSidePosition: boolean; readonly multiAssetsMargin: boolean }) {
  const mode = config.dualSidePosition ? 'hedge' : config.multiAssetsMargin ? 'multi-assets' : 'single-asset';
  const why = {
    hedge: 'a symbol can hold a long and a short position at once: set position mode to one-way',
    'multi-assets': 'other assets than the quote back its positions: set asset mode to single-asset',
    'single-asset': null,
  }[mode];
  return { mode, refused: why === null ? null : `mode ${mode} is refused: ${why}` };
}

/** Private reads, signed by the read-only key of the account. */
export class UsdmAccountReader implements AccountReader {
  readonly #client: UsdmClient;
  readonly #accounts: readonly UsdmAccount[];
  /** Client ids by symbol and order id: a trade names its order only. */
  readonly #origins = new Map<string, string>();

  constructor(client: UsdmClient, accounts: readonly UsdmAccount[]) {
    this.#client = client;
    this.#accounts = accounts;
  }

  /** The account has one part, so that it is read whole or not at all. Its answers name no time: it is the venue's before they were asked. */
  async fetchAccountState(account: string): Promise<AccountState> {
    const asking = { secret: accountNamed(this.#accounts, account).readKeySecret };
    await this.#client.venueTimeMs();
    const venueTimeMs = this.#client.nowMs();
    const [list, state, config] = await Promise.all([
      this.#client.ask('positionRisk', {}, listSchema, asking),
      this.#client.ask('account', {}, accountSchema, asking).catch(() => null),
      this.#client.ask('accountConfig', {}, accountConfigSchema, asking).catch(() => null),
    ]);
    const symbols = list.map((row) => fieldsOf(row).symbol);
    if (symbols.some((symbol) => typeof symbol !== 'string')) {
      throw this.#client.malformed('positionRisk', 'a position without a symbol');
    }
    const twice = new Set<unknown>(symbols.filter((symbol, i) => symbols.indexOf(symbol) !== i));
    const { rows, odd } = siftRows(list, positionReader(twice));
    const unread = [
      ...new Map(odd.map(({ symbol, key }) => [symbol ?? key, { symbol: symbol ?? key, coin: key }])).values(),
    ];
    const part = (what: string): MoneyDoubt => ({
      code: 'partial-reading',
      message: `equity is unknown: ${what} could not be read`,
      numbers: {},
    });
    const { mode, refused } = config === null ? { mode: null, refused: null } : modeOf(config);
    const unknown = (moneyDoubt: MoneyDoubt) => ({ money: null, moneyDoubt });
    const money =
      config === null || state === null
        ? unknown(part(config === null ? 'the mode of the account' : 'the money of the account'))
        : refused !== null
          ? unknown({ code: 'account-mode-refused', message: refused, numbers: { mode } })
          : moneyOf(state.assets);
    return {
      exchange: this.#client.exchange,
      account,
      venueTimeMs,
      complete: true,
      subAccounts: [
        { name: 'native', complete: true, venueTimeMs, error: null, ...(unread.length === 0 ? {} : { unread }) },
      ],
      positions: rows,
      odd,
      mode,
      ...money,
    };
  }

  /** Conditional orders stand in a list of their own, which is not asked for (docs/venues/binance-usdm.md). */
  async fetchOpenOrders(account: string): Promise<Listed<VenueOrder>> {
    const { rows, odd } = siftRows(await this.#list(account, 'openOrders', {}), orderReader);
    return { rows: rows.toSorted((a, b) => a.statusTimeMs - b.statusTimeMs), odd };
  }

  async fetchOrder(account: string, symbol: string, clientOrderId: ClientOrderId): Promise<OrderLookup> {
    const params = { symbol: venueSymbolOf(symbol), origClientOrderId: clientOrderId };
    const asking = { secret: accountNamed(this.#accounts, account).readKeySecret };
    try {
      const order = toOrder(await this.#client.ask('queryOrder', params, orderSchema, asking));
      if (order.clientOrderId === clientOrderId && order.symbol === symbol) return { kind: 'found', order };
      throw this.#client.malformed('queryOrder', 'another order was answered');
    } catch (error) {
      if (venueCode(error) === NO_SUCH_ORDER) return { kind: 'not-found' };
      if (!(error instanceof RangeError)) throw error;
      throw this.#client.malformed('queryOrder', error.message);
    }
  }

  async fetchFills(account: string, symbols: readonly string[], sinceMs: EpochMs): Promise<FillsPage> {
    const rows: VenueFill[] = [];
    const odd: OddRow[] = [];
    const cuts: EpochMs[] = [];
    for (const symbol of symbols) {
      const page = await this.#fillsOf(account, venueSymbolOf(symbol), sinceMs);
      rows.push(...page.rows);
      odd.push(...page.odd);
      if (page.nextFromMs !== null) cuts.push(page.nextFromMs);
    }
    rows.sort((a, b) => a.venueTimeMs - b.venueTimeMs);
    return { rows, odd, nextFromMs: cuts.length === 0 ? null : Math.min(...cuts) };
  }

  /** One page. Where it reaches until now, the position of now says where each fill began. */
  async #fillsOf(account: string, symbol: string, sinceMs: EpochMs): Promise<FillsPage> {
    const startTime = Math.max(0, sinceMs);
    const params = { symbol, startTime, endTime: startTime + WINDOW_MS - 1, limit: PAGE };
    const trades = await this.#list(account, 'userTrades', params);
    const origins = await this.#originsOf(account, symbol, trades);
    const { rows, odd } = siftRows(trades, fillReader(origins));
    const sorted = rows.toSorted((a, b) => a.venueTimeMs - b.venueTimeMs || compareIds(a.tradeId, b.tradeId));
    const lastMs = trades.reduce((last: number, row) => Math.max(last, timeOf(fieldsOf(row).time) ?? 0), startTime);
    if (trades.length >= PAGE) return { rows: sorted, odd, nextFromMs: lastMs };
    if (params.endTime < this.#client.nowMs()) return { rows: sorted, odd, nextFromMs: params.endTime + 1 };
    if (sorted.length === 0 || odd.length > 0) return { rows: sorted, odd, nextFromMs: null };
    const held = siftRows(await this.#list(account, 'positionRisk', { symbol }), positionReader(new Set()));
    const again = await this.#list(account, 'userTrades', { ...params, startTime: lastMs });
    const ids = new Set(sorted.map(({ tradeId }) => tradeId));
    const isSettled = again.every((row) => ids.has(`${symbol}:${fieldsOf(row).id}`)) && held.odd.length === 0;
    return { rows: isSettled ? withStarts(sorted, held.rows[0]?.size ?? '0') : sorted, odd, nextFromMs: null };
  }

  /** Client ids by order id. One that is not shown yet is left out: its fill is odd, rather than somebody else's. */
  async #originsOf(account: string, symbol: string, trades: readonly unknown[]): Promise<ReadonlyMap<string, string>> {
    const ids = [
      ...new Set(trades.flatMap((row) => (fieldsOf(row).orderId === undefined ? [] : [String(fieldsOf(row).orderId)]))),
    ];
    const found = new Map<string, string>();
    for (const id of ids) {
      const known = this.#origins.get(`${symbol}:${id}`);
      if (known !== undefined) found.set(id, known);
    }
    const missing = ids.filter((id) => !found.has(id)).sort(compareIds);
    const [first] = missing;
    if (first === undefined) return found;
    if (this.#origins.size > ORIGINS_MAX) this.#origins.clear();
    for (const row of await this.#list(account, 'allOrders', { symbol, orderId: first, limit: PAGE })) {
      const { orderId, clientOrderId } = fieldsOf(row);
      if (typeof clientOrderId !== 'string') continue;
      this.#origins.set(`${symbol}:${orderId}`, clientOrderId);
      found.set(String(orderId), clientOrderId);
    }
    return found;
  }

  async fetchRecentOrders(account: string): Promise<readonly RecentOrder[]> {
    const list = await this.#list(account, 'allOrders', { limit: PAGE });
    return list.flatMap((row) => {
      const { clientOrderId, time, updateTime } = fieldsOf(row);
      const id = clientOrderIdOf(String(clientOrderId));
      const venueTimeMs = timeOf(time) ?? timeOf(updateTime);
      return id === null || venueTimeMs === null ? [] : [{ clientOrderId: id, venueTimeMs }];
    });
  }

  /** All entries since then: a deposit that is cut off would read as profit. */
  async fetchTransfers(account: string, sinceMs: EpochMs): Promise<Listed<VenueTransfer>> {
    const entries = new Map<string, unknown>();
    let startTime = sinceMs;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const list = await this.#list(account, 'income', { startTime, limit: PAGE });
      const before = entries.size;
      for (const entry of list) entries.set(JSON.stringify(entry), entry);
      startTime = list.reduce((last: number, row) => Math.max(last, timeOf(fieldsOf(row).time) ?? 0), startTime);
      if (list.length >= PAGE && entries.size > before) continue;
      const { rows, odd } = siftRows([...entries.values()], transferReader);
      return { rows: rows.toSorted((a, b) => a.venueTimeMs - b.venueTimeMs), odd };
    }
    throw this.#client.malformed('income', `more than ${PAGES_MAX} pages`);
  }

  #list(account: string, name: RequestName, params: Params) {
    return this.#client.ask(name, params, listSchema, { secret: accountNamed(this.#accounts, account).readKeySecret });
  }
}

/** Numbers as text, beyond 2^53 too. */
const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
