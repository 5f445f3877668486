import { describe, expect, it } from 'vitest';
import { ledgerReport } from '#local/exchange-simulator/server/control.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';

const MINUTE = 60_000;

/** Changes of the database by anybody, ever. */
const changes = (world: SimulatedPlatform): number =>
  (world.database.raw.prepare('select total_changes() as n').get() as { n: number }).n;

async function withWorld(
  options: Partial<Parameters<typeof simulatedPlatform>[0]>,
  test: (world: SimulatedPlatform) => Promise<void>,
): Promise<void> {
  const world = await simulatedPlatform({ seed: 1, network: { minMs: 20, maxMs: 200 }, ...options });
  try {
    await world.start();
    await test(world);
  } finally {
    await world.close();
  }
}

describe('a simulated process', () => {
  it('writes and asks nothing more once it was killed', () =>
    withWorld({}, async (world) => {
      await world.clock.advanceBy(2 * MINUTE);
      world.kill();
      const before = changes(world);
      const frames = Object.keys(world.simulator.wire.sockets.framesSent()).length;
      await world.clock.advanceBy(5 * MINUTE);
      expect(changes(world)).toBe(before);
      expect(before).toBeGreaterThan(100);
      expect(frames).toBe(0);
    }));

  it('leaves no half of a transaction behind', async () => {
    let armed = true;
    const onMoment: Parameters<typeof simulatedPlatform>[0]['onMoment'] = (moment, world) => {
      if (!armed || moment.kind !== 'statement' || moment.phase !== 'after') return;
      if (!moment.sql.startsWith('insert into "order_execution_log"')) return;
      armed = false;
      world.kill();
    };
    await withWorld({ onMoment }, async (world) => {
      for (let i = 0; i < 10 && !world.isDead(); i += 1) await world.clock.advanceBy(MINUTE);
      expect(world.isDead()).toBe(true);
      expect(world.database.raw.isTransaction).toBe(false);
      expect(await world.db.selectFrom('order_execution_log').select('status').execute()).toEqual([]);
    });
  });

  it('has its request arrive though nobody hears the answer, and the next process finds out', async () => {
    let armed = true;
    const onMoment: Parameters<typeof simulatedPlatform>[0]['onMoment'] = (moment, world) => {
      if (!armed || moment.kind !== 'order-request' || moment.stage !== 'left') return;
      armed = false;
      world.kill();
    };
    await withWorld({ onMoment }, async (world) => {
      for (let i = 0; i < 10 && !world.isDead(); i += 1) await world.clock.advanceBy(MINUTE);
      await world.clock.advanceBy(1_000);
      const { orders } = ledgerReport(world.simulator.world, []);
      expect(orders.filter((order) => order.accepted)).toHaveLength(1);
      const id = orders[0]!.cloid!;
      const rows = world.db.selectFrom('order_execution_log').selectAll().where('client_order_id', '=', id);
      expect((await rows.executeTakeFirstOrThrow()).status).toBe('sending');

      await world.restart();
      await world.clock.advanceBy(MINUTE);
      expect((await rows.executeTakeFirstOrThrow()).status).toBe('filled');
    });
  });
});
