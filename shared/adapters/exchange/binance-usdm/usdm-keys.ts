import { isDue } from '#shared/core/age.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Secrets } from '#shared/ports/secrets.ts';
import { configuration } from './error-codes.ts';

export interface UsdmKey {
  readonly apiKey: string;
  readonly secret: string;
}

/** An account to read or trade, as configured; null: it is not read, or not traded. */
export interface UsdmAccount {
  readonly name: string;
  /** Name of the secret whose key may trade. */
  readonly tradingKeySecret: string | null;
  /** Name of the secret whose key may only read. */
  readonly readKeySecret: string | null;
}

const FORM = /^([A-Za-z0-9]{16,128}):([A-Za-z0-9]{16,128})$/;
/** A changed key signs from then on. */
const LOOK_AGAIN_MS = 60_000;

/** Why a text is no pair of keys, in words that hold no part of it; null when it is one. */
export const keyProblem = (text: string): string | null =>
  FORM.test(text) ? null : 'is not an API key and its secret, joined by a colon';

/** Keys by the name of their secret. Errors name the secret and nothing of its value; a known key outlives a failure to read it again. */
export class UsdmKeys {
  readonly #secrets: Secrets | null;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #known = new Map<string, { readonly key: UsdmKey; readonly atMs: EpochMs }>();

  constructor(secrets: Secrets | null, clock: Pick<Clock, 'nowMs'>) {
    this.#secrets = secrets;
    this.#clock = clock;
  }

  async key(secretName: string | null): Promise<UsdmKey> {
    if (secretName === null || this.#secrets === null) throw configuration('the account has no key for this');
    const known = this.#known.get(secretName);
    const atMs = this.#clock.nowMs();
    if (known !== undefined && !isDue(known.atMs, atMs, LOOK_AGAIN_MS)) return known.key;
    // The cause is left out: a message of a store may hold what it read.
    const text = await this.#secrets.get(secretName).then(
      (value) => value.trim(),
      () => null,
    );
    const match = FORM.exec(text ?? '');
    if (match === null) {
      if (known !== undefined) return known.key;
      throw configuration(`secret ${secretName} ${text === null ? 'cannot be read' : keyProblem(text)}`);
    }
    const key = { apiKey: match[1] as string, secret: match[2] as string };
    this.#known.set(secretName, { key, atMs });
    return key;
  }
}
