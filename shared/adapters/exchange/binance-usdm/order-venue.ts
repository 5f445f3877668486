import { dec } from '#shared/core/decimal.ts';
import { isOnTick, wholeLots } from '#shared/core/market/tick-rules.ts';
import type { ApprovedOrder, ClientOrderId, TimeInForce } from '#shared/core/orders/order.ts';
import type { RejectionCode } from '#shared/core/orders/refusal-codes.ts';
import { cycleIdOf } from '#shared/core/reconciliation/cycle-decision.ts';
import { KEY_REFUSED, type KeyCheck } from '#shared/core/system/trading-key.ts';
import { type CancelOutcome, ExchangeError, type OrderVenue, type SubmitOutcome } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { exchangeEvents, exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { callClassOf } from '../resilience/call-class.ts';
import { classifyFailure } from '../resilience/exchange-failure.ts';
import type { InstrumentCatalog } from '../wire/instrument-catalog.ts';
import { accountNamed, modeOf } from './account-reader.ts';
import { readOrderFailure, venueCode } from './error-codes.ts';
import type { Params, UsdmClient } from './usdm-client.ts';
import type { UsdmAccount } from './usdm-keys.ts';
import { venueSymbolOf } from './usdm-symbols.ts';
import { accountConfigSchema, anySchema, orderSchema } from './wire-schemas.ts';

const TIME_IN_FORCE: Readonly<Record<TimeInForce, string>> = { Alo: 'GTX', Ioc: 'IOC', Gtc: 'GTC' };
const NOT_OPEN = -2011;
/** "No need to change margin type": it is so already. */
const MARGIN_TYPE_IS_SO = -4046;

export interface UsdmOrderVenueDeps {
  readonly client: UsdmClient;
  readonly accounts: readonly UsdmAccount[];
  readonly catalog: InstrumentCatalog;
  readonly telemetry: Telemetry;
}

const rejected = (code: RejectionCode, message: string): SubmitOutcome => ({ kind: 'rejected', code, message });

/** Sends orders: one a request, each at most once, prices and sizes exactly as decided or not at all. */
export class UsdmOrderVenue implements OrderVenue {
  readonly #deps: UsdmOrderVenueDeps;

  constructor(deps: UsdmOrderVenueDeps) {
    this.#deps = deps;
  }

  async submitOrder(order: ApprovedOrder): Promise<SubmitOutcome> {
    const { client, telemetry } = this.#deps;
    const outcome = await this.#submit(order);
    const code = outcome.kind === 'rejected' ? outcome.code : outcome.kind === 'unknown' ? outcome.errorKind : 'none';
    telemetry.count(exchangeMetrics.orders, 1, { exchange: client.exchange, outcome: outcome.kind, code });
    if (outcome.kind === 'unknown') {
      const { clientOrderId, correlationId } = order;
      const { kind, message } = outcome;
      telemetry.log('warn', exchangeEvents.unexpectedText, { clientOrderId, correlationId, outcome: kind, message });
    }
    return outcome;
  }

  async cancelOrder(account: string, symbol: string, clientOrderId: ClientOrderId): Promise<CancelOutcome> {
    const params = { symbol: venueSymbolOf(symbol), origClientOrderId: clientOrderId };
    const outcome = await this.#change(account, 'cancelOrder', params, true).then(
      (): CancelOutcome => ({ kind: 'cancelled' }),
      (error): CancelOutcome => {
        const message = classifyFailure(error, 'cancel').message.slice(0, 300);
        if (venueCode(error) === NOT_OPEN) return { kind: 'not-open', message };
        const isKey = error instanceof ExchangeError && error.kind === 'key-refused';
        return { kind: 'unknown', message, ...(isKey ? { code: KEY_REFUSED } : {}) };
      },
    );
    const { client, telemetry } = this.#deps;
    telemetry.count(exchangeMetrics.cancels, 1, { exchange: client.exchange, outcome: outcome.kind });
    return outcome;
  }

  async setLeverage(account: string, symbol: string, leverage: number, isolated: boolean): Promise<void> {
    const venueSymbol = venueSymbolOf(symbol);
    const marginType = isolated ? 'ISOLATED' : 'CROSSED';
    await this.#change(account, 'marginType', { symbol: venueSymbol, marginType }).catch((error) => {
      if (venueCode(error) !== MARGIN_TYPE_IS_SO) throw error;
    });
    await this.#change(account, 'leverage', { symbol: venueSymbol, leverage });
  }

  /** Also what a start is refused for: an account in a mode that cannot be traded safely is named with its mode. */
  async checkKey(account: string): Promise<KeyCheck> {
    const { client, accounts } = this.#deps;
    try {
      const secret = accountNamed(accounts, account).tradingKeySecret;
      const config = await client.ask('accountConfig', {}, accountConfigSchema, { secret });
      const reason = config.canTrade ? modeOf(config).refused : 'the venue does not let the account trade';
      return reason === null ? { kind: 'ok', validUntilMs: null } : { kind: 'refused', reason };
    } catch (error) {
      const { kind, message } = classifyFailure(error, 'check-key');
      const isSure = kind === 'configuration' || kind === 'key-refused';
      return { kind: isSure ? 'refused' : 'unknown', reason: message.slice(0, 300) };
    }
  }

  async #submit(order: ApprovedOrder): Promise<SubmitOutcome> {
    const { client, accounts, catalog } = this.#deps;
    let secret: string | null;
    try {
      secret = accountNamed(accounts, order.account).tradingKeySecret;
      const { priceRule, sizeStep } = await catalog.instrument(order.symbol);
      // Core rounds; an order off the grid is a fault of ours, and is not repaired on the way out.
      const isOnGrid = isOnTick(order.limitPrice, priceRule) && wholeLots(order.size, sizeStep) === order.size;
      if (!isOnGrid)
        return rejected('off-grid', `${order.size} at ${order.limitPrice} is not on the grid of ${order.symbol}`);
      await client.ready(secret);
    } catch (error) {
      // Nothing was sent yet, whatever went wrong.
      const { kind, message } = classifyFailure(error, 'order');
      return rejected(kind === 'configuration' ? kind : 'not-sent', message.slice(0, 300));
    }
    if (client.nowMs() >= order.expiresAtMs) return rejected('expired', 'expired before it was sent');
    try {
      return readAnswer(
        order,
        await client.ask('order', toParams(order), orderSchema, {
          secret,
          callClass: callClassOf(order.orderClass),
          retry: 'never',
          operation: cycleIdOf(order.decisionId),
          expiresAtMs: order.expiresAtMs,
        }),
      );
    } catch (error) {
      return readOrderFailure(classifyFailure(error, 'order'));
    }
  }

  async #change(account: string, name: 'cancelOrder' | 'leverage' | 'marginType', params: Params, isExit = false) {
    const { client, accounts } = this.#deps;
    const secret = accountNamed(accounts, account).tradingKeySecret;
    const callClass = isExit ? ('protect' as const) : ('open' as const);
    return await client.ask(name, params, anySchema, { secret, callClass, retry: 'not-sent' });
  }
}

