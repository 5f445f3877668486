import type { Instrument } from '#shared/core/market/instrument.ts';
import { isOnTick, wholeLots } from '#shared/core/market/tick-rules.ts';
import type { ApprovedOrder, ClientOrderId, OrderClass } from '#shared/core/orders/order.ts';
import type { RejectionCode } from '#shared/core/orders/refusal-codes.ts';
import { cycleIdOf } from '#shared/core/reconciliation/cycle-decision.ts';
import { KEY_REFUSED, type KeyCheck } from '#shared/core/system/trading-key.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { type CancelOutcome, ExchangeError, type OrderVenue, type SubmitOutcome } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { exchangeEvents, exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { callClassOf } from '../resilience/call-class.ts';
import { classifyFailure } from '../resilience/exchange-failure.ts';
import type { ResilientCaller } from '../resilience/resilient-caller.ts';
import type { InstrumentCatalog } from '../wire/instrument-catalog.ts';
import { findAccount, type HyperliquidAccount } from './accounts.ts';
import type { HyperliquidSigner, SignedRequest } from './ccxt-hyperliquid-signer.ts';
import { checkAgent } from './check-agent.ts';
import type { HyperliquidInfo } from './hyperliquid-info.ts';
import { readCancelReply, readOrderFailure, readOrderReply, refusalCode } from './order-replies.ts';
import type { TradingKeys } from './trading-keys.ts';
import { exchangeReplySchema } from './wire-schemas.ts';

/** Venue-side expiry of actions that bring none of their own. */
const ACTION_EXPIRES_MS = 30_000;
/** 2010-01-01. */
const LONG_AGO_MS = 1_262_304_000_000;

export interface OrderVenueDeps {
  readonly exchange: string;
  readonly keys: TradingKeys;
  readonly accounts: readonly HyperliquidAccount[];
  readonly catalog: InstrumentCatalog;
  readonly caller: ResilientCaller;
  /** What the venue knows of a signer is read, not signed for. */
  readonly info: Pick<HyperliquidInfo, 'ask'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly throughProxy: boolean;
}

/** Sends orders: one a request, each at most once, prices and sizes exactly as decided or not at all. */
export class HyperliquidOrderVenue implements OrderVenue {
  readonly #deps: OrderVenueDeps;
  readonly #markets = new WeakMap<HyperliquidSigner, number>();

  constructor(deps: OrderVenueDeps) {
    this.#deps = deps;
  }

  async submitOrder(order: ApprovedOrder): Promise<SubmitOutcome> {
    const outcome = await this.#submit(order);
    const code = outcome.kind === 'rejected' ? outcome.code : outcome.kind === 'unknown' ? outcome.errorKind : 'none';
    const { exchange, telemetry } = this.#deps;
    telemetry.count(exchangeMetrics.orders, 1, { exchange, outcome: outcome.kind, code });
    if (outcome.kind === 'unknown') {
      telemetry.log('warn', exchangeEvents.unexpectedText, {
        clientOrderId: order.clientOrderId,
        correlationId: order.correlationId,
        outcome: outcome.kind,
        message: outcome.message,
      });
    }
    return outcome;
  }

  async cancelOrder(
    account: string,
    symbol: string,
    clientOrderId: ClientOrderId,
    _orderClass: OrderClass,
  ): Promise<CancelOutcome> {
    const outcome = await this.#cancel(account, symbol, clientOrderId);
    const { exchange, telemetry } = this.#deps;
    telemetry.count(exchangeMetrics.cancels, 1, { exchange, outcome: outcome.kind });
    return outcome;
  }

  async setLeverage(account: string, symbol: string, leverage: number, isolated: boolean): Promise<void> {
    const { signer } = await this.#prepare(account, symbol);
    const reply = await this.#deps.caller.call({
      name: 'updateLeverage',
      callClass: 'open',
      weight: 1,
      retry: 'not-sent',
      run: () => signer.post(signer.signLeverage(symbol, leverage, isolated, this.#expiry())),
    });
    const answer = exchangeReplySchema.safeParse(reply);
    if (answer.success && answer.data.status === 'ok') return;
    const why = answer.success ? String(answer.data.response).slice(0, 200) : 'unreadable answer';
    const refused = refusalCode(why) === KEY_REFUSED ? ('key-refused' as const) : ('rejected' as const);
    const kind = answer.success ? refused : 'malformed-reply';
    throw new ExchangeError(kind, `updateLeverage: ${why}`, { retryable: false, mayHaveReachedVenue: true });
  }

  /**
   * Gets key, markets and the first slow signature over with. What it signs is a cancel of nothing that expired long ago, and
   * it is not sent. Throws `ExchangeError` of kind `configuration` when the account cannot trade.
   */
  async warmUp(account: string): Promise<void> {
    const [first] = await this.#deps.catalog.all();
    if (first === undefined) return;
    const { signer } = await this.#prepare(account, first.symbol);
    signer.signCancel(first.symbol, `0x${'0'.repeat(32)}`, LONG_AGO_MS);
  }

