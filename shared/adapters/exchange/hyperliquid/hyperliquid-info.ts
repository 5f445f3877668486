import type * as z from 'zod';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { exchangeEvents, exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import type { CallClass } from '../resilience/call-class.ts';
import type { ResilientCaller } from '../resilience/resilient-caller.ts';
import type { HyperliquidCcxt } from './ccxt-hyperliquid.ts';
import { type RequestType, requestWeight } from './request-weights.ts';

export interface InfoRequest {
  readonly type: RequestType;
  readonly [field: string]: unknown;
}

/** Items per extra unit of weight in long replies. */
const ITEMS_PER_WEIGHT: Readonly<Record<string, number>> = {
  userFillsByTime: 20,
  userNonFundingLedgerUpdates: 20,
  candleSnapshot: 60,
};

/** Questions to `POST /info`, guarded and checked: the one door for everything that is read with ccxt. */
export class HyperliquidInfo {
  readonly #client: HyperliquidCcxt;
  readonly #caller: ResilientCaller;
  readonly #telemetry: Telemetry;

  constructor(client: HyperliquidCcxt, caller: ResilientCaller, telemetry: Telemetry) {
    this.#client = client;
    this.#caller = caller;
    this.#telemetry = telemetry;
  }

  /** Throws `ExchangeError`; `malformed-reply` when the reply has not the agreed shape. */
  async ask<S extends z.ZodType>(request: InfoRequest, schema: S, callClass: CallClass): Promise<z.output<S>> {
    const perWeight = ITEMS_PER_WEIGHT[request.type];
    const reply = await this.#caller.call<unknown>({
      name: request.type,
      callClass,
      weight: requestWeight(request.type),
      retry: 'read',
      run: () => this.#client.publicPostInfo(request),
      replyWeight: (items) => (perWeight && Array.isArray(items) ? Math.floor(items.length / perWeight) : 0),
    });
    // Outside the breaker: one reply of a new shape must not stop the other questions of its class.
    const parsed = schema.safeParse(reply);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw this.malformed(request.type, `${issue?.path.join('.') || 'reply'}: ${issue?.message ?? 'unreadable'}`);
  }

  /** Counts a reply that cannot be believed and gives the error to throw. */
  malformed(what: string, why: string): ExchangeError {
    this.#telemetry.count(exchangeMetrics.malformed, 1, { exchange: 'hyperliquid', what });
    this.#telemetry.log('error', exchangeEvents.malformedReply, { exchange: 'hyperliquid', what, why });
    return new ExchangeError('malformed-reply', `${what}: ${why}`.slice(0, 300), {
      retryable: false,
      mayHaveReachedVenue: true,
    });
  }

  /** Counts items that are left out on purpose. */
  skipped(what: string, count: number): void {
    if (count > 0) this.#telemetry.count(exchangeMetrics.malformed, count, { exchange: 'hyperliquid', what });
  }
}