const toParams = (order: ApprovedOrder): Params => ({
  symbol: venueSymbolOf(order.symbol),
  side: order.side === 'buy' ? 'BUY' : 'SELL',
  positionSide: 'BOTH',
  type: 'LIMIT',
  timeInForce: TIME_IN_FORCE[order.timeInForce],
  quantity: order.size,
  price: order.limitPrice,
  reduceOnly: order.reduceOnly,
  newClientOrderId: order.clientOrderId,
  newOrderRespType: 'RESULT',
});

/** Whatever is not clearly a yes or a no is `unknown`, and is asked for. */
function readAnswer(order: ApprovedOrder, answer: ReturnType<typeof orderSchema.parse>): SubmitOutcome {
  const unknown = (message: string): SubmitOutcome => ({ kind: 'unknown', errorKind: 'malformed-reply', message });
  const { status, executedQty, orderId: venueOrderId, avgPrice } = answer;
  if (answer.clientOrderId.toLowerCase() !== order.clientOrderId) return unknown('another order was answered');
  const averagePrice = avgPrice === undefined || avgPrice === '0' ? null : avgPrice;
  const accepted = { kind: 'accepted', venueOrderId, filledSize: executedQty, averagePrice } as const;
  if (status === 'NEW' || status === 'PARTIALLY_FILLED') return { ...accepted, state: 'resting' };
  if (status === 'FILLED' || (status === 'EXPIRED' && dec(executedQty).gt(0))) return { ...accepted, state: 'filled' };
  if (status === 'EXPIRED' && order.timeInForce === 'Ioc') return rejected('ioc-no-match', 'EXPIRED, nothing executed');
  return unknown(`${status}, ${executedQty} executed`);
}
