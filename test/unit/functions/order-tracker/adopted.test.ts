import { describe, expect, it } from 'vitest';
import { parseTrackerMemory, watchedSymbols } from '#shared/core/orders/tracker-memory.ts';
import { ACCOUNT, EXCHANGE, fill, SYMBOL } from '#test/support/orders.ts';
import { anAccountState } from '#test/support/system.ts';
import { idleAccount } from '#test/support/tracked-order.ts';

describe('order tracker, after an adopt', () => {
  it('settles with an adopt what it was watching, also where the fills since say nothing', async () => {
    const { run, venue, accounts, planned, epoch, clock, pass, jobs, orders } = await idleAccount();
    const watched = async () => {
      const detail = (await jobs.all()).find((job) => job.job === 'order-tracker')?.detail;
      return [...watchedSymbols(parseTrackerMemory(detail))];
    };
    const { clientOrderId } = planned;
    pass(10_000);
    await accounts.saveSnapshot(anAccountState(clock.nowMs(), { account: ACCOUNT }), '0', 0);
    pass(4_000);
    await run();
    await run();
    expect(await watched()).toEqual([SYMBOL]);
    // There and back in one moment: none of the two is the last.
    const both = { clientOrderId, size: '0.5', venueTimeMs: clock.nowMs() } as const;
    venue.fills.push(fill({ ...both, tradeId: 'there', side: 'sell', startPosition: '1' }));
    venue.fills.push(fill({ ...both, tradeId: 'back', side: 'buy', startPosition: '0.5' }));
    await run();
    pass(100);
    await orders.adopt(EXCHANGE, ACCOUNT, SYMBOL, clock.nowMs());
    for (let i = 0; i < 3; i += 1) {
      pass(10_000);
      await run();
    }
    expect([await watched(), (await epoch()).holdReason]).toEqual([[], null]);
  });

  it('settles a broken chain of fills with an adopt before it has lasted', async () => {
    const { run, venue, planned, epoch, clock, pass, orders } = await idleAccount();
    const { clientOrderId } = planned;
    const reopened = { tradeId: 'again', clientOrderId, startPosition: '0', size: '0.5', venueTimeMs: clock.nowMs() };
    venue.fills.push(fill(reopened));
    await run();
    pass(1_000);
    await orders.adopt(EXCHANGE, ACCOUNT, SYMBOL, clock.nowMs());
    pass(5_000);
    await run();
    expect((await epoch()).holdReason, 'a human has said that it is well').toBeNull();
  });

  it('holds for no trade from before the adopt that is read only after it, and for one from after it', async () => {
    const { run, venue, epoch, clock, pass, orders, alertKinds } = await idleAccount();
    const traded = { symbol: 'ETH/USDC:USDC', venueOrderId: '5', size: '0.5' } as const;
    venue.fills.push(fill({ ...traded, tradeId: 'before', startPosition: '0', venueTimeMs: clock.nowMs() }));
    pass(1);
    await orders.adopt(EXCHANGE, ACCOUNT, traded.symbol, clock.nowMs());
    pass(1_000);
    await run();
    expect([(await epoch(traded.symbol)).holdReason, await alertKinds()]).toEqual([null, []]);
    venue.fills.push(fill({ ...traded, tradeId: 'after', startPosition: '0.5', venueTimeMs: clock.nowMs() }));
    await run();
    expect((await epoch(traded.symbol)).holdReason).toBe('foreign-fill');
  });
});
