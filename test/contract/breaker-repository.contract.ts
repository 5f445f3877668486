import { beforeEach, describe, expect, it } from 'vitest';
import type { BreakerRepository } from '#shared/ports/repositories/breaker-repository.ts';

const RULES = { failures: 3, windowMs: 300_000 };
const T = 1_700_000_000_000;

/** What every keeper of breaker rows promises. `make` gives an empty one. */
export function breakerRepositoryContract(name: string, make: () => Promise<BreakerRepository>): void {
  describe(`breaker repository: ${name}`, () => {
    let breakers: BreakerRepository;
    beforeEach(async () => {
      breakers = await make();
    });
    const fail = (atMs: number, callClass = 'open') => breakers.recordFailure('hyperliquid', callClass, RULES, atMs);
    const claim = (openedBeforeMs: number, abandonedBeforeMs: number, atMs: number) =>
      breakers.claimProbe('hyperliquid', 'open', openedBeforeMs, abandonedBeforeMs, atMs);

    it('has no rows when nothing ever failed', async () => {
      expect(await breakers.all('hyperliquid')).toEqual([]);
      expect(await claim(T, T, T)).toBe(false);
      await breakers.recordSuccess('hyperliquid', 'open', T);
      expect(await breakers.all('hyperliquid')).toEqual([]);
    });

    it('opens at the failure that reaches the rule, and says since when', async () => {
      expect(await fail(T)).toMatchObject({ state: 'closed', failures: 1, openedAtMs: null });
      expect(await fail(T + 1)).toMatchObject({ state: 'closed', failures: 2 });
      expect(await fail(T + 2)).toEqual({
        exchange: 'hyperliquid',
        callClass: 'open',
        state: 'open',
        failures: 3,
        openedAtMs: T + 2,
        updatedAtMs: T + 2,
      });
      expect(await fail(T + 3), 'a failure while open does not prolong it').toMatchObject({ openedAtMs: T + 2 });
    });

    it('keeps classes and exchanges apart', async () => {
      await fail(T);
      await fail(T, 'reduce');
      await breakers.recordFailure('deribit', 'open', RULES, T);
      const rows = await breakers.all('hyperliquid');
      expect(rows.map((row) => [row.callClass, row.failures])).toEqual([
        ['open', 1],
        ['reduce', 1],
      ]);
    });

    it('counts from one again when the last failure is older than the window', async () => {
      await fail(T);
      await fail(T + 1);
      expect(await fail(T + 1 + RULES.windowMs + 1)).toMatchObject({ state: 'closed', failures: 1 });
    });

    it('forgets failures when a call succeeds', async () => {
      await fail(T);
      await fail(T);
      await breakers.recordSuccess('hyperliquid', 'open', T + 5);
      expect(await breakers.all('hyperliquid')).toMatchObject([{ state: 'closed', failures: 0, openedAtMs: null }]);
      expect(await fail(T + 6)).toMatchObject({ failures: 1, state: 'closed' });
    });

    it('gives the probe to one caller, only after its time', async () => {
      for (let i = 0; i < 3; i += 1) await fail(T);
      expect(await claim(T - 1, 0, T + 10), 'too early').toBe(false);
      expect(await claim(T, 0, T + 300_000)).toBe(true);
      expect(await claim(T, 0, T + 300_000), 'somebody is probing').toBe(false);
      expect(await breakers.all('hyperliquid')).toMatchObject([{ state: 'half-open' }]);
    });

    it('opens again at once when the probe fails', async () => {
      for (let i = 0; i < 3; i += 1) await fail(T);
      await claim(T, 0, T + 300_000);
      expect(await fail(T + 300_100)).toMatchObject({ state: 'open', openedAtMs: T + 300_100 });
    });

    it('closes when the probe succeeds', async () => {
      for (let i = 0; i < 3; i += 1) await fail(T);
      await claim(T, 0, T + 300_000);
      await breakers.recordSuccess('hyperliquid', 'open', T + 300_100);
      expect(await breakers.all('hyperliquid')).toMatchObject([{ state: 'closed', failures: 0 }]);
    });

    it('gives the probe away again when the prober was never heard of', async () => {
      for (let i = 0; i < 3; i += 1) await fail(T);
      await claim(T, 0, T + 300_000);
      expect(await claim(T, T + 299_999, T + 360_000)).toBe(false);
      expect(await claim(T, T + 300_000, T + 360_000)).toBe(true);
    });

    it('loses no failure of callers that fail together', async () => {
      await Promise.all([fail(T), fail(T), fail(T)]);
      expect(await breakers.all('hyperliquid')).toMatchObject([{ state: 'open', failures: 3 }]);
    });
  });
}
