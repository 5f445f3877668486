import { inspect } from 'node:util';
import { assert } from '#shared/core/assert.ts';
import type { ApprovedOrder, ClientOrderId } from '#shared/core/orders/order.ts';
import type { EpochMs } from '#shared/core/time.ts';
import { HyperliquidCcxt, type HyperliquidCcxtOptions, type WireRequest } from './ccxt-hyperliquid.ts';
import type { NonceSequence } from './nonce-sequence.ts';

/** `a`: mainnet, and the simulator. `b`: testnet. Part of what is signed, so a wrong one makes every order foreign. */
export type SigningSource = 'a' | 'b';

export interface HyperliquidSignerOptions extends HyperliquidCcxtOptions {
  /** 64 hex digits, with or without 0x. */
  readonly privateKey: string;
  readonly source: SigningSource;
  readonly nonces: NonceSequence;
  /** Sub-account or vault that the agent acts for; null for the master itself. */
  readonly vaultAddress: string | null;
}

/** A signed action, ready to be posted. */
export interface SignedRequest {
  readonly action: Readonly<Record<string, unknown>>;
  readonly nonce: number;
  readonly signature: object;
}

type OrderFields = Pick<
  ApprovedOrder,
  'symbol' | 'side' | 'size' | 'limitPrice' | 'timeInForce' | 'reduceOnly' | 'clientOrderId'
>;

/** ccxt pads times to 16 hex digits by assuming 11 of them: true from 2004 to 2527. */
const TIME_MIN = 2 ** 40;
const TIME_MAX = 2 ** 44;

/**
 * The client that signs, for the order gateway alone. The key lies in a private field: ccxt's own `privateKey` stays empty,
 * and neither inspect, JSON nor an error of ccxt can show it. Every action is signed with `expiresAfter`, which upstream
 * leaves out of orders and cancels, and the body carries exactly the time that was signed.
 */
export class HyperliquidSigner extends HyperliquidCcxt {
  readonly #privateKey: string;
  readonly #nonces: NonceSequence;
  readonly #vaultAddress: string | null;
  readonly #signedExpiry = new WeakMap<object, EpochMs>();
  #expiresAtMs: EpochMs | null = null;

  constructor(options: HyperliquidSignerOptions) {
    super(options);
    this.#privateKey = options.privateKey.replace(/^0x/, '');
    this.#nonces = options.nonces;
    this.#vaultAddress = options.vaultAddress?.toLowerCase() ?? null;
    this.options.sandboxMode = options.source === 'b';
  }

  /** Address of the signing key: the agent's, not the account's. */
  agentAddress(): string {
    return this.ethGetAddressFromPrivateKey(`0x${this.#privateKey}`);
  }

  /** Builds and signs one order through ccxt, its rounding included. Nothing is sent. */
  signOrder(order: OrderFields, expiresAtMs: EpochMs): SignedRequest {
    const params = {
      clientOrderId: order.clientOrderId,
      timeInForce: order.timeInForce,
      reduceOnly: order.reduceOnly,
    };
    const { symbol, side, size: amount, limitPrice: price } = order;
    return this.#expiring(expiresAtMs, () =>
      this.createOrdersRequest([{ symbol, type: 'limit', side, amount, price, params } as never], this.#vault()),
    );
  }

  signCancel(symbol: string, clientOrderId: ClientOrderId, expiresAtMs: EpochMs): SignedRequest {
    return this.#expiring(expiresAtMs, () =>
      this.cancelOrdersRequest([], symbol, { clientOrderId: [clientOrderId], ...this.#vault() }),
    );
  }

  signLeverage(symbol: string, leverage: number, isolated: boolean, expiresAtMs: EpochMs): SignedRequest {
    return this.#expiring(expiresAtMs, () => {
      const asset = Number(this.market(symbol).baseId);
      const action = { type: 'updateLeverage', asset, isCross: !isolated, leverage };
      const nonce = this.incrementingNonce();
      const vault = this.#vaultAddress?.replace(/^0x/, '');
      const signature = this.signL1Action(action, nonce, vault);
      return { action, nonce, signature, ...(vault === undefined ? {} : { vaultAddress: vault }) };
    });
  }

  /** Sends what was signed. */
  post(request: SignedRequest): Promise<unknown> {
    return this.privatePostExchange(request as never);
  }

  override incrementingNonce(): number {
    return this.#nonces.next();
  }

  override checkRequiredCredentials(): boolean {
    return true;
  }

  override signL1Action(action: unknown, nonce: number, vaultAddress?: string): object {
    const expiresAtMs = this.#expiresAtMs;
    assert(expiresAtMs !== null, 'an action is signed without an expiry');
    for (const time of [nonce, expiresAtMs]) assert(time >= TIME_MIN && time < TIME_MAX, `time out of range: ${time}`);
    const signature = super.signL1Action(action, nonce, vaultAddress, expiresAtMs);
    this.#signedExpiry.set(signature, expiresAtMs);
    return signature;
  }

  override signMessage(message: unknown, _privateKey: string): ReturnType<HyperliquidCcxt['signMessage']> {
    return super.signMessage(message, this.#privateKey);
  }

  override sign(path: string, api?: string, method?: string, params?: object): WireRequest {
    if (api !== 'private') return super.sign(path, api, method, params);
    const request = params as SignedRequest & { vaultAddress?: string };
    const expiresAfter = this.#signedExpiry.get(request.signature);
    assert(expiresAfter !== undefined, 'only actions that this client signed are sent');
    const vaultAddress = request.vaultAddress === undefined ? null : `0x${request.vaultAddress.replace(/^0x/, '')}`;
    const { action, nonce, signature } = request;
    return {
      url: `${this.urls.api.private}/${path}`,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ action, nonce, signature, vaultAddress, expiresAfter }),
    };
  }

  [inspect.custom](): string {
    return 'HyperliquidSigner { key: hidden }';
  }

  toJSON(): unknown {
    return { client: 'HyperliquidSigner', key: 'hidden' };
  }

  /** ccxt builds and signs in one go and without waiting, so the expiry in force is always the one of this request. */
  #expiring(expiresAtMs: EpochMs, build: () => unknown): SignedRequest {
    this.#expiresAtMs = expiresAtMs;
    try {
      return build() as SignedRequest;
    } finally {
      this.#expiresAtMs = null;
    }
  }

  #vault(): { vaultAddress?: string } {
    return this.#vaultAddress === null ? {} : { vaultAddress: this.#vaultAddress };
  }
}