  async checkKey(account: string): Promise<KeyCheck> {
    const { accounts, keys, info, clock } = this.#deps;
    try {
      const known = findAccount(accounts, account);
      const agent = (await keys.signer(known)).agentAddress().toLowerCase();
      return await checkAgent(info, known, agent, clock.nowMs());
    } catch (error) {
      const reason = classifyFailure(error, 'check-key').message.slice(0, 300);
      const isOurs = error instanceof ExchangeError && error.kind === 'configuration';
      return isOurs ? { kind: 'refused', reason } : { kind: 'unknown', reason };
    }
  }

  async #submit(order: ApprovedOrder): Promise<SubmitOutcome> {
    if (this.#deps.clock.nowMs() >= order.expiresAtMs) {
      return { kind: 'rejected', code: 'expired', message: 'expired before it was sent' };
    }
    let request: SignedRequest;
    let signer: HyperliquidSigner;
    try {
      const prepared = await this.#prepare(order.account, order.symbol);
      const offGrid = refuseOffGrid(order, prepared.instrument);
      if (offGrid !== null) return offGrid;
      signer = prepared.signer;
      request = signer.signOrder(order, order.expiresAtMs);
      const changed = refuseChanged(order, prepared.instrument, request);
      if (changed !== null) return changed;
    } catch (error) {
      // Nothing was sent yet, whatever went wrong.
      return notSent(error);
    }
    try {
      const reply = await this.#deps.caller.call({
        name: 'order',
        callClass: callClassOf(order.orderClass),
        weight: 1,
        retry: 'never',
        operation: cycleIdOf(order.decisionId),
        run: () => signer.post(request),
      });
      return readOrderReply(reply);
    } catch (error) {
      return readOrderFailure(classifyFailure(error, 'order'), this.#deps.throughProxy);
    }
  }

  async #cancel(account: string, symbol: string, clientOrderId: ClientOrderId): Promise<CancelOutcome> {
    try {
      const { signer } = await this.#prepare(account, symbol);
      const reply = await this.#deps.caller.call({
        name: 'cancelByCloid',
        callClass: 'protect',
        weight: 1,
        retry: 'not-sent',
        run: () => signer.post(signer.signCancel(symbol, clientOrderId, this.#expiry())),
      });
      const answer = readCancelReply(reply);
      if (answer === 'cancelled') return { kind: 'cancelled' };
      return 'notOpen' in answer
        ? { kind: 'not-open', message: answer.notOpen }
        : { kind: 'unknown', message: answer.unknown, ...(answer.code === undefined ? {} : { code: answer.code }) };
    } catch (error) {
      return { kind: 'unknown', message: classifyFailure(error, 'cancel').message.slice(0, 300) };
    }
  }

  async #prepare(account: string, symbol: string): Promise<{ signer: HyperliquidSigner; instrument: Instrument }> {
    const { catalog, keys, accounts } = this.#deps;
    const instrument = await catalog.instrument(symbol);
    const signer = await keys.signer(findAccount(accounts, account));
    if (this.#markets.get(signer) !== catalog.version) {
      signer.useInstruments(await catalog.all());
      this.#markets.set(signer, catalog.version);
    }
    return { signer, instrument };
  }

  #expiry(): number {
    return this.#deps.clock.nowMs() + ACTION_EXPIRES_MS;
  }
}

const rejected = (code: RejectionCode, message: string): SubmitOutcome => ({ kind: 'rejected', code, message });

function notSent(error: unknown): SubmitOutcome {
  if (error instanceof ExchangeError) {
    return rejected(error.kind === 'configuration' ? 'configuration' : 'not-sent', error.message.slice(0, 300));
  }
  return rejected('not-sent', `could not be signed: ${error instanceof Error ? error.name : 'failure'}`);
}

/** Core rounds; here it is only checked. An order off the grid is a fault of ours, and is not repaired on the way out. */
function refuseOffGrid(order: ApprovedOrder, instrument: Instrument): SubmitOutcome | null {
  if (!isOnTick(order.limitPrice, instrument.priceRule)) {
    return rejected('off-grid', `price ${order.limitPrice} is not on the grid of ${order.symbol}`);
  }
  if (wholeLots(order.size, instrument.sizeStep) === order.size) return null;
  return rejected('off-grid', `size ${order.size} is not in whole lots of ${order.symbol}`);
}

/**
 * Compares the action that ccxt built and signed with the one that was decided, field by field and in the order of the
 * hash: ccxt's own rounding must have changed nothing, and nothing (a builder's fee, say) may have been added.
 */
function refuseChanged(order: ApprovedOrder, instrument: Instrument, request: SignedRequest): SubmitOutcome | null {
  const wanted = {
    type: 'order',
    orders: [
      {
        a: instrument.assetId,
        b: order.side === 'buy',
        p: order.limitPrice,
        s: order.size,
        r: order.reduceOnly,
        t: { limit: { tif: order.timeInForce } },
        c: order.clientOrderId,
      },
    ],
    grouping: 'na',
  };
  const built = JSON.stringify(request.action);
  if (built === JSON.stringify(wanted)) return null;
  return rejected('off-grid', `the order built is not the one decided: ${built.slice(0, 200)}`);
}
