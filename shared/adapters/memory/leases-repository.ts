import type { Lease, LeasesRepository } from '#shared/ports/repositories/leases-repository.ts';

/** In-memory double of the fenced leases. */
export function memoryLeasesRepository(): LeasesRepository {
  const leases = new Map<string, Lease>();
  return {
    async acquire(name, holder, nowMs, ttlMs) {
      const current = leases.get(name);
      const isOurs = current?.holder === holder;
      if (current && !isOurs && current.expiresAtMs > nowMs) return null;
      const fence = (current?.fence ?? 0) + (isOurs ? 0 : 1);
      const lease = { name, holder, fence, expiresAtMs: nowMs + ttlMs };
      leases.set(name, lease);
      return lease;
    },

    async holds(lease, nowMs) {
      const current = leases.get(lease.name);
      return (
        current !== undefined &&
        current.fence === lease.fence &&
        current.holder === lease.holder &&
        current.expiresAtMs > nowMs
      );
    },

    async release(lease) {
      const current = leases.get(lease.name);
      if (current?.holder === lease.holder && current.fence === lease.fence) {
        leases.set(lease.name, { ...current, expiresAtMs: 0 });
      }
    },
  };
}
