import type { EpochMs } from '#shared/core/time.ts';
import type { BreakerRepository, BreakerRow, BreakerRules } from '#shared/ports/repositories/breaker-repository.ts';

/** Breakers of one process. Shared by every adapter that is given the same instance. */
export class MemoryBreakerRepository implements BreakerRepository {
  readonly #rows = new Map<string, BreakerRow>();

  async all(exchange: string): Promise<readonly BreakerRow[]> {
    return [...this.#rows.values()]
      .filter((row) => row.exchange === exchange)
      .sort((a, b) => (a.callClass < b.callClass ? -1 : 1));
  }

  async recordFailure(exchange: string, callClass: string, rules: BreakerRules, atMs: EpochMs): Promise<BreakerRow> {
    const before = this.#rows.get(keyOf(exchange, callClass));
    const stale = before?.state === 'closed' && before.updatedAtMs < atMs - rules.windowMs;
    const failures = before === undefined || stale ? 1 : before.failures + 1;
    const state = before?.state ?? 'closed';
    const opens = state === 'half-open' || (state === 'closed' && failures >= rules.failures);
    const row: BreakerRow = {
      exchange,
      callClass,
      state: opens ? 'open' : state,
      failures,
      openedAtMs: opens ? atMs : (before?.openedAtMs ?? null),
      updatedAtMs: atMs,
    };
    this.#rows.set(keyOf(exchange, callClass), row);
    return row;
  }

  async recordSuccess(exchange: string, callClass: string, atMs: EpochMs): Promise<void> {
    const before = this.#rows.get(keyOf(exchange, callClass));
    if (before === undefined) return;
    const closed: BreakerRow = { ...before, state: 'closed', failures: 0, openedAtMs: null, updatedAtMs: atMs };
    this.#rows.set(keyOf(exchange, callClass), closed);
  }

  async claimProbe(
    exchange: string,
    callClass: string,
    openedBeforeMs: EpochMs,
    abandonedBeforeMs: EpochMs,
    atMs: EpochMs,
  ): Promise<boolean> {
    const row = this.#rows.get(keyOf(exchange, callClass));
    if (row === undefined) return false;
    const due = row.state === 'open' && row.openedAtMs !== null && row.openedAtMs <= openedBeforeMs;
    const abandoned = row.state === 'half-open' && row.updatedAtMs <= abandonedBeforeMs;
    if (!due && !abandoned) return false;
    this.#rows.set(keyOf(exchange, callClass), { ...row, state: 'half-open', updatedAtMs: atMs });
    return true;
  }
}

const keyOf = (exchange: string, callClass: string): string => `${exchange}\n${callClass}`;
