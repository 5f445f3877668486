import { describe, expect, it } from 'vitest';
import { readinessOf } from '#functions/api/readiness.ts';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { positionOf } from '#local/exchange-simulator/venue/world.ts';
import { factAges } from '#shared/core/system/fact-ages.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { lockSystem } from '#shared/usecases/lock-system.ts';
import { readSnapshot } from '#shared/usecases/read-snapshot.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const USER = TEST_SIGNERS.mainMaster.address;
const ORDERS = { path: '/exchange', type: 'order' } as const;

async function inWorld(seed: number, act: (world: SimulatedPlatform) => Promise<void>): Promise<void> {
  const world = await simulatedPlatform({ seed });
  try {
    await act(world);
  } finally {
    await world.close();
  }
}

/** The venue's own word. */
const openPositions = ({ simulator: { world } }: SimulatedPlatform) =>
  world.markets.filter((market) => !positionOf(world.accounts.get(USER)!, market).size.isZero()).length;

const flatten = async (world: SimulatedPlatform) => {
  const { systemState, installation } = world.platform().repositories;
  const control = systemControl({ systemState, installation, marker: null });
  const input = { exchange: 'hyperliquid', by: 'test', reason: 'a test', mode: 'flatten' } as const;
  expect(await lockSystem({ clock: world.clock, control }, input)).toMatchObject({ kind: 'changed' });
};

const epochs = ({ db }: SimulatedPlatform) =>
  db.selectFrom('position_epochs').select(['symbol', 'exit_attempts', 'hold_reason', 'refusal_code']).execute();

const exitsSince = async ({ db }: SimulatedPlatform, sinceMs: number) => {
  const rows = await db
    .selectFrom('order_execution_log')
    .select(['symbol', 'status', 'error_code', 'created_at_ms'])
    .where('order_class', '=', 'reduce')
    .where('created_at_ms', '>=', sinceMs)
    .orderBy('created_at_ms')
    .execute();
  return Map.groupBy(rows, (row) => row.symbol);
};

const alertKinds = async ({ db }: SimulatedPlatform) =>
  new Set((await db.selectFrom('alerts').select('kind').execute()).map((row) => row.kind));

describe('exits in bad weather, on the whole platform', () => {
  it.each([
    ['Only post-only orders allowed immediately after a network upgrade', 'venue-closed'],
    ['Trading is halted.', 'not-tradable'],
  ])('keep their step and wait while the venue says: %s', async (text, code) => {
    await inWorld(1, async (world) => {
      const { clock, simulator } = world;
      await world.start();
      await clock.advanceBy(3 * MINUTE);
      expect(openPositions(world)).toBeGreaterThan(2);
      const sinceMs = clock.nowMs();
      const fault: Fault = { id: 'closed', kind: 'refuse-action', text, match: ORDERS, toMs: sinceMs + 2 * MINUTE };
      simulator.installFaults([fault]);
      await flatten(world);

      await clock.advanceBy(115 * SECOND);
      const refused = await exitsSince(world, sinceMs);
      expect(refused.size).toBeGreaterThan(2);
      for (const orders of refused.values()) {
        expect(new Set(orders.map((order) => order.error_code))).toEqual(new Set([code]));
        expect(orders.length, 'five and then one each half minute, not five a second').toBeLessThanOrEqual(9);
        expect(orders.length, 'it goes on trying').toBeGreaterThanOrEqual(5);
      }
      for (const epoch of await epochs(world)) {
        expect(epoch.exit_attempts, 'no step was used up').toBe(0);
        if (refused.has(epoch.symbol)) expect(epoch.refusal_code).toBe(code);
        const isHeld = code === 'not-tradable' && refused.has(epoch.symbol);
        expect(epoch.hold_reason).toBe(isHeld ? 'refused-repeatedly' : null);
      }
      expect((await alertKinds(world)).has('exit-not-filling'), 'nobody is left in the dark').toBe(true);

      await clock.advanceBy(45 * SECOND);
      expect(openPositions(world), 'out as soon as the venue lets it, under HOLD, too').toBe(0);
    });
  });

  it('get out although the answers to all of them are lost', async () => {
    await inWorld(1, async (world) => {
      const { clock, simulator } = world;
      await world.start();
      await clock.advanceBy(3 * MINUTE);
      const held = openPositions(world);
      expect(held).toBeGreaterThan(2);
      simulator.installFaults([{ id: 'lost', kind: 'accept-then-timeout', resetAfterMs: 60_000, match: ORDERS }]);
      await flatten(world);
      await clock.advanceBy(2 * MINUTE);
      expect(openPositions(world)).toBe(0);
      expect(simulator.faults.fired.filter(({ kind }) => kind === 'accept-then-timeout').length).toBeGreaterThanOrEqual(
        held,
      );
      expect(world.platform().exchanges.get('hyperliquid')?.venue.trader).toBeDefined();
      expect((await alertKinds(world)).has('exchange-breaker-reduce')).toBe(false);
    });
  });

  it('are not needed before a dead key is known: critical, not ready, no HOLD, and well again by itself', async () => {
    await inWorld(2, async (world) => {
      const { clock, simulator } = world;
      simulator.installFaults([{ id: 'dead', kind: 'dead-agent' }]);
      await world.start();
      await clock.advanceBy(SECOND);
      const key = async () => {
        const { readModel } = world.platform().repositories;
        const ages = factAges(world.config.limits, world.config.quorum);
        const at = { exchange: 'hyperliquid', account: 'main', ages, heartbeatAgesMs: {} };
        const snapshot = await readSnapshot({ clock, readModel }, at);
        return readinessOf(snapshot, {}).checks.find(({ check }) => check === 'key');
      };
      const sent = () => simulator.world.orders.size;
      expect([sent(), (await alertKinds(world)).has('trading-key-refused')]).toEqual([0, true]);
      expect(await key()).toMatchObject({ ok: false, problem: expect.stringContaining('no agent of any account') });

      await clock.advanceBy(5 * MINUTE);
      for (const { hold_reason, exit_attempts } of await epochs(world))
        expect([hold_reason, exit_attempts]).toEqual([null, 0]);

      simulator.installFaults([]);
      await clock.advanceBy(90 * SECOND);
      expect(await key()).toMatchObject({ ok: true });
      await clock.advanceBy(6 * MINUTE);
      expect(openPositions(world), 'it trades').toBeGreaterThan(0);
    });
  });
});
