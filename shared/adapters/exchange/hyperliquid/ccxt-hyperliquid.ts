import { type Instrument, symbolParts } from '#shared/core/market/instrument.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import CcxtHyperliquid from '../../../../node_modules/ccxt/js/src/hyperliquid.js';
import type { ExchangeTransport } from '../resilience/exchange-transport.ts';
import { parseReply } from '../wire/parse-reply.ts';

export interface HyperliquidCcxtOptions {
  /** REST base, such as `https://api.hyperliquid.xyz`. */
  readonly httpUrl: string;
  readonly transport: ExchangeTransport;
  readonly nowMs: () => number;
}

/** What ccxt's `sign` gives: url, method, headers, body. */
export type WireRequest = ReturnType<CcxtHyperliquid['sign']>;

const QUOTE = 'USDC';

/**
 * ccxt's HyperLiquid client, made quiet: it never phones home (builder fee, referrer), never loads markets by itself, never
 * sleeps in its own rate limiter and sends through our transport. It holds no key: private calls are refused. What ccxt
 * keeps is the part worth having: endpoints, the order's wire form and its rounding, against which ours is checked.
 */
export class HyperliquidCcxt extends CcxtHyperliquid {
  readonly #transport: ExchangeTransport;

  constructor(options: HyperliquidCcxtOptions) {
    const url = options.httpUrl.replace(/\/+$/, '');
    super({
      enableRateLimit: false,
      urls: { api: { public: url, private: url }, test: { public: url, private: url } },
      options: { builderFee: false, approvedBuilderFee: false, refSet: true },
    });
    this.#transport = options.transport;
    this.milliseconds = options.nowMs;
  }

  /** Upstream approves a builder fee, sets a referrer and asks for the account's abstraction here. */
  override async initializeClient(): Promise<boolean> {
    return true;
  }

  override async approveBuilderFee(): Promise<never> {
    throw forbidden('approveBuilderFee');
  }

  override async setRef(): Promise<never> {
    throw forbidden('setReferrer');
  }

  override async fetchMarkets(): Promise<never> {
    throw forbidden('loading markets: they come from our instruments');
  }

  override async fetchCurrencies(): Promise<never> {
    throw forbidden('loading currencies: they come from our instruments');
  }

  /** ccxt's own fetch picks agents, proxies and a browser's User-Agent; ours is one transport with limits. */
  override async fetch(url: string, _method?: string, headers?: unknown, body?: unknown): Promise<unknown> {
    const text = await this.#transport(url, String(body ?? ''), (headers ?? {}) as Record<string, string>);
    return parseReply(text);
  }

  override sign(path: string, api?: string, method?: string, params?: object): WireRequest {
    if (api !== 'public') throw forbidden('a private call without a key');
    return super.sign(path, api, method, params as never);
  }

  /** Feeds ccxt's market table from our own instruments; asset numbers and lot sizes are theirs. */
  useInstruments(instruments: readonly Instrument[]): void {
    this.setMarkets(
      instruments.map((instrument) => ({
        id: String(instrument.assetId),
        symbol: instrument.symbol,
        base: symbolParts(instrument.symbol)?.base,
        quote: QUOTE,
        settle: QUOTE,
        baseId: String(instrument.assetId),
        quoteId: QUOTE,
        settleId: QUOTE,
        type: 'swap',
        spot: false,
        swap: true,
        contract: true,
        linear: true,
        inverse: false,
        active: instrument.status === 'active',
        contractSize: 1,
        precision: { amount: Number(instrument.sizeStep) },
        limits: {},
        info: {},
      })) as never,
    );
  }
}

const forbidden = (what: string): ExchangeError =>
  new ExchangeError('configuration', `not done by this client: ${what}`, {
    retryable: false,
    mayHaveReachedVenue: false,
  });
