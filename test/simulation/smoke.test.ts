import { describe, expect, it } from 'vitest';
import { ledgerReport } from '#local/exchange-simulator/control.ts';
import { simulatedPlatform } from '#test/support/simulated-platform.ts';

describe('the platform on a virtual clock', () => {
  it('becomes healthy, trades and holds what it desires', async () => {
    const world = await simulatedPlatform({ seed: 1 });
    try {
      await world.start();
      await world.clock.advanceBy(10 * 60_000);
      const state = await world.platform().repositories.systemState.read('hyperliquid');
      const ledger = ledgerReport(world.simulator.world, []);
      const decisions = await world.db
        .selectFrom('decisions')
        .select(['kind', 'code', 'symbol', 'episode_count'])
        .execute();
      console.log(state, world.platform().plumbing.invoker.counts(), world.platform().plumbing.invoker.failures());
      console.table(decisions.slice(0, 60));
      console.log(ledger.acceptedOrders, ledger.refusals, ledger.maxOvershootLots, ledger.accounts[0]);
      console.log(
        world.telemetry.logs
          .filter((l) => l.level === 'error' || (l.level === 'warn' && !/decision|gap/.test(l.event)))
          .slice(0, 15),
      );
      expect(state?.state).toBe('HEALTHY');
      expect(ledger.acceptedOrders).toBeGreaterThan(0);
    } finally {
      await world.close();
    }
  });
});
