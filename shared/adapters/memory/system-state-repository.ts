import { assert } from '#shared/core/assert.ts';
import type { SystemState } from '#shared/core/system/system-state.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';

/** In-memory double of `system_state` and its audit. */
export function memorySystemStateRepository(): SystemStateRepository {
  const states = new Map<string, SystemState>();
  const audits = new Map<string, (SystemState & { fromState: string | null })[]>();
  return {
    read: async (exchange) => states.get(exchange) ?? null,

    async compareAndSet(next, expectedVersion) {
      assert(next.version === expectedVersion + 1, 'a state change raises the version by one');
      const current = states.get(next.exchange) ?? null;
      if ((current?.version ?? 0) !== expectedVersion) return 'conflict';
      states.set(next.exchange, next);
      const audit = audits.get(next.exchange) ?? [];
      audit.unshift({ ...next, fromState: current?.state ?? null });
      audits.set(next.exchange, audit);
      return 'stored';
    },

    audit: async (exchange, limit) => (audits.get(exchange) ?? []).slice(0, limit),
  };
}
