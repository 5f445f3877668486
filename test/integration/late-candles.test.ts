import { describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS, slotOf } from '#shared/core/time.ts';
import { simulatedPlatform } from '#test/support/simulated-platform.ts';

describe('a bar that the venue publishes 200 s late', () => {
  it('is asked for again, so that its symbol is live soon after, long before its hole has left the warm-up', async () => {
    const world = await simulatedPlatform({ seed: 5 });
    try {
      await world.start();
      const { clock, simulator } = world;
      await clock.advanceBy(3 * MINUTE_MS);
      const states = async () => {
        const health = await world.platform().repositories.runs.cohortHealth('hyperliquid');
        return new Set([...health.values()].map(({ dataState }) => dataState));
      };
      expect([...(await states())]).toEqual(['live']);

      // Trades are lost over the turn of a minute, whose bar the venue does not have for 200 s.
      const openTimeMs = slotOf(clock.nowMs(), MINUTE_MS) + MINUTE_MS;
      const publishedMs = openTimeMs + MINUTE_MS + 200 * SECOND_MS;
      simulator.installFaults([
        { id: 'late', kind: 'candle-late', openTimeMs, toMs: publishedMs },
        { id: 'lost', kind: 'ws-disconnect', fromMs: openTimeMs + 10 * SECOND_MS, toMs: openTimeMs + 50 * SECOND_MS },
      ]);
      await clock.advanceTo(publishedMs - 5 * SECOND_MS);
      expect([...(await states())], 'the hole is there').toContain('data-gap');

      await clock.advanceTo(publishedMs + 3 * MINUTE_MS);

      expect([...(await states())]).toEqual(['live']);
    } finally {
      await world.close();
    }
  }, 120_000);
});
