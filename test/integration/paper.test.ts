import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '#local/state-directory.ts';
import { dec, ZERO } from '#shared/core/decimal.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';
import { StartBench } from '#test/support/start-command.ts';

const MINUTE_MS = 60_000;

describe('the platform on paper, at the prices of the simulator', () => {
  let world: SimulatedPlatform;
  const orderRequests: string[] = [];
  beforeEach(async () => {
    orderRequests.length = 0;
    world = await simulatedPlatform({
      seed: 5,
      overrides: ['exchanges.hyperliquid.kind=paper'],
      onMoment: (moment) => {
        if (moment.kind === 'order-request') orderRequests.push(moment.stage);
      },
    });
    await world.start();
  });
  afterEach(() => world.close());

  /** Sizes by symbol, as the paper venue's fills add up. */
  const filledSizes = async (): Promise<Record<string, string>> => {
    const sums = new Map<string, typeof ZERO>();
    for (const fill of await world.db.selectFrom('paper_fills').selectAll().execute()) {
      const signed = dec(fill.size).times(fill.side === 'buy' ? 1 : -1);
      sums.set(fill.symbol, (sums.get(fill.symbol) ?? ZERO).plus(signed));
    }
    return Object.fromEntries(
      [...sums]
        .filter(([, size]) => !size.isZero())
        .map(([symbol, size]) => [symbol, size.toFixed()] as const)
        .sort(),
    );
  };
  const ownTable = async (): Promise<Record<string, string>> => {
    const rows = await world.db.selectFrom('positions').select(['symbol', 'size']).orderBy('symbol').execute();
    return Object.fromEntries(rows.map((row) => [row.symbol, row.size]));
  };
  const fillCount = async () => (await world.db.selectFrom('paper_fills').select('trade_id').execute()).length;

  it('reaches what the runs want, keeps it over a kill, and sends the simulator no order', async () => {
    await world.clock.advanceBy(4 * MINUTE_MS);
    const before = { fills: await fillCount(), sizes: await filledSizes() };
    world.kill();
    const afterKill = await filledSizes();
    await world.restart();
    await world.clock.advanceBy(4 * MINUTE_MS);

    expect(before.fills).toBeGreaterThan(5);
    expect(afterKill).toEqual(before.sizes);
    expect(await fillCount()).toBeGreaterThanOrEqual(before.fills);
    const state = await world.db.selectFrom('system_state').select(['state', 'approved']).executeTakeFirstOrThrow();
    expect(state).toEqual({ state: 'HEALTHY', approved: 1 });

    expect(await world.platform().invokeNow('balance')).toMatchObject({ kind: 'ok' });
    expect(await ownTable()).toEqual(await filledSizes());

    // The last word on most symbols is that nothing is missing, and it was said of the position that there is.
    const decisions = await world.db.selectFrom('decisions').selectAll().orderBy('last_at_ms').execute();
    const last = new Map(decisions.map((decision) => [decision.symbol, decision]));
    const inSync = [...last.values()].filter((decision) => decision.kind === 'in-sync');
    const sizes = await filledSizes();
    expect(inSync.length).toBeGreaterThan(4);
    for (const { symbol, actual_size } of inSync) expect([symbol, actual_size]).toEqual([symbol, sizes[symbol] ?? '0']);

    // Nobody takes the restart, or the venue, for somebody else's hand.
    const held = await world.db.selectFrom('position_epochs').select('symbol').where('hold_reason', 'is not', null);
    expect(await held.execute()).toEqual([]);
    expect(orderRequests).toEqual([]);
    expect(world.simulator.world.orders.size).toBe(0);
    for (const account of world.simulator.world.accounts.values()) expect(account.fills).toEqual([]);
  });
});

describe('a platform on paper that is killed in the middle of an order', () => {
  /** Where it dies, one after the other: around the writes of one submission, and after its commit, whose answer nobody hears. */
  const POINTS = [
    { sql: 'insert into "paper_orders"', phase: 'before' },
    { sql: 'insert into "paper_fills"', phase: 'after' },
    { sql: 'commit', phase: 'before' },
    { sql: 'commit', phase: 'after' },
  ] as const;

  it('executes every order once or not at all, and knows which', async () => {
    let next = -1;
    let hasTraded = false;
    const world = await simulatedPlatform({
      seed: 7,
      overrides: ['exchanges.hyperliquid.kind=paper'],
      onMoment: (moment, at) => {
        const point = POINTS[next];
        if (moment.kind !== 'statement' || !point || at.isDead()) return;
        if (moment.sql === 'begin') hasTraded = false;
        if (moment.sql.startsWith('insert into "paper_fills"')) hasTraded = true;
        const isHere = moment.sql.startsWith(point.sql) && moment.phase === point.phase;
        if (isHere && (hasTraded || point.sql !== 'commit')) at.kill();
      },
    });
    try {
      await world.start();
      for (next = 0; next < POINTS.length; next += 1) {
        for (let minute = 0; minute < 15 && !world.isDead(); minute += 1) await world.clock.advanceBy(MINUTE_MS);
        expect([POINTS[next], world.isDead()]).toEqual([POINTS[next], true]);
        const point = next;
        next = -1;
        await world.restart();
        await world.clock.advanceBy(2 * MINUTE_MS);
        next = point;
      }
      next = -1;
      await world.clock.advanceBy(3 * MINUTE_MS);

      const orders = await world.db.selectFrom('order_execution_log').selectAll().execute();
      const books = await world.db.selectFrom('paper_orders').selectAll().execute();
      const fills = await world.db.selectFrom('paper_fills').selectAll().execute();
      expect(new Set(books.map((order) => order.client_order_id)).size).toBe(books.length);
      for (const order of orders) {
        const booked = books.find((b) => b.client_order_id === order.client_order_id);
        const filled = fills.filter((fill) => fill.client_order_id === order.client_order_id);
        const size = filled.reduce((sum, fill) => sum.plus(fill.size), ZERO);
        expect([order.status, size.toFixed()]).toEqual([booked?.status ?? 'expired', dec(order.filled_size).toFixed()]);
      }
      expect(orders.some((order) => order.status === 'expired')).toBe(true);
      const held = world.db.selectFrom('position_epochs').select('symbol').where('hold_reason', 'is not', null);
      expect(await held.execute()).toEqual([]);
    } finally {
      await world.close();
    }
  });
});

describe('npm start -- --config exchanges.hyperliquid.kind=paper', () => {
  const bench = new StartBench();
  afterEach(() => bench.close());

  it('starts the simulator for its prices, says that it trades on paper, and ends both on Ctrl-C', async () => {
    const command = bench.npmStart('--config', 'exchanges.hyperliquid.kind=paper');
    const { platform, simulator } = await bench.up(command);

    expect(command.output()).toContain(`hyperliquid paper at ${simulator.httpUrl}`);
    expect(command.output()).toContain('venue kind paper, approval: automatic');

    command.signalGroup('SIGINT');
    await command.ended;
    expect([isAlive(platform.pid), isAlive(simulator.pid)]).toEqual([false, false]);
  });
});
