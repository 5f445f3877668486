import { describe, expect, it } from 'vitest';
import { manualOrder } from '#local/exchange-simulator/control.ts';
import type { Fault } from '#local/exchange-simulator/fault-script.ts';
import { compareWithTargets } from '#local/exchange-simulator/ledger.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/test-accounts.ts';
import { positionOf } from '#local/exchange-simulator/world.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const USER = TEST_SIGNERS.mainMaster.address;

async function inWorld(seed: number, act: (world: SimulatedPlatform) => Promise<void>): Promise<void> {
  const world = await simulatedPlatform({ seed });
  try {
    await world.start();
    await act(world);
  } finally {
    await world.close();
  }
}

const SYMBOL_OF = { HYPE: 'HYPE/USDC:USDC', BTC: 'BTC/USDC:USDC' } as const;

/** The venue's own word. */
const sizeOf = ({ simulator }: SimulatedPlatform, coin: string): number => {
  const { world } = simulator;
  return positionOf(world.accounts.get(USER)!, world.byCoin.get(coin)!).size.toNumber();
};

/** What each stored order was for, against what it did on the venue. */
async function judgeTargets({ db, simulator }: SimulatedPlatform) {
  const rows = await db
    .selectFrom('decisions as d')
    .innerJoin('order_execution_log as o', 'o.client_order_id', 'd.client_order_id')
    .innerJoin('instruments as i', 'i.symbol', 'd.symbol')
    .select(['o.client_order_id', 'i.coin', 'd.desired_size'])
    .where('d.kind', '=', 'order')
    .execute();
  const targets = rows.flatMap((row) =>
    row.desired_size === null
      ? []
      : [{ user: USER, coin: row.coin, cloid: row.client_order_id, targetSize: row.desired_size }],
  );
  return compareWithTargets(simulator.world, targets);
}

describe('money on the whole platform', () => {
  it.each([1, 2])(
    'trades nothing twice when every source was dated into the future before a late fill (seed %i)',
    async (seed) => {
      await inWorld(seed, async (world) => {
        const { clock, simulator } = world;
        const firstMs = Math.ceil(clock.nowMs() / MINUTE) * MINUTE;
        const faults = Array.from({ length: 16 }, (_, i): Fault[] => {
          const atMs = firstMs + i * MINUTE;
          const order = { path: '/exchange', type: 'order' } as const;
          return [
            // Orders of this cycle are executed after the last of the snapshots that are dated to the next one.
            {
              id: `late-${i}`,
              kind: 'arrive-late',
              delayMs: 12_000,
              resetAfterMs: 1_000,
              match: order,
              fromMs: atMs,
              toMs: atMs + 3 * SECOND,
            },
            {
              id: `future-${i}`,
              kind: 'snapshot-time',
              offsetMs: 25_000,
              fromMs: atMs + 3 * SECOND,
              toMs: atMs + 9 * SECOND,
            },
          ];
        });
        simulator.installFaults(faults.flat());

        await clock.advanceBy(17 * MINUTE);

        const report = await judgeTargets(world);
        expect(simulator.faults.fired.filter((f) => f.kind === 'arrive-late').length).toBeGreaterThan(3);
        expect(report.overshoots).toEqual([]);
      });
    },
  );

  it('closes a removed symbol, and then leaves alone what a human opens there', async () => {
    await inWorld(1, async (world) => {
      const { clock, simulator, platform } = world;
      const { instruments } = platform().repositories;
      await clock.advanceBy(3 * MINUTE);
      const coin = 'HYPE';
      expect(sizeOf(world, coin), 'something to close').not.toBe(0);

      await instruments.unmanage('hyperliquid', SYMBOL_OF[coin]);
      await clock.advanceBy(2 * MINUTE);
      expect(sizeOf(world, coin)).toBe(0);

      manualOrder(simulator.world, { user: USER, coin, side: 'buy', size: '7', reduceOnly: false });
      await clock.advanceBy(5 * MINUTE);

      expect(sizeOf(world, coin)).toBe(7);
      const last = await world.db
        .selectFrom('decisions')
        .select('code')
        .where('symbol', '=', SYMBOL_OF[coin])
        .orderBy('created_at_ms', 'desc')
        .executeTakeFirst();
      expect(last?.code).toBe('unmanaged-position');
    });
  });
});
