import type * as z from 'zod';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { CallClass } from '../resilience/call-class.ts';
import type { ResilientCaller } from '../resilience/resilient-caller.ts';
import { ReplyCheck } from '../wire/reply-check.ts';
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
export class HyperliquidInfo extends ReplyCheck {
  readonly #client: HyperliquidCcxt;
  readonly #caller: ResilientCaller;

  constructor(client: HyperliquidCcxt, caller: ResilientCaller, telemetry: Telemetry) {
    super('hyperliquid', telemetry);
    this.#client = client;
    this.#caller = caller;
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
    return this.parse(request.type, schema, reply);
  }
}
