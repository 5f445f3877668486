import { isDue } from '#shared/core/age.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import type { ExchangeTransport } from '../resilience/exchange-transport.ts';
import type { HyperliquidAccount } from './accounts.ts';
import { HyperliquidSigner, type SigningSource } from './ccxt-hyperliquid-signer.ts';
import { NonceSequence } from './nonce-sequence.ts';
import { tradingKeyProblem } from './trading-key-form.ts';

export interface TradingKeysDeps {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly transport: ExchangeTransport;
  readonly httpUrl: string;
  readonly source: SigningSource;
}

/** A changed key signs from then on; a process lives for hours, and a revoked agent gets no exit out. */
const LOOK_AGAIN_MS = 60_000;

interface Known {
  readonly privateKey: string;
  readonly signer: HyperliquidSigner;
}

/**
 * The signers of this process, one per account, made at first use and again when the key has changed. Two accounts of one agent
 * share its nonces. A failure is a `configuration` error that names the secret and nothing of its value, and the next call tries
 * again; a known signer outlives it.
 */
export class TradingKeys {
  readonly #deps: TradingKeysDeps;
  readonly #signers = new Map<string, { readonly lookedAtMs: EpochMs; readonly known: Promise<Known> }>();
  readonly #nonces = new Map<string, NonceSequence>();

  constructor(deps: TradingKeysDeps) {
    this.#deps = deps;
  }

  async signer(account: HyperliquidAccount): Promise<HyperliquidSigner> {
    const nowMs = this.#deps.clock.nowMs();
    const before = this.#signers.get(account.name);
    if (before && !isDue(before.lookedAtMs, nowMs, LOOK_AGAIN_MS)) return (await before.known).signer;
    const known = this.#look(account, before ? await before.known : null);
    this.#signers.set(account.name, { lookedAtMs: nowMs, known });
    try {
      return (await known).signer;
    } catch (error) {
      this.#signers.delete(account.name);
      throw error;
    }
  }

  async #look(account: HyperliquidAccount, before: Known | null): Promise<Known> {
    try {
      const privateKey = await this.#read(account);
      return privateKey === before?.privateKey ? before : { privateKey, signer: this.#make(account, privateKey) };
    } catch (error) {
      if (before) return before;
      throw error;
    }
  }

  async #read(account: HyperliquidAccount): Promise<string> {
    const name = account.tradingKeySecret;
    if (name === null) throw configuration(`account ${account.name} has no trading key`);
    let privateKey: string;
    try {
      privateKey = (await this.#deps.secrets.get(name)).trim();
    } catch {
      // The cause is left out: a message of a store may hold what it read.
      throw configuration(`secret ${name} cannot be read`);
    }
    const problem = tradingKeyProblem(privateKey);
    if (problem !== null) throw configuration(`secret ${name} ${problem}`);
    return privateKey;
  }

  #make(account: HyperliquidAccount, privateKey: string): HyperliquidSigner {
    const { clock, transport, httpUrl, source } = this.#deps;
    const shared = new NonceSequence(clock);
    const base = { httpUrl, transport, nowMs: () => clock.nowMs(), privateKey, source };
    const vaultAddress = account.vaultAddress ?? null;
    const agent = new HyperliquidSigner({ ...base, nonces: shared, vaultAddress }).agentAddress().toLowerCase();
    const nonces = this.#nonces.get(agent) ?? shared;
    this.#nonces.set(agent, nonces);
    return new HyperliquidSigner({ ...base, nonces, vaultAddress });
  }
}

const configuration = (message: string): ExchangeError =>
  new ExchangeError('configuration', message, { retryable: false, mayHaveReachedVenue: false });
