import { describe, expect, it } from 'vitest';
import type { CommandContext } from '#cli/context.ts';
import { checkReadiness } from '#cli/doctor/local-checks.ts';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import { createApi } from '#local/platform/api.ts';
import { bodyOf } from '#test/support/api.ts';
import { simulatedPlatform } from '#test/support/simulated-platform.ts';

const MINUTE = 60_000;
const BTC = 'BTC/USDC:USDC';

/** The whole platform for three minutes of a venue that refuses subscriptions, and what it then says of itself. */
async function threeMinutes(fault: Partial<Fault>, faultFromMs = 0) {
  const world = await simulatedPlatform({ seed: 3 });
  const { clock, simulator, db } = world;
  simulator.installFaults([
    { id: 'refused', kind: 'ws-refuse', fromMs: clock.nowMs() + faultFromMs, ...fault } as Fault,
  ]);
  await world.start();
  await clock.advanceBy(3 * MINUTE);
  const app = createApi(world.platform(), { token: 't', allowedHosts: () => ['here'], processMetrics: null });
  const get = (path: string) => app.request(path, { headers: { host: 'here' } });
  const client = { get: async (path: string) => bodyOf(await get(path)) };
  const doctor = () => checkReadiness({ platform: () => client } as unknown as CommandContext);
  const alerts = () => db.selectFrom('alerts').selectAll().where('kind', '=', 'price-feed').execute();
  return { world, get, json: client.get, doctor, alerts };
}

describe('a venue that refuses subscriptions', () => {
  it('is named as the cause everywhere while no price comes, and no more once they come', async () => {
    const { world, get, json, doctor, alerts } = await threeMinutes({});
    const cause = expect.stringMatching(
      /^the venue refuses the prices of all symbols: Invalid subscription \{"type":"trades"/,
    );
    try {
      const status = await json('/api/status');
      expect(status.system.state).toBe('HEALTHY');
      expect(status.feed).toMatchObject({ code: 'refused', symbols: [] });
      expect(status.symbols.map((symbol: { cause: string }) => symbol.cause)).toEqual(status.symbols.map(() => cause));
      expect(status.jobs).toContainEqual(expect.objectContaining({ job: 'price-feed', lastError: cause }));
      const ready = await get('/ready');
      expect(ready.status).toBe(503);
      expect((await bodyOf(ready)).checks).toContainEqual({ check: 'feed', ok: false, problem: cause });
      const why = await json('/api/why/BTC');
      expect(why.sections[0]).toMatchObject({ title: 'Price feed', lines: [cause, expect.any(String)] });
      expect(await doctor()).toContainEqual({ check: 'ready: feed', verdict: 'failed', detail: cause });
      // One trouble, one alert, however often the socket is opened anew.
      expect(await alerts()).toMatchObject([{ severity: 'critical', message: cause, count: 1 }]);

      world.simulator.installFaults([]);
      await world.clock.advanceBy(7 * MINUTE);

      const after = await json('/api/status');
      expect(after.feed).toBeNull();
      expect(after.symbols.map((symbol: { cause: null }) => symbol.cause)).toEqual(after.symbols.map(() => null));
      expect(after.readiness.checks).toContainEqual({ check: 'feed', ok: true, problem: null });
      expect((await json('/api/why/BTC')).sections[0].title).not.toBe('Price feed');
      expect(await alerts()).toHaveLength(1);
    } finally {
      await world.close();
    }
  });

  it('of one symbol concerns that symbol alone', async () => {
    const { world, json, alerts } = await threeMinutes({ match: { coin: 'BTC' } });
    try {
      const status = await json('/api/status');
      const withCause = status.symbols.filter((symbol: { cause: string | null }) => symbol.cause !== null);
      expect(withCause.map((symbol: { symbol: string }) => symbol.symbol)).toEqual([BTC]);
      expect(status.readiness.checks).toContainEqual({
        check: 'feed',
        ok: true,
        problem: expect.stringContaining(`the venue refuses the prices of ${BTC}: Invalid subscription`),
      });
      expect((await json('/api/why/BTC')).sections[0].title).toBe('Price feed');
      expect((await json('/api/why/ETH')).sections[0].title).not.toBe('Price feed');
      expect(await alerts()).toMatchObject([{ severity: 'warning', symbol: BTC, count: 1 }]);
    } finally {
      await world.close();
    }
  });

  it('says nothing of itself in good weather', async () => {
    const { world, json, alerts } = await threeMinutes({}, 60 * MINUTE);
    try {
      expect((await json('/api/status')).feed).toBeNull();
      expect(await alerts()).toEqual([]);
    } finally {
      await world.close();
    }
  });
});
