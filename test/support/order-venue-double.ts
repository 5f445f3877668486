import { type Decimal, dec, decimalText } from '#shared/core/decimal.ts';
import type { OddRow } from '#shared/core/odd-row.ts';
import type { ApprovedOrder, ClientOrderId, Order } from '#shared/core/orders/order.ts';
import type { KeyCheck } from '#shared/core/system/trading-key.ts';
import {
  type AccountReader,
  type CancelOutcome,
  ExchangeError,
  type OrderVenue,
  type SubmitOutcome,
  type VenueFill,
  type VenueOrder,
  type VenueOrderStatus,
} from '#shared/ports/exchange.ts';

/**
 * What the venue does with the next order: `fill`, `rest` or `reject` it and say so; `refuse` it for what it asks; `turn-away` before
 * any book sees it; `lose` it on the way; take it and lose the
 * answer (`fill-silently`, `rest-silently`); let it `arrive-late`, when the test says so; fill a part and cancel the rest.
 */
export type Behaviour =
  | 'fill'
  | 'rest'
  | 'reject'
  | 'refuse'
  | 'turn-away'
  | 'lose'
  | 'fill-silently'
  | 'rest-silently'
  | 'arrive-late'
  | 'partly'
  | 'throw';

interface Resting {
  readonly order: ApprovedOrder;
  readonly venueOrderId: string;
  status: VenueOrderStatus;
  filled: Decimal;
  statusTimeMs: number;
}

