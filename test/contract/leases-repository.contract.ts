import { describe, expect, it } from 'vitest';
import type { LeasesRepository } from '#shared/ports/repositories/leases-repository.ts';

const NAME = 'writer:hyperliquid:0xabc';
const TTL = 30_000;

/** What every store of leases promises. */
export function leasesRepositoryContract(name: string, create: () => Promise<LeasesRepository>): void {
  describe(`leases repository: ${name}`, () => {
    it('gives a free lease to the first and to nobody else while it lasts', async () => {
      const leases = await create();
      const lease = await leases.acquire(NAME, 'a', 1_000, TTL);
      expect(lease).toEqual({ name: NAME, holder: 'a', fence: 1, expiresAtMs: 31_000 });
      expect(await leases.acquire(NAME, 'b', 30_999, TTL)).toBeNull();
      expect(await leases.acquire('other', 'b', 1_000, TTL)).toMatchObject({ holder: 'b', fence: 1 });
      expect(await leases.holds(lease!, 30_999)).toBe(true);
      expect(await leases.holds(lease!, 31_000)).toBe(false);
    });

    it('gives it to one of two who ask at once', async () => {
      const leases = await create();
      const answers = await Promise.all([leases.acquire(NAME, 'a', 0, TTL), leases.acquire(NAME, 'b', 0, TTL)]);
      expect(answers.filter((lease) => lease !== null)).toHaveLength(1);
    });

    it('renews for its holder with the same fence, also after it ran out unclaimed', async () => {
      const leases = await create();
      const first = await leases.acquire(NAME, 'a', 1_000, TTL);
      expect(await leases.acquire(NAME, 'a', 20_000, TTL)).toMatchObject({ fence: 1, expiresAtMs: 50_000 });
      expect(await leases.holds(first!, 40_000)).toBe(true);
      expect(await leases.acquire(NAME, 'a', 90_000, TTL)).toMatchObject({ fence: 1, expiresAtMs: 120_000 });
    });

    it('fences the former holder off once another has taken it over', async () => {
      const leases = await create();
      const first = await leases.acquire(NAME, 'a', 1_000, TTL);
      const second = await leases.acquire(NAME, 'b', 31_000, TTL);
      expect(second).toEqual({ name: NAME, holder: 'b', fence: 2, expiresAtMs: 61_000 });
      expect(await leases.holds(first!, 31_000)).toBe(false);
      expect(await leases.holds(second!, 31_000)).toBe(true);
      const third = await leases.acquire(NAME, 'a', 61_000, TTL);
      expect(third?.fence).toBe(3);
      expect(await leases.holds(first!, 61_000)).toBe(false);
    });

    it('is free after its holder released it, and never gives the fence out again', async () => {
      const leases = await create();
      const first = await leases.acquire(NAME, 'a', 1_000, TTL);
      await leases.release(first!);
      expect(await leases.holds(first!, 1_001)).toBe(false);
      const second = await leases.acquire(NAME, 'b', 1_001, TTL);
      expect(second?.fence).toBe(2);
      await leases.release(first!);
      expect(await leases.holds(second!, 1_002), 'a stale release changes nothing').toBe(true);
    });
  });
}
