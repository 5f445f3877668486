import { describe, expect, it } from 'vitest';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import { setAccountMode } from '#local/exchange-simulator/server/control.ts';
import { TEST_ACCOUNTS, TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { positionOf } from '#local/exchange-simulator/venue/world.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';

const MINUTE = 60_000;
const USER = TEST_SIGNERS.mainMaster.address;

async function inWorld(act: (world: SimulatedPlatform) => Promise<void>): Promise<void> {
  const world = await simulatedPlatform({ seed: 1 });
  try {
    await world.start();
    await world.clock.advanceBy(4 * MINUTE);
    expect(held(world)).toBeGreaterThan(2);
    await act(world);
  } finally {
    await world.close();
  }
}

const held = ({ simulator: { world } }: SimulatedPlatform): number =>
  world.markets.filter((market) => !positionOf(world.accounts.get(USER)!, market).size.isZero()).length;

const repositories = (world: SimulatedPlatform) => world.platform().repositories;
const latched = async (world: SimulatedPlatform) =>
  (await repositories(world).runs.takeProfitState('hyperliquid', 'main'))?.latched;
const stored = async (world: SimulatedPlatform) => repositories(world).accounts.latest('hyperliquid', 'main');
const opened = async ({ db }: SimulatedPlatform, sinceMs: number) =>
  (
    await db
      .selectFrom('order_execution_log')
      .select('symbol')
      .where('order_class', '=', 'open')
      .where('status', '=', 'filled')
      .where('created_at_ms', '>', sinceMs)
      .execute()
  ).length;
const alertsOf = async ({ db }: SimulatedPlatform) =>
  (await db.selectFrom('alerts').select('kind').execute()).map(({ kind }) => kind);
const lowest = async (world: SimulatedPlatform) =>
  Math.min(
    ...(await repositories(world).accounts.balanceHistory('hyperliquid', 'main', 0, 1_000)).map((p) =>
      Number(p.equityQuote),
    ),
  );
const during = (world: SimulatedPlatform, ms: number, fault: Fault) => {
  const fromMs = world.clock.nowMs();
  world.simulator.installFaults([{ ...fault, fromMs, toMs: fromMs + ms }]);
  return world.clock.advanceBy(ms);
};

describe('money that contradicts itself, on the whole platform', () => {
  it('of which the venue says that there is none, to everybody, closes nothing and opens nothing', async () => {
    await inWorld(async (world) => {
      const sinceMs = world.clock.nowMs();
      const before = await stored(world);
      await during(world, 5 * MINUTE, { id: 'none', kind: 'money-wrong', factor: 0 });

      expect(await stored(world)).toMatchObject({ money: null, moneyDoubt: { code: 'money-contradicts' } });
      expect((await stored(world))?.believed?.equityQuote).toBeDefined();
      expect(await latched(world)).toBeNull();
      expect(held(world)).toBeGreaterThan(2);
      expect(await alertsOf(world)).toContain('money-contradicts');
      expect(await opened(world, sinceMs + MINUTE)).toBe(0);

      await world.clock.advanceBy(2 * MINUTE);
      const after = await stored(world);
      expect(after).toMatchObject({ moneyDoubt: null });
      expect(Number(after?.money?.equityQuote) / Number(before?.money?.equityQuote)).toBeCloseTo(1, 1);
      expect(await lowest(world)).toBeGreaterThan(10_000);
      expect(await latched(world)).toBeNull();
    });
  });

  it('that only the own reader sees halved latches nothing, across a restart', async () => {
    await inWorld(async (world) => {
      const half: Fault = { id: 'half', kind: 'money-wrong', factor: 0.5, match: { observed: false } };
      await during(world, 2 * MINUTE, half);
      expect(await stored(world)).toMatchObject({ money: null, moneyDoubt: { code: 'money-contradicts' } });
      world.kill();
      await world.restart();
      await during(world, 3 * MINUTE, half);

      expect(await latched(world)).toBeNull();
      expect(await lowest(world)).toBeGreaterThan(10_000);
      expect((await repositories(world).systemState.read('hyperliquid'))?.state).toBe('RECONCILING');
      await world.clock.advanceBy(2 * MINUTE);
      expect((await repositories(world).systemState.read('hyperliquid'))?.state).toBe('HEALTHY');
    });
  });

  it('that both observers read halved as well is believed, said, and stops the runs', async () => {
    await inWorld(async (world) => {
      await during(world, 3 * MINUTE, { id: 'half', kind: 'money-wrong', factor: 0.5 });
      expect(await latched(world)).toBe('drawdown');
      expect(await alertsOf(world)).toEqual(
        expect.arrayContaining(['money-contradicts', 'money-confirmed', 'drawdown']),
      );
    });
  });

  it('of a dex that is answered with the native account is nobody’s equity, and nothing is closed when that is over', async () => {
    await inWorld(async (world) => {
      const before = Number((await stored(world))?.money?.equityQuote);
      await during(world, 3 * MINUTE, { id: 'ignored', kind: 'dex-ignored' });
      expect(await stored(world)).toMatchObject({
        complete: false,
        money: null,
        moneyDoubt: { code: 'partial-reading' },
      });
      await world.clock.advanceBy(2 * MINUTE);

      const points = await repositories(world).accounts.balanceHistory('hyperliquid', 'main', 0, 1_000);
      for (const { equityQuote } of points) expect(Number(equityQuote) / before).toBeCloseTo(1, 1);
      expect(await latched(world)).toBeNull();
    });
  });

  it('moves with the account into one balance for all dexes: noticed, confirmed by the observers, nothing closed', async () => {
    await inWorld(async (world) => {
      const before = Number((await stored(world))?.money?.equityQuote);
      expect(setAccountMode(world.simulator.world, { user: USER, mode: 'unifiedAccount' })).toBeNull();
      await world.clock.advanceBy(3 * MINUTE);

      const after = await stored(world);
      expect(after).toMatchObject({ mode: 'unifiedAccount', moneyDoubt: null });
      expect(Number(after?.money?.equityQuote) / before).toBeCloseTo(1, 1);
      expect(await lowest(world)).toBeGreaterThan(10_000);
      expect(await latched(world)).toBeNull();
      expect(await alertsOf(world)).toEqual(expect.arrayContaining(['account-mode-changed', 'money-confirmed']));
      expect(held(world)).toBeGreaterThan(2);
    });
  });

  it('is unknown while the venue names a mode that nobody knows, and known again in a known one', async () => {
    await inWorld(async (world) => {
      const sinceMs = world.clock.nowMs();
      setAccountMode(world.simulator.world, { user: USER, mode: 'quantumMargin' });
      await world.clock.advanceBy(4 * MINUTE);
      expect(await stored(world)).toMatchObject({ money: null, moneyDoubt: { code: 'account-mode-unknown' } });
      expect(await alertsOf(world)).toContain('account-mode-unknown');
      expect(await latched(world)).toBeNull();
      expect(await opened(world, sinceMs + MINUTE)).toBe(0);

      setAccountMode(world.simulator.world, { user: USER, mode: 'disabled' });
      await world.clock.advanceBy(2 * MINUTE);
      expect(await stored(world)).toMatchObject({ moneyDoubt: null, mode: 'disabled' });
    });
  });
});

describe('a start', () => {
  const startIn = async (mode: string, act: (world: SimulatedPlatform) => Promise<void>) => {
    const accounts = TEST_ACCOUNTS.map((account) => ({ ...account, mode }));
    const world = await simulatedPlatform({ seed: 1, simulator: { accounts } });
    try {
      await world.start();
      await world.clock.advanceBy(4 * MINUTE);
      await act(world);
    } finally {
      await world.close();
    }
  };
  const state = async (world: SimulatedPlatform) => (await repositories(world).systemState.read('hyperliquid'))?.state;

  it.each(['unifiedAccount', 'portfolioMargin'])('in mode %s trades with the whole balance', async (mode) => {
    await startIn(mode, async (world) => {
      expect(await state(world)).toBe('HEALTHY');
      expect(Number((await stored(world))?.money?.equityQuote)).toBeGreaterThan(14_000);
      expect(held(world)).toBeGreaterThan(2);
    });
  });

  it.each([
    ['dexAbstraction', 'account-mode-refused'],
    ['quantumMargin', 'account-mode-unknown'],
  ])('in mode %s is refused by name: it never becomes HEALTHY and places nothing', async (mode, code) => {
    await startIn(mode, async (world) => {
      expect(await state(world)).toBe('RECONCILING');
      expect(world.simulator.world.orders.size).toBe(0);
      const jobs = await repositories(world).jobsOf('hyperliquid').all();
      const missing = jobs.map(({ detail }) => detail.missing).find((list) => Array.isArray(list));
      expect(missing).toMatchObject([{ code, message: expect.stringContaining(mode) }]);
    });
  });
});