/** A venue with the semantics of the ports, told by the test what to do; its own ledger is the truth of a test. */
export class OrderVenueDouble
  implements OrderVenue, Pick<AccountReader, 'fetchOpenOrders' | 'fetchOrder' | 'fetchFills'>
{
  behaviour: Behaviour = 'fill';
  /** Reads that fail. */
  readonly down = new Set<'order' | 'open' | 'fills'>();
  /** Orders that the status query denies although they exist. */
  readonly denied = new Set<ClientOrderId>();
  readonly submits: ClientOrderId[] = [];
  readonly cancels: ClientOrderId[] = [];
  readonly leverages: [symbol: string, leverage: number, isolated: boolean][] = [];
  leverageError: Error | null = null;
  readonly ledger = new Map<ClientOrderId, Resting>();
  readonly fills: VenueFill[] = [];
  /** Of the last question about fills. */
  symbolsAsked: readonly string[] = [];
  readonly foreignOrders: VenueOrder[] = [];
  readonly odd: OddRow[] = [];
  reads = 0;
  readonly #late: ApprovedOrder[] = [];
  readonly #now: () => number;
  #next = 100;

  constructor(now: () => number) {
    this.#now = now;
  }

  async submitOrder(order: ApprovedOrder): Promise<SubmitOutcome> {
    this.submits.push(order.clientOrderId);
    const lost = { kind: 'unknown', errorKind: 'timeout', message: 'no answer in 5 s' } as const;
    switch (this.behaviour) {
      case 'reject':
        return { kind: 'rejected', code: 'ioc-no-match', message: 'Order could not immediately match' };
      case 'refuse':
        return { kind: 'rejected', code: 'insufficient-margin', message: 'Insufficient margin to place order.' };
      case 'turn-away':
        return { kind: 'rejected', code: 'breaker-open', message: 'the breaker is open' };
      case 'lose':
        return lost;
      case 'throw':
        throw new Error('the adapter broke a promise');
      case 'arrive-late':
        this.#late.push(order);
        return lost;
      case 'fill-silently':
        this.#accept(order, order.size);
        return lost;
      case 'rest-silently':
        this.#accept(order, '0');
        return lost;
      case 'rest':
        return accepted(this.#accept(order, '0'));
      case 'partly': {
        const half = decimalText(dec(order.size).div(2));
        return accepted(this.#accept(order, half, 'cancelled'));
      }
      case 'fill':
        return accepted(this.#accept(order, order.size));
    }
  }

  keyCheck: KeyCheck = { kind: 'ok', validUntilMs: null };

  async checkKey(): Promise<KeyCheck> {
    return this.keyCheck;
  }

  /** What was on its way arrives; the venue refuses what has expired. */
  deliverLate(): void {
    for (const order of this.#late.splice(0)) {
      if (this.#now() < order.expiresAtMs) this.#accept(order, order.size);
    }
  }

  /** Fills a resting order, in whole or in part. */
  fillResting(clientOrderId: ClientOrderId, size?: string): void {
    const resting = this.ledger.get(clientOrderId);
    if (!resting || (resting.status !== 'open' && resting.status !== 'partially-filled')) return;
    this.#fill(resting, size ?? decimalText(dec(resting.order.size).minus(resting.filled)));
  }

  async cancelOrder(_account: string, _symbol: string, clientOrderId: ClientOrderId): Promise<CancelOutcome> {
    this.cancels.push(clientOrderId);
    const resting = this.ledger.get(clientOrderId);
    if (!resting || (resting.status !== 'open' && resting.status !== 'partially-filled')) {
      return { kind: 'not-open', message: 'Order was never placed, already canceled, or filled.' };
    }
    resting.status = 'cancelled';
    resting.statusTimeMs = this.#now();
    return { kind: 'cancelled' };
  }

  async setLeverage(_account: string, symbol: string, leverage: number, isolated: boolean): Promise<void> {
    if (this.leverageError) throw this.leverageError;
    this.leverages.push([symbol, leverage, isolated]);
  }

  async fetchOrder(_account: string, _symbol: string, clientOrderId: ClientOrderId) {
    this.#read('order');
    const known = this.ledger.get(clientOrderId);
    if (!known || this.denied.has(clientOrderId)) return { kind: 'not-found' } as const;
    return { kind: 'found', order: toVenueOrder(known) } as const;
  }

  async fetchOpenOrders() {
    this.#read('open');
    const own = [...this.ledger.values()].filter((r) => r.status === 'open' || r.status === 'partially-filled');
    return {
      rows: [...own.map(toVenueOrder), ...this.foreignOrders],
      odd: this.odd.filter((row) => row.list === 'open-orders'),
    };
  }

  async fetchFills(_account: string, symbols: readonly string[], sinceMs: number) {
    this.#read('fills');
    this.symbolsAsked = symbols;
    return {
      rows: this.fills.filter((fill) => fill.venueTimeMs >= sinceMs),
      odd: this.odd.filter((row) => row.list !== 'open-orders' && (row.venueTimeMs ?? sinceMs) >= sinceMs),
      nextFromMs: null,
    };
  }

  #read(what: 'order' | 'open' | 'fills'): void {
    this.reads += 1;
    if (!this.down.has(what)) return;
    throw new ExchangeError('timeout', `no answer to ${what}`, { retryable: true, mayHaveReachedVenue: true });
  }

  #accept(order: ApprovedOrder, filled: string, then: VenueOrderStatus = 'open'): Resting {
    if (this.ledger.has(order.clientOrderId)) throw new Error(`order ${order.clientOrderId} reached the venue twice`);
    this.#next += 1;
    const statusTimeMs = this.#now();
    const resting: Resting = { order, venueOrderId: String(this.#next), status: then, filled: dec(0), statusTimeMs };
    this.ledger.set(order.clientOrderId, resting);
    if (filled !== '0') this.#fill(resting, filled);
    return resting;
  }

  #fill(resting: Resting, size: string): void {
    const { order, venueOrderId } = resting;
    this.#next += 1;
    resting.filled = resting.filled.plus(size);
    resting.statusTimeMs = this.#now();
    if (resting.filled.gte(order.size)) resting.status = 'filled';
    else if (resting.status === 'open') resting.status = 'partially-filled';
    this.fills.push({
      symbol: order.symbol,
      tradeId: String(this.#next),
      venueOrderId,
      clientOrderId: order.clientOrderId,
      side: order.side,
      price: order.limitPrice,
      size,
      fee: { amount: '0.01', currency: 'USDC' },
      feeQuote: '0.01',
      closedPnlQuote: '0',
      startPosition: decimalText(this.position(order.symbol)),
      crossed: true,
      liquidation: false,
      venueTimeMs: this.#now(),
    });
  }

  /** Signed position that all fills lead to. */
  position(symbol: string): Decimal {
    return this.fills
      .filter((fill) => fill.symbol === symbol)
      .reduce((sum, fill) => (fill.side === 'buy' ? sum.plus(fill.size) : sum.minus(fill.size)), dec(0));
  }

  /** How the ledger's word for an order compares with ours. */
  truthOf(order: Order): { readonly status: VenueOrderStatus; readonly filled: string } | null {
    const known = this.ledger.get(order.clientOrderId);
    return known ? { status: known.status, filled: decimalText(known.filled) } : null;
  }
}

const accepted = (resting: Resting): SubmitOutcome => ({
  kind: 'accepted',
  venueOrderId: resting.venueOrderId,
  state: resting.filled.gt(0) ? 'filled' : 'resting',
  filledSize: decimalText(resting.filled),
  averagePrice: resting.filled.gt(0) ? resting.order.limitPrice : null,
});

const toVenueOrder = ({ order, venueOrderId, status, filled, statusTimeMs }: Resting): VenueOrder => ({
  symbol: order.symbol,
  venueOrderId,
  clientOrderId: order.clientOrderId,
  side: order.side,
  originalSize: order.size,
  remainingSize: decimalText(dec(order.size).minus(filled)),
  limitPrice: order.limitPrice,
  status,
  venueStatus: status,
  endCode: status === 'cancelled' ? 'cancelled' : undefined,
  statusTimeMs,
});
