import { createHmac } from 'node:crypto';
import type * as z from 'zod';
import { isDue } from '#shared/core/age.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { CallClass } from '../resilience/call-class.ts';
import { classifyFailure } from '../resilience/exchange-failure.ts';
import type { ExchangeTransport } from '../resilience/exchange-transport.ts';
import type { ExchangeCall, ResilientCaller } from '../resilience/resilient-caller.ts';
import { parseReply } from '../wire/parse-reply.ts';
import { ReplyCheck } from '../wire/reply-check.ts';
import { isClockRefusal, readFailure } from './error-codes.ts';
import { REQUESTS, type RequestName } from './requests.ts';
import type { UsdmKey, UsdmKeys } from './usdm-keys.ts';
import { timeSchema } from './wire-schemas.ts';

export type Params = Readonly<Record<string, string | number | boolean>>;

export interface UsdmClientDeps {
  /** The exchange's name in rows and metrics. */
  readonly exchange: string;
  readonly httpUrl: string;
  readonly transport: ExchangeTransport;
  readonly caller: ResilientCaller;
  readonly keys: UsdmKeys;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface Asking {
  /** Name of the secret that signs; absent: the request is public. */
  readonly secret?: string | null;
  readonly callClass?: CallClass;
  readonly retry?: ExchangeCall<never>['retry'];
  readonly weight?: number;
  readonly operation?: string;
  /** Venue time after which the request must not be carried out. */
  readonly expiresAtMs?: EpochMs;
}

const RECV_WINDOW_MS = 5_000;
/** The largest that is documented, for spot; here none is. */
const RECV_WINDOW_MS_MAX = 60_000;
const MEASURE_AGAIN_MS = 300_000;

export const queryOf = (params: Params): string =>
  Object.entries(params)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');

/** https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info, "SIGNED Endpoint Security" */
export const signature = (query: string, secret: string): string =>
  createHmac('sha256', secret).update(query).digest('hex');

/** Requests to `/fapi`, guarded, signed in venue time and checked. Parameters travel in the query, whatever the method. */
export class UsdmClient extends ReplyCheck {
  readonly exchange: string;
  readonly #deps: UsdmClientDeps;
  #offset: { readonly ms: number; readonly measuredAtMs: EpochMs } | null = null;

  constructor(deps: UsdmClientDeps) {
    super(deps.exchange, deps.telemetry);
    this.exchange = deps.exchange;
    this.#deps = deps;
  }

  /** Throws `ExchangeError`; `malformed-reply` when the reply has not the agreed shape. */
  async ask<S extends z.ZodType>(name: RequestName, params: Params, schema: S, asking: Asking = {}) {
    const { secret, callClass = 'status', retry = 'read', weight = REQUESTS[name].weight, operation } = asking;
    const key = secret === undefined ? null : await this.#deps.keys.key(secret);
    if (key !== null) await this.#measure();
    const reply = await this.#deps.caller.call<unknown>({
      name,
      callClass,
      weight,
      retry,
      ...(operation === undefined ? {} : { operation }),
      run: () => this.#send(name, params, key, asking.expiresAtMs),
    });
    return this.parse(name, schema, reply);
  }

  /** Key and venue time, so that what comes next fails only once it was sent. Throws `ExchangeError`. */
  async ready(secret: string | null): Promise<void> {
    await this.#deps.keys.key(secret);
    await this.#measure();
  }

  /** The venue's time by the offset last measured; our own before that. */
  nowMs(): EpochMs {
    return this.#deps.clock.nowMs() + (this.#offset?.ms ?? 0);
  }

  /** Asks the venue's clock, and takes its offset for {@link nowMs}. */
  async venueTimeMs(): Promise<EpochMs> {
    const { clock } = this.#deps;
    const askedMs = clock.nowMs();
    const { serverTime } = await this.ask('time', {}, timeSchema);
    const answeredMs = clock.nowMs();
    this.#offset = { ms: Math.round(serverTime - (askedMs + answeredMs) / 2), measuredAtMs: answeredMs };
    return serverTime;
  }

  /** An offset that is known already serves when the venue does not say its time now. */
  async #measure(): Promise<void> {
    const known = this.#offset;
    if (known !== null && !isDue(known.measuredAtMs, this.#deps.clock.nowMs(), MEASURE_AGAIN_MS)) return;
    await this.venueTimeMs().catch((error) => {
      if (known === null) throw error;
    });
  }

  async #send(name: RequestName, params: Params, key: UsdmKey | null, expiresAtMs?: EpochMs): Promise<unknown> {
    const { method, path } = REQUESTS[name];
    const query = key === null ? queryOf(params) : this.#signed(params, key, expiresAtMs);
    const url = `${this.#deps.httpUrl.replace(/\/+$/, '')}${path}${query === '' ? '' : `?${query}`}`;
    const headers: Record<string, string> = key === null ? {} : { 'X-MBX-APIKEY': key.apiKey };
    try {
      return parseReply(await this.#deps.transport(url, null, headers, method));
    } catch (error) {
      // For whoever tries again.
      if (isClockRefusal(error)) await this.venueTimeMs().catch(() => null);
      throw readFailure(classifyFailure(error, name), this.nowMs());
    }
  }

  /** The matching engine checks the window again, so its end is the true end of an order (change log, 2023-04-17). */
  #signed(params: Params, { secret }: UsdmKey, expiresAtMs = Number.POSITIVE_INFINITY): string {
    const timestamp = this.nowMs();
    const leftMs = Math.max(1, expiresAtMs - timestamp);
    const recvWindow = Number.isFinite(leftMs) ? Math.min(RECV_WINDOW_MS_MAX, leftMs) : RECV_WINDOW_MS;
    const query = queryOf({ ...params, recvWindow, timestamp });
    return `${query}&signature=${signature(query, secret)}`;
  }
}
