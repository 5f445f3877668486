import type { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { TEST_SIGNERS, type TestSigner } from '#local/exchange-simulator/signers/test-accounts.ts';
import { signL1 } from '#local/exchange-simulator/wire/hyperliquid/l1-signature.ts';
import type { WireRequest } from '#local/exchange-simulator/wire/wire-protocol.ts';
import { decimalText } from '#shared/core/decimal.ts';

export const MAIN = TEST_SIGNERS.mainMaster.address;

export interface WireOrderInput {
  readonly asset?: number;
  readonly buy?: boolean;
  readonly px: string;
  readonly sz: string;
  readonly tif?: 'Alo' | 'Ioc' | 'Gtc';
  readonly reduceOnly?: boolean;
  readonly cloid?: string;
}

export const orderAction = (...orders: readonly WireOrderInput[]) => ({
  type: 'order',
  orders: orders.map((order) => ({
    a: order.asset ?? 0,
    b: order.buy ?? true,
    // As a client must: the venue hashes numbers without trailing zeros.
    p: decimalText(order.px),
    s: decimalText(order.sz),
    r: order.reduceOnly ?? false,
    t: { limit: { tif: order.tif ?? 'Ioc' } },
    ...(order.cloid === undefined ? {} : { c: order.cloid }),
  })),
  grouping: 'na',
});

export const cloidOf = (n: number): string => `0x${n.toString(16).padStart(32, '0')}`;

export interface SendOptions {
  readonly signer?: TestSigner;
  readonly nonce?: number;
  readonly expiresAfter?: number;
  readonly headers?: WireRequest['headers'];
}

/** Talks to a simulator in the same process as a client would: signed actions, plain info requests. */
export class SimulatorClient {
  readonly simulator: ExchangeSimulator;
  #nonce = 0;

  constructor(simulator: ExchangeSimulator) {
    this.simulator = simulator;
  }

  /** The raw answer of one signed action; a faulted request without an answer is null. */
  // biome-ignore lint/suspicious/noExplicitAny: the wire's replies have many shapes, and the tests assert them
  exchange(action: unknown, options: SendOptions = {}): any {
    const body = this.signed(action, options);
    const response = this.simulator.handle({ path: '/exchange', body, headers: options.headers ?? {} });
    return response.kind === 'answer' ? decode(response.body) : null;
  }

  signed(action: unknown, options: SendOptions = {}): string {
    this.#nonce = Math.max(this.#nonce + 1, this.simulator.nowMs());
    const nonce = options.nonce ?? this.#nonce;
    const envelope = { action, nonce, vaultAddress: null, expiresAfter: options.expiresAfter ?? null };
    const key = (options.signer ?? TEST_SIGNERS.mainAgent).privateKey;
    const signature = signL1(envelope, this.simulator.options.testnet ? 'b' : 'a', key);
    return JSON.stringify({
      action,
      nonce,
      signature,
      ...(options.expiresAfter === undefined ? {} : { expiresAfter: options.expiresAfter }),
    });
  }

  /** The status of the first order of an accepted action. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  order(order: WireOrderInput, options: SendOptions = {}): any {
    return this.exchange(orderAction(order), options)?.response?.data?.statuses?.[0] ?? null;
  }

  // biome-ignore lint/suspicious/noExplicitAny: see above
  info(request: Record<string, unknown>, headers: WireRequest['headers'] = {}): any {
    const response = this.simulator.handle({ path: '/info', body: JSON.stringify(request), headers });
    return response.kind === 'answer' ? decode(response.body) : null;
  }

  position(coin: string, user: string = MAIN): string {
    const dex = coin.includes(':') ? { dex: coin.split(':')[0] } : {};
    const state = this.info({ type: 'clearinghouseState', user, ...dex });
    const found = state.assetPositions.find((p: { position: { coin: string } }) => p.position.coin === coin);
    return found?.position.szi ?? '0.0';
  }

  mid(coin: string): number {
    const dex = coin.includes(':') ? { dex: coin.split(':')[0] } : {};
    return Number(this.info({ type: 'allMids', ...dex })[coin]);
  }
}

function decode(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
