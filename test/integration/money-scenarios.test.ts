import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import {
  applyTransfer,
  cashDifference,
  manualOrder,
  vanishPosition,
} from '#local/exchange-simulator/server/control.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { withdrawableOf } from '#local/exchange-simulator/venue/equity.ts';
import { compareWithTargets } from '#local/exchange-simulator/venue/ledger.ts';
import { positionOf } from '#local/exchange-simulator/venue/world.ts';
import type { LockMode } from '#shared/core/system/system-state.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { lockSystem } from '#shared/usecases/lock-system.ts';
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

const openPositions = ({ simulator: { world } }: SimulatedPlatform) =>
  world.markets
    .map((market) => ({
      coin: market.spec.coin,
      size: positionOf(world.accounts.get(USER)!, market).size.toNumber(),
    }))
    .filter(({ size }) => size !== 0);

const holdOf = async ({ db }: SimulatedPlatform, coin: string): Promise<string | null | undefined> => {
  const row = await db
    .selectFrom('position_epochs as e')
    .innerJoin('instruments as i', 'i.symbol', 'e.symbol')
    .select('e.hold_reason')
    .where('i.coin', '=', coin)
    .executeTakeFirst();
  return row?.hold_reason;
};

const lock = async (world: SimulatedPlatform, mode: LockMode) => {
  const { systemState, installation } = world.platform().repositories;
  const control = systemControl({ systemState, installation, marker: null });
  const input = { exchange: 'hyperliquid', by: 'test', reason: 'a test', mode };
  expect(await lockSystem({ clock: world.clock, control }, input)).toMatchObject({ kind: 'changed' });
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
  it('trades nothing twice when every source was dated into the future before a late fill', async () => {
    await inWorld(2, async (world) => {
      const { clock, simulator } = world;
      const firstMs = Math.ceil(clock.nowMs() / MINUTE) * MINUTE;
      const faults = Array.from({ length: 6 }, (_, i): Fault[] => {
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

      await clock.advanceBy(7 * MINUTE);

      const report = await judgeTargets(world);
      expect(simulator.faults.fired.filter((f) => f.kind === 'arrive-late').length).toBeGreaterThan(3);
      expect(report.overshoots).toEqual([]);
    });
  });

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

  it('puts a symbol on HOLD after a trade by hand, opens nothing there, and leaves the others free', async () => {
    await inWorld(2, async (world) => {
      const { clock, simulator, db } = world;
      await clock.advanceBy(3 * MINUTE);
      const atMs = clock.nowMs();
      const before = sizeOf(world, 'BTC');
      manualOrder(simulator.world, {
        user: USER,
        coin: 'BTC',
        side: before > 0 ? 'buy' : 'sell',
        size: '0.01',
        reduceOnly: false,
      });
      await clock.advanceBy(15 * SECOND);
      const hold = await holdOf(world, 'BTC');
      expect(hold).toBe('foreign-fill');

      await clock.advanceBy(10 * MINUTE);

      const held = await db
        .selectFrom('position_epochs')
        .select('symbol')
        .where('hold_reason', 'is not', null)
        .execute();
      expect(held.map((row) => row.symbol)).toEqual([SYMBOL_OF.BTC]);
      const opened = await db
        .selectFrom('order_execution_log')
        .select('symbol')
        .where('order_class', '=', 'open')
        .where('status', '=', 'filled')
        .where('created_at_ms', '>', atMs + 15 * SECOND)
        .execute();
      const symbols = new Set(opened.map((row) => row.symbol));
      expect(symbols.has(SYMBOL_OF.BTC)).toBe(false);
      expect(symbols.size).toBeGreaterThan(0);
      expect((await judgeTargets(world)).overshoots).toEqual([]);
    });
  });

  it('reads on beside odd rows: equity has its curve, a sale by hand is a HOLD, and one position alone is unknown', async () => {
    await inWorld(2, async (world) => {
      const { clock, simulator, db, platform } = world;
      await clock.advanceBy(2 * MINUTE);
      const atMs = clock.nowMs();
      const fill = { coin: 'km:US500', px: '1', sz: '-1', side: 'B', time: atMs, tid: 1, oid: 1, feeToken: 'USDH' };
      const entry = { time: atMs, hash: '0x1', delta: { type: 'airdrop', amount: '1.0', token: 'USDC' } };
      const position = { type: 'oneWay', position: { coin: 'SOL', szi: 'many' } };
      const odd = (type: string, row: unknown): Fault => ({ id: type, kind: 'odd-row', row, match: { type } });
      simulator.installFaults([
        odd('userFillsByTime', fill),
        odd('userNonFundingLedgerUpdates', entry),
        { ...odd('clearinghouseState', position), match: { type: 'clearinghouseState', dex: '' } },
      ]);
      await clock.advanceBy(30 * SECOND);
      const held = sizeOf(world, 'BTC');
      const side = held > 0 ? 'sell' : 'buy';
      manualOrder(simulator.world, { user: USER, coin: 'BTC', side, size: '0.01', reduceOnly: false });
      await clock.advanceBy(15 * SECOND);
      expect(await holdOf(world, 'BTC')).toBe('foreign-fill');
      const after = sizeOf(world, 'BTC');

      await clock.advanceBy(3 * MINUTE);

      const opened = await db
        .selectFrom('order_execution_log')
        .select('side')
        .where('symbol', '=', SYMBOL_OF.BTC)
        .where('order_class', '=', 'open')
        .where('created_at_ms', '>', atMs + 45 * SECOND)
        .execute();
      expect(opened, 'not bought back').toEqual([]);
      expect(Math.abs(sizeOf(world, 'BTC'))).toBeLessThanOrEqual(Math.abs(after));
      const points = await platform().repositories.accounts.balanceHistory('hyperliquid', 'main', atMs + MINUTE, 500);
      expect(points.length, 'the curve goes on').toBeGreaterThan(10);
      const sol = await db.selectFrom('decisions').select('code').where('symbol', '=', 'SOL/USDC:USDC').execute();
      expect(sol.map(({ code }) => code)).toContain('no-quorum');
      const letters = await db.selectFrom('dead_letters').select('source').orderBy('source').execute();
      expect([...new Set(letters.map(({ source }) => source))]).toEqual([
        'hyperliquid:fills',
        'hyperliquid:ledger',
        'hyperliquid:positions',
      ]);
      expect(letters.length).toBeLessThan(6);
    });
  });

  it('opens nothing where positions vanished without a fill, and puts their symbols on HOLD with an alert', async () => {
    await inWorld(2, async (world) => {
      const { clock, simulator, db } = world;
      await clock.advanceBy(3 * MINUTE);
      const gone = openPositions(world).map(({ coin }) => coin);
      expect(gone.length).toBeGreaterThan(2);
      const atMs = clock.nowMs();
      for (const coin of gone) expect(vanishPosition(simulator.world, { user: USER, coin })).not.toBeNull();
      expect(openPositions(world)).toEqual([]);
      expect(cashDifference(simulator.world).toNumber()).toBeCloseTo(0, 6);
      await clock.advanceBy(5 * MINUTE);

      const rows = await db
        .selectFrom('order_execution_log as o')
        .innerJoin('instruments as i', 'i.symbol', 'o.symbol')
        .select('i.coin')
        .where('o.created_at_ms', '>', atMs + SECOND)
        .where('o.order_class', '=', 'open')
        .where('o.filled_size', '!=', '0')
        .execute();
      expect(rows.filter(({ coin }) => gone.includes(coin))).toEqual([]);
      for (const coin of gone) expect(await holdOf(world, coin), coin).toBe('position-mismatch');
      const alerts = await db.selectFrom('alerts').select('kind').where('kind', '=', 'position-mismatch').execute();
      expect(alerts).toHaveLength(gone.length);
    });
  });

  it('takes neither a deposit for a profit nor a withdrawal for a loss', async () => {
    await inWorld(3, async (world) => {
      const { clock, simulator, platform } = world;
      await clock.advanceBy(2 * MINUTE);
      expect(applyTransfer(simulator.world, { user: USER, dex: 'native', amountQuote: '40000' })).toBeNull();
      await clock.advanceBy(2 * MINUTE);
      expect(applyTransfer(simulator.world, { user: USER, dex: 'native', amountQuote: '-42000' })).toBeNull();
      await clock.advanceBy(2 * MINUTE);

      const state = await platform().repositories.runs.takeProfitState('hyperliquid', 'main');
      expect(state?.latched).toBeNull();
      expect(Number(state?.baselineQuote)).toBeGreaterThan(0);
      expect((await platform().repositories.systemState.read('hyperliquid'))?.state).toBe('HEALTHY');
    });
  });

  it('flattens everything under a flatten lock, across a restart, and opens nothing until unlocked', async () => {
    await inWorld(1, async (world) => {
      const { clock, simulator } = world;
      await clock.advanceBy(3 * MINUTE);
      expect(openPositions(world).length).toBeGreaterThan(2);

      await lock(world, 'flatten');
      world.kill();
      await world.restart();
      await clock.advanceBy(2 * MINUTE);
      expect(openPositions(world)).toEqual([]);

      const orders = simulator.world.orders.size;
      await clock.advanceBy(5 * MINUTE);
      expect(simulator.world.orders.size).toBe(orders);
    });
  });

  it('opens nothing on the own table alone, and still gets out on what is surely there', async () => {
    await inWorld(1, async (world) => {
      const { clock, simulator, db } = world;
      await clock.advanceBy(3 * MINUTE);
      expect(openPositions(world).length).toBeGreaterThan(2);
      // Both observers are ten minutes old.
      simulator.installFaults(
        ['observer-1', 'observer-2'].map(
          (observer): Fault => ({
            id: observer,
            kind: 'snapshot-time',
            offsetMs: -600_000,
            match: { observer },
          }),
        ),
      );
      await clock.advanceBy(2 * MINUTE);
      const since = clock.nowMs();
      await clock.advanceBy(3 * MINUTE);
      const opened = await db
        .selectFrom('order_execution_log')
        .select('symbol')
        .where('order_class', '=', 'open')
        .where('created_at_ms', '>', since)
        .execute();
      expect(opened).toEqual([]);

      await lock(world, 'flatten');
      await clock.advanceBy(2 * MINUTE);
      expect(openPositions(world)).toEqual([]);
    });
  });

  it('respects a liquidation: HOLD, and nothing is opened again', async () => {
    await inWorld(1, async (world) => {
      const { clock, simulator } = world;
      await clock.advanceBy(3 * MINUTE);
      const held = openPositions(world).filter(({ coin }) => !coin.includes(':'));
      expect(held.length).toBeGreaterThan(1);
      const account = simulator.world.accounts.get(USER)!;
      // As a crash of the collateral would: the sub-account is worth nothing any more.
      const sub = account.subs.get('native')!;
      sub.rawQuote = sub.rawQuote.minus(withdrawableOf(simulator.world, account, 'native')).minus(2_000);

      await clock.advanceBy(5 * MINUTE);

      for (const { coin } of held) {
        expect(await holdOf(world, coin)).toBe('liquidation');
        expect(sizeOf(world, coin)).toBe(0);
      }
    });
  });

  it('locks an older database that was put back, before it is HEALTHY and sends ids of its former life', async () => {
    await inWorld(1, async (world) => {
      const { clock, simulator, db, database } = world;
      await clock.advanceBy(2 * MINUTE);
      world.kill();
      // Ended orders of the last minutes are gone, with all that came of them, and their symbols are where they were before.
      const backupMs = clock.nowMs() - MINUTE;
      const lost = await db
        .selectFrom('order_execution_log')
        .select(['client_order_id', 'symbol', 'epoch'])
        .where('created_at_ms', '>', backupMs)
        .where('sent_at_ms', 'is not', null)
        .orderBy('epoch', 'desc')
        .execute();
      expect(lost.length).toBeGreaterThan(0);
      for (const { client_order_id, symbol, epoch } of lost) {
        database.raw.prepare('delete from order_execution_log where client_order_id = ?').run(client_order_id);
        database.raw.prepare('delete from order_outbox where client_order_id = ?').run(client_order_id);
        database.raw.prepare('delete from fills where client_order_id = ?').run(client_order_id);
        database.raw.prepare('update position_epochs set epoch = ? where symbol = ?').run(epoch, symbol);
      }
      const { duplicateCloids } = simulator.world.counters;
      await world.restart();
      await clock.advanceBy(2 * MINUTE);
      const state = await world.platform().repositories.systemState.read('hyperliquid');
      expect(state).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
      expect(state?.reason).toContain('the venue knows an order of this installation that the database does not');
      expect(simulator.world.counters.duplicateCloids, 'no id was sent twice').toBe(duplicateCloids);
    });
  });
});
