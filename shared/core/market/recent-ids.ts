import type { EpochMs } from '../time.ts';

type Key = number | string;

/** Digits of up to 15 places are kept as numbers: a substring would keep the whole message it came from in memory. */
function keyOf(id: string): Key {
  if (id.length > 15 || id.charCodeAt(0) === 48) return id;
  let n = 0;
  for (let i = 0; i < id.length; i += 1) {
    const digit = id.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return id;
    n = n * 10 + digit;
  }
  return n;
}

/** Ids in order of arrival; the index over them is built only when somebody asks. */
interface Generation {
  readonly keys: Key[];
  readonly index: Set<Key>;
  newestMs: EpochMs;
}
const generation = (): Generation => ({ keys: [], index: new Set(), newestMs: -1 });

/** So many ids of one millisecond are compared one by one. */
const SCAN_MAX = 32;

/**
 * Remembers trade ids with their times: at least `limit` of them, at most twice as many. An id belongs to one time (at
 * some venues it says nothing without), so a trade newer than all that came before needs no look-up: the usual case is cheap.
 */
export class RecentIds {
  readonly #limit: number;
  #recent = generation();
  #older = generation();
  /** Where in `#recent.keys` those of the newest time begin. */
  #newestFrom = 0;
  #newestMs: EpochMs = -1;
  #forgottenMs: EpochMs;

  /** Nothing before `sinceMs` is remembered. */
  constructor(limit: number, sinceMs: EpochMs) {
    this.#limit = limit;
    this.#forgottenMs = sinceMs;
  }

  /** An id at or before this time may have been forgotten. */
  get forgottenMs(): EpochMs {
    return this.#forgottenMs;
  }

  has(id: string, timeMs: EpochMs): boolean {
    if (timeMs > this.#newestMs) return false;
    const key = keyOf(id);
    const { keys } = this.#recent;
    if (timeMs === this.#newestMs && this.#newestFrom > 0 && keys.length - this.#newestFrom <= SCAN_MAX) {
      for (let i = this.#newestFrom; i < keys.length; i += 1) if (keys[i] === key) return true;
      return false;
    }
    return indexed(this.#recent).has(key) || indexed(this.#older).has(key);
  }

  add(id: string, timeMs: EpochMs): void {
    const recent = this.#recent;
    if (timeMs > this.#newestMs) {
      this.#newestMs = timeMs;
      this.#newestFrom = recent.keys.length;
    }
    recent.keys.push(keyOf(id));
    if (timeMs > recent.newestMs) recent.newestMs = timeMs;
    if (recent.keys.length < this.#limit) return;
    // Two generations instead of a ring: no deletions, and forgetting is one assignment.
    this.#forgottenMs = Math.max(this.#forgottenMs, this.#older.newestMs);
    this.#older = recent;
    this.#recent = generation();
    // 0 says that ids of the newest time may lie in the older generation too.
    this.#newestFrom = 0;
  }
}

function indexed(g: Generation): Set<Key> {
  for (let i = g.index.size; i < g.keys.length; i += 1) g.index.add(g.keys[i]!);
  return g.index;
}
