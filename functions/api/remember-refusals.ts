import type { RefusedRequests } from '#shared/usecases/submit-manual-order.ts';

const KEYS_MAX = 1_000;

/**
 * The last refused requests of this process. Nothing of them left the house, so a restart may forget them: what is kept from
 * happening is a client that reuses a key for another order and has it executed because the first one was refused.
 */
export function rememberRefusals(keysMax = KEYS_MAX): RefusedRequests {
  const hashes = new Map<string, string>();
  return {
    hashOf: (key) => hashes.get(key) ?? null,
    remember(key, requestHash) {
      hashes.delete(key);
      hashes.set(key, requestHash);
      const oldest = hashes.keys().next();
      if (hashes.size > keysMax && !oldest.done) hashes.delete(oldest.value);
    },
  };
}
