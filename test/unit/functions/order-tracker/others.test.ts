import { describe, expect, it } from 'vitest';
import type { OddRow } from '#shared/core/odd-row.ts';
import { parseTrackerMemory, watchedSymbols } from '#shared/core/orders/tracker-memory.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import { orderRoom, SCHEDULE } from '#test/support/order-room.ts';
import { ACCOUNT, EXCHANGE, fill, SYMBOL, T0 } from '#test/support/orders.ts';
import { anAccountState } from '#test/support/system.ts';
import { idleAccount, trackedOrder } from '#test/support/tracked-order.ts';

const ETH = 'ETH/USDC:USDC';

const reportPosition = async (accounts: AccountRepository, atMs: number, size: string): Promise<void> => {
  const position = {
    symbol: SYMBOL,
    coin: 'BTC',
    size,
    entryPrice: null,
    valueQuote: '0',
    unrealizedPnlQuote: '0',
    marginUsedQuote: '0',
    liquidationPrice: null,
  };
  await accounts.saveSnapshot(anAccountState(atMs, { account: ACCOUNT, positions: [position] }), '0', 0);
};

describe('order tracker, what others do', () => {
  it('holds the symbol of a fill that no order of ours explains, once', async () => {
    const { run, venue, epoch, alertKinds, orders, clock, requestedJobs } = await idleAccount();
    venue.fills.push(fill({ tradeId: 'manual', symbol: ETH, venueOrderId: '5', venueTimeMs: clock.nowMs() }));
    await run();
    expect(await epoch(ETH)).toMatchObject({ holdReason: 'foreign-fill' });
    expect((await epoch()).holdReason).toBeNull();
    expect(await alertKinds()).toEqual(['foreign-fill']);
    expect(requestedJobs(), 'sources are read again, nothing is planned').toEqual(['balance', 'observer']);
    await orders.release(EXCHANGE, ACCOUNT, ETH, clock.nowMs());
    await run();
    expect((await epoch(ETH)).holdReason, 'the same fill does not hold again').toBeNull();
  });

  it('holds on a liquidation even of an order of ours', async () => {
    const { run, venue, planned, epoch, clock } = await idleAccount();
    const { clientOrderId } = planned;
    venue.fills.push(fill({ tradeId: 'liq', clientOrderId, liquidation: true, venueTimeMs: clock.nowMs() }));
    await run();
    expect((await epoch()).holdReason).toBe('liquidation');
  });

  it("holds on somebody else's open order until it is adopted", async () => {
    const { run, venue, epoch, orders, clock, pass } = await idleAccount();
    venue.foreignOrders.push({
      symbol: ETH,
      venueOrderId: '9',
      clientOrderId: null,
      side: 'buy',
      originalSize: '2',
      remainingSize: '2',
      limitPrice: '1',
      status: 'open',
      venueStatus: 'open',
      statusTimeMs: clock.nowMs(),
    });
    pass(60_000);
    await run();
    expect((await epoch(ETH)).holdReason).toBe('foreign-order');
    await orders.adopt(EXCHANGE, ACCOUNT, ETH, clock.nowMs());
    pass(60_000);
    await run();
    expect((await epoch(ETH)).holdReason).toBeNull();
  });

  it.each([
    ['side', { side: 'sell' }],
    ['symbol', { symbol: ETH }],
    ['size', { size: '1.5' }],
  ] as const)(
    'gives an order no fill of another %s under its id: HOLD, and the order stays as it is',
    async (_, over) => {
      const { run, venue, planned, stored, epoch, alertKinds, clock } = await trackedOrder('rest');
      const { clientOrderId } = planned;
      const { venueOrderId } = venue.ledger.get(clientOrderId)!;
      venue.fills.push(fill({ tradeId: 'odd', clientOrderId, venueOrderId, venueTimeMs: clock.nowMs(), ...over }));
      await run();
      expect(await stored()).toMatchObject({ status: 'open', filledSize: '0' });
      expect((await epoch()).holdReason).not.toBeNull();
      expect(await alertKinds()).toContain('foreign-fill');
      expect(await alertKinds()).toContain('order-contradicted');
    },
  );

  it('does not take an older order under its id for itself, as after an older database was put back', async () => {
    const { run, venue, planned, stored, epoch, alertKinds, pass, clock } = await trackedOrder('lose', {
      side: 'sell',
      size: '0.36',
    });
    const { clientOrderId } = planned;
    const { submits } = venue;
    venue.behaviour = 'fill';
    // The venue remembers the id from an order that the older database does not know.
    await venue.submitOrder({ ...planned, side: 'buy', size: '0.5' } as never);
    expect(submits).toEqual([clientOrderId, clientOrderId]);
    await run();
    expect(await stored()).toMatchObject({ status: 'unknown', filledSize: '0', venueOrderId: null });
    expect((await epoch()).holdReason).not.toBeNull();
    expect(await alertKinds()).toContain('order-contradicted');

    clock.set(planned.expiresAtMs);
    pass(6_000);
    await run();
    expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'never-accepted', filledSize: '0' });
  });

  const odd = (over: Partial<OddRow> = {}): OddRow => ({
    list: 'fills',
    key: '7:5',
    symbol: ETH,
    why: 'sz: expected a positive number',
    payload: '{"coin":"ETH","sz":"-1"}',
    venueTimeMs: T0 + 20_000,
    ...over,
  });

  it('reads on beside an odd fill: a foreign sale is still one, and the symbol of the odd one is on HOLD', async () => {
    const { run, venue, epoch, alertKinds, clock, deadLetters, jobs, orders } = await idleAccount();
    venue.odd.push(odd({ venueTimeMs: clock.nowMs() }));
    venue.fills.push(fill({ tradeId: 'sale', side: 'sell', venueOrderId: '5', venueTimeMs: clock.nowMs() }));
    await run();
    expect((await epoch()).holdReason).toBe('foreign-fill');
    expect((await epoch(ETH)).holdReason).toBe('odd-row');
    expect((await alertKinds()).sort()).toEqual(['foreign-fill', 'odd-row', 'odd-row']);
    expect(await deadLetters.letters()).toMatchObject([
      { source: 'hyperliquid:fills', recordId: '7:5', payload: odd().payload },
    ]);
    const told = (await jobs.all()).find((job) => job.job === 'order-tracker');
    expect(told?.detail.partly).toContain('fills: ETH/USDC:USDC cannot be read');

    await orders.adopt(EXCHANGE, ACCOUNT, ETH, clock.nowMs());
    await run();
    expect((await epoch(ETH)).holdReason, 'the same row holds once').toBeNull();
    expect(await deadLetters.letters()).toHaveLength(1);
    expect((await jobs.all()).find((job) => job.job === 'order-tracker')?.detail.partly).toBeNull();
  });

  it('holds nothing for a fill whose fee alone is unknown, and stores that fee as unknown', async () => {
    const { run, venue, epoch, alertKinds, clock, planned, orders } = await idleAccount();
    const { clientOrderId } = planned;
    const venueTimeMs = clock.nowMs();
    venue.odd.push(odd({ list: 'fees', symbol: SYMBOL, why: 'fee in XYZ', venueTimeMs }));
    venue.fills.push(fill({ tradeId: 'fee', clientOrderId, size: '0.5', feeQuote: null, venueTimeMs }));
    await run();
    expect((await epoch()).holdReason).toBeNull();
    expect(await alertKinds()).toEqual(['odd-row']);
    expect((await orders.fillsSince(EXCHANGE, ACCOUNT, 0, 100)).at(-1)).toMatchObject({
      tradeId: 'fee',
      feeQuote: null,
    });
  });

  it('holds the symbol of an open order that cannot be read, and says so for as long as it is there', async () => {
    const { run, venue, epoch, alertKinds, jobs, pass } = await idleAccount();
    venue.odd.push(odd({ list: 'open-orders', key: '9', venueTimeMs: null }));
    pass(60_000);
    await run();
    pass(60_000);
    await run();
    expect((await epoch(ETH)).holdReason).toBe('odd-row');
    expect(await alertKinds()).toEqual(['odd-row', 'odd-row']);
    expect((await jobs.all()).find((job) => job.job === 'order-tracker')?.detail.partly).toContain('open-orders');
  });

  it.each(['fills', 'open-orders'] as const)(
    'declares nothing never accepted while one of the %s is odd',
    async (list) => {
      const { run, venue, planned, stored, pass, clock } = await trackedOrder('lose');
      clock.set(planned.expiresAtMs);
      pass(6_000);
      venue.odd.push(odd({ list, symbol: null, venueTimeMs: clock.nowMs() }));
      await run();
      expect(await stored()).toMatchObject({ status: 'unknown' });
      venue.odd.length = 0;
      await run();
      expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'never-accepted' });
    },
  );

  it('says that it succeeded in part when the venue did not answer everything', async () => {
    const { run, venue, jobs } = await idleAccount();
    venue.down.add('fills');
    await run();
    expect((await jobs.all()).find((job) => job.job === 'order-tracker')?.detail.partly).toContain('timeout');
  });

  it('takes trades before the first run for history', async () => {
    const room = orderRoom();
    await room.start();
    room.venue.fills.push(fill({ tradeId: 'old', venueTimeMs: T0 - 1 }));
    await room.tracker(SCHEDULE);
    await room.tracker(SCHEDULE);
    expect((await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).holdReason).toBeNull();
    room.venue.fills.push(fill({ tradeId: 'new', venueTimeMs: T0 + 1 }));
    room.pass(1_000);
    await room.tracker(SCHEDULE);
    expect((await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).holdReason).toBe('foreign-fill');
  });

  it('locks the exchange when another installation writes to the account, and lets a human unlock it', async () => {
    const { run, venue, systemState, alertKinds, clock, setState, pass } = await idleAccount();
    const clientOrderId = `0xdeadbeef${'0'.repeat(24)}` as const;
    venue.fills.push(fill({ tradeId: 'theirs', clientOrderId, venueTimeMs: clock.nowMs() }));
    await run();
    expect(await systemState.read(EXCHANGE)).toMatchObject({
      state: 'LOCKED',
      lockMode: 'close-only',
      changedBy: 'order-tracker',
    });
    expect(await alertKinds()).toContain('foreign-writer');
    await setState('HEALTHY');
    pass(1_000);
    await run();
    expect(await systemState.read(EXCHANGE)).toMatchObject({ state: 'HEALTHY' });
  });

  it('locks when it meets an order under our own tag that has no row: the database was put back behind us', async () => {
    const { run, venue, planned, systemState, alertKinds, clock, installation, control } = await idleAccount();
    const tag = planned.clientOrderId.slice(2, 10);
    const lost = `0x${tag}${'e'.repeat(24)}` as const;
    venue.fills.push(fill({ tradeId: 'lost', clientOrderId: lost, venueOrderId: '77', venueTimeMs: clock.nowMs() }));
    await run();
    const reason = expect.stringContaining(lost);
    expect(await systemState.read(EXCHANGE)).toMatchObject({ state: 'LOCKED', lockMode: 'freeze', reason });
    expect(await alertKinds()).toEqual(['database-restored', 'foreign-fill']);
    const at = { exchange: EXCHANGE, by: 'cli:ada', reason: 'compared', atMs: clock.nowMs() };
    await control.change({ kind: 'unlock', ...at });
    expect(await installation.tag(), 'it must not send the ids of its former life').not.toBe(tag);
  });

  it('sees the original once its copy is unlocked, and takes its own orders under the former tag for its own', async () => {
    const room = await trackedOrder('rest');
    const { run, venue, planned, systemState, installation, control, alertKinds, clock, setState, pass, stored } = room;
    await setState('LOCKED', 'freeze');
    await installation.noteCopy(EXCHANGE);
    const at = { exchange: EXCHANGE, by: 'cli:ada', reason: 'the original is gone', atMs: clock.nowMs() };
    await control.change({ kind: 'unlock', ...at });
    const former = planned.clientOrderId.slice(2, 10);
    expect(await installation.tag()).not.toBe(former);

    // On its way when the copy was made: both databases have it.
    const { clientOrderId } = planned;
    const { venueOrderId } = venue.ledger.get(clientOrderId)!;
    venue.fills.push(fill({ tradeId: 'ours', clientOrderId, venueOrderId, venueTimeMs: clock.nowMs() }));
    await run();
    expect(await systemState.read(EXCHANGE)).toMatchObject({ state: 'RECONCILING' });
    expect([await alertKinds(), (await stored()).clientOrderId]).toEqual([[], clientOrderId]);

    pass(1_000);
    const theirs = `0x${former}${'0'.repeat(24)}` as const;
    venue.fills.push(fill({ tradeId: 'theirs', clientOrderId: theirs, venueTimeMs: clock.nowMs() }));
    await run();
    expect(await systemState.read(EXCHANGE)).toMatchObject({ state: 'LOCKED', changedBy: 'order-tracker' });
    expect(await alertKinds()).toContain('foreign-writer');
  });

  it.each(['freeze', 'flatten'] as const)(
    "leaves a human's %s as it is when another installation writes",
    async (mode) => {
      const { run, venue, systemState, alertKinds, clock, setState } = await idleAccount();
      await setState('LOCKED', mode);
      const clientOrderId = `0xdeadbeef${'0'.repeat(24)}` as const;
      venue.fills.push(fill({ tradeId: 'theirs', clientOrderId, venueTimeMs: clock.nowMs() }));

      await run();

      expect(await systemState.read(EXCHANGE)).toMatchObject({ state: 'LOCKED', lockMode: mode });
      expect(await alertKinds()).toContain('foreign-writer');
    },
  );

  it('holds a symbol whose position vanished before an order of ours opened it again, and remembers it at once', async () => {
    const { run, tracker, venue, planned, epoch, alertKinds, clock, pass, jobs, orders } = await idleAccount();
    const { clientOrderId } = planned;
    const reopened = { tradeId: 'again', clientOrderId, startPosition: '0', size: '0.5', venueTimeMs: clock.nowMs() };
    venue.fills.push(fill(reopened));
    await run();
    const memory = async () =>
      parseTrackerMemory((await jobs.all()).find((job) => job.job === 'order-tracker')?.detail);
    expect([...watchedSymbols(await memory())]).toEqual([SYMBOL]);
    expect((await epoch()).holdReason, 'a fill may still become visible').toBeNull();

    pass(5_000);
    await run();
    expect((await epoch()).holdReason).toBe('position-mismatch');
    expect(await alertKinds()).toEqual(['position-mismatch']);
    await orders.adopt(EXCHANGE, ACCOUNT, SYMBOL, clock.nowMs());
    for (let i = 0; i < 3; i += 1) {
      pass(10_000);
      await tracker(SCHEDULE);
    }
    expect((await epoch()).holdReason).toBeNull();
  });

  it('does not hold when the fill in between became visible late', async () => {
    const { run, venue, planned, epoch, clock, pass, alertKinds } = await idleAccount();
    const { clientOrderId } = planned;
    const atMs = clock.nowMs();
    venue.fills.push(fill({ tradeId: 'second', clientOrderId, startPosition: '0.5', size: '0.5', venueTimeMs: atMs }));
    await run();
    const late = { tradeId: 'first', clientOrderId, side: 'buy', startPosition: '0', size: '0.5' } as const;
    venue.fills.push(fill({ ...late, venueTimeMs: atMs - 10 }));
    pass(5_000);
    await run();
    await run();
    expect((await epoch()).holdReason).toBeNull();
    expect(await alertKinds()).toEqual([]);
  });

  it('looks first at fills that are news: a position that one of them explains is none to hold', async () => {
    const { run, venue, planned, accounts, epoch, clock, pass } = await idleAccount();
    const report = (size: string) => reportPosition(accounts, clock.nowMs(), size);
    pass(10_000);
    await report('3');
    pass(4_000);
    await run();
    await run();
    pass(61_000);
    await report('3');
    pass(4_000);
    // The fill of then becomes visible in the very run in which the difference has lasted for long enough.
    const { clientOrderId } = planned;
    const bought = { startPosition: '1', size: '1', venueTimeMs: clock.nowMs() - 72_000 } as const;
    venue.fills.push(fill({ tradeId: 'x', clientOrderId, ...bought }));
    venue.fills.push(
      fill({ tradeId: 'y', clientOrderId, ...bought, startPosition: '2', venueTimeMs: bought.venueTimeMs + 1 }),
    );
    await run();
    await run();
    expect((await epoch()).holdReason).toBeNull();
  });

  it('remembers a difference through reports that are too young to be compared', async () => {
    const { run, accounts, epoch, clock, pass } = await idleAccount();
    pass(20_000);
    for (let second = 0; second <= 70; second += 5) {
      await reportPosition(accounts, clock.nowMs(), '0');
      // Every other report is compared only when the next one has replaced it.
      pass(second % 10 === 0 ? 4_000 : 1_000);
      await run();
      pass(second % 10 === 0 ? 1_000 : 4_000);
    }
    await run();
    expect((await epoch()).holdReason).toBe('position-mismatch');
  });

  it('holds a position that our fills do not lead to once that has lasted, and not after an adopt', async () => {
    const { run, accounts, epoch, orders, clock, pass } = await idleAccount();
    const report = async (size: string) => {
      await reportPosition(accounts, clock.nowMs(), size);
      pass(4_000);
      // Now and then a run reads open orders instead of fills, and compares nothing.
      await run();
      await run();
    };
    pass(10_000);
    await report('1');
    pass(90_000);
    await report('3');
    expect((await epoch()).holdReason, 'seen once').toBeNull();
    pass(55_000);
    await report('3');
    expect((await epoch()).holdReason, 'not for long enough').toBeNull();
    pass(5_000);
    await report('3');
    expect((await epoch()).holdReason).toBe('position-mismatch');

    await orders.adopt(EXCHANGE, ACCOUNT, SYMBOL, clock.nowMs());
    for (let round = 0; round < 3; round += 1) {
      pass(60_000);
      await report('3');
    }
    expect((await epoch()).holdReason).toBeNull();
  });
});
