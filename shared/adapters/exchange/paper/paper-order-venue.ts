import { dec } from '#shared/core/decimal.ts';
import type { ApprovedOrder, ClientOrderId, OrderClass } from '#shared/core/orders/order.ts';
import type { KeyCheck } from '#shared/core/system/trading-key.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { type CancelOutcome, ExchangeError, type OrderVenue, type SubmitOutcome } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { accountName, asVenue, type NamedAccount } from './paper-accounts.ts';
import { isOpen, setStatus } from './paper-desk.ts';
import type { PaperStore } from './paper-store.ts';
import { placeOrder } from './place-order.ts';

export interface PaperOrderVenueDeps {
  readonly exchange: string;
  readonly store: PaperStore;
  readonly accounts: readonly NamedAccount[];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly telemetry: Telemetry;
}

/** Takes orders into its own books; needs no key. An id is executed once, however often it comes. */
export class PaperOrderVenue implements OrderVenue {
  readonly #deps: PaperOrderVenueDeps;

  constructor(deps: PaperOrderVenueDeps) {
    this.#deps = deps;
  }

  async submitOrder(order: ApprovedOrder): Promise<SubmitOutcome> {
    const outcome = await this.#submit(order);
    const code = outcome.kind === 'rejected' ? outcome.code : outcome.kind === 'unknown' ? outcome.errorKind : 'none';
    const labels = { exchange: this.#deps.exchange, outcome: outcome.kind, code };
    this.#deps.telemetry.count(exchangeMetrics.orders, 1, labels);
    return outcome;
  }

  async cancelOrder(
    account: string,
    symbol: string,
    clientOrderId: ClientOrderId,
    _orderClass: OrderClass,
  ): Promise<CancelOutcome> {
    const outcome = await this.#cancel(account, symbol, clientOrderId);
    const labels = { exchange: this.#deps.exchange, outcome: outcome.kind };
    this.#deps.telemetry.count(exchangeMetrics.cancels, 1, labels);
    return outcome;
  }

  /** Isolated or not, a position is carried by the whole account. */
  async setLeverage(account: string, symbol: string, leverage: number, _isolated: boolean): Promise<void> {
    await asVenue(() =>
      this.#deps.store.transact(accountName(this.#deps.accounts, account), { symbol }, (desk) => {
        const market = desk.markets.get(symbol);
        const isRight = market && Number.isInteger(leverage) && leverage >= 1 && leverage <= market.maxLeverage;
        if (!isRight) {
          const why = market ? `leverage ${leverage} of at most ${market.maxLeverage}` : 'there is no such instrument';
          const flags = { retryable: false, mayHaveReachedVenue: true };
          throw new ExchangeError('rejected', `updateLeverage of ${symbol}: ${why}`, flags);
        }
        desk.leverage.set(symbol, leverage);
      }),
    );
  }

  /** Nothing is signed here. */
  async checkKey(): Promise<KeyCheck> {
    return { kind: 'ok', validUntilMs: null };
  }

  async #submit(order: ApprovedOrder): Promise<SubmitOutcome> {
    const { store, accounts, clock } = this.#deps;
    if (clock.nowMs() >= order.expiresAtMs) return EXPIRED;
    const { clientOrderId, symbol, side, timeInForce, reduceOnly } = order;
    let name: string;
    try {
      name = accountName(accounts, order.account);
    } catch (error) {
      return { kind: 'rejected', code: 'configuration', message: (error as ExchangeError).message };
    }
    try {
      return await store.transact(name, { symbol, clientOrderId }, (desk, existing) => {
        if (existing) return DUPLICATE;
        // Again, now that the lock is held: the wait for it may have been long.
        if (desk.nowMs >= order.expiresAtMs) return EXPIRED;
        const [size, limitPrice] = [dec(order.size), dec(order.limitPrice)];
        return placeOrder(desk, { clientOrderId, symbol, side, size, limitPrice, timeInForce, reduceOnly });
      });
    } catch (error) {
      // The commit may have been the last thing that worked: only the books know.
      return { kind: 'unknown', errorKind: 'unavailable', message: String(error).slice(0, 300) };
    }
  }

  async #cancel(account: string, symbol: string, clientOrderId: ClientOrderId): Promise<CancelOutcome> {
    try {
      const name = accountName(this.#deps.accounts, account);
      return await this.#deps.store.transact(name, { symbol, clientOrderId }, (desk, existing): CancelOutcome => {
        if (existing === null) return { kind: 'not-open', message: 'the order was never placed' };
        if (!isOpen(existing)) return { kind: 'not-open', message: `the order is ${existing.venueStatus}` };
        setStatus(desk, existing, 'cancelled', 'canceled');
        return { kind: 'cancelled' };
      });
    } catch (error) {
      return { kind: 'unknown', message: String(error).slice(0, 300) };
    }
  }
}

const EXPIRED: SubmitOutcome = { kind: 'rejected', code: 'expired', message: 'the order came after its expiry' };
const DUPLICATE: SubmitOutcome = {
  kind: 'unknown',
  errorKind: 'malformed-reply',
  message: 'duplicate-client-order-id: an order with this id came before; what became of it must be asked',
};
