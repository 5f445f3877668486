import { describe, expect, it } from 'vitest';
import { dec } from '#shared/core/decimal.ts';
import { endOrderByHand } from '#shared/usecases/end-order-by-hand.ts';
import { ACCOUNT, EXCHANGE, fill, SYMBOL } from '#test/support/orders.ts';
import { trackedOrder } from '#test/support/tracked-order.ts';

/** An order that the venue took, cancelled, and shows nowhere since. */
async function givenUp(expire = true) {
  const room = await trackedOrder('rest', { timeInForce: 'Gtc' });
  const { venue, planned, pass, run } = room;
  await venue.cancelOrder(ACCOUNT, SYMBOL, planned.clientOrderId);
  venue.denied.add(planned.clientOrderId);
  if (expire) pass(330_000);
  await run();
  const { clientOrderId } = planned;
  const who = { exchange: EXCHANGE, account: ACCOUNT, clientOrderId, by: 'cli:ada', reason: 'looked it up' };
  const end = (filled: string, over = {}) => endOrderByHand(room, { ...who, filled, ...over });
  return { ...room, end, size: planned.size };
}

describe('order tracker, an order that it gives up on', () => {
  it('says so in the order, goes on asking, and takes an answer that comes after all', async () => {
    const { stored, venue, planned, run, alerts } = await givenUp();
    expect(await stored()).toMatchObject({ status: 'open', errorCode: 'accepted-but-invisible' });
    const [alert] = await alerts.raised();
    expect(alert).toMatchObject({ kind: 'order-unresolved', message: expect.stringContaining('3t orders resolve') });
    venue.denied.delete(planned.clientOrderId);
    await run();
    expect(await stored()).toMatchObject({ status: 'cancelled', errorCode: 'cancelled' });
  });

  it.each([
    ['0', 'cancelled', '0'],
    ['0.4', 'cancelled', '0.4'],
    ['all', 'filled', '1'],
  ] as const)('is ended by a human as %s, once, with who and why', async (filled, status, filledSize) => {
    const { end, stored, epoch, alerts, clock, run } = await givenUp();
    const before = await epoch();
    const nowMs = clock.nowMs();

    expect(await end(filled)).toMatchObject({ kind: 'ended', symbol: SYMBOL, changed: true, hold: null });

    expect(await stored()).toMatchObject({ status, filledSize, errorCode: 'ended-by-hand', venueEndedAtMs: nowMs });
    expect((await stored()).errorMessage).toBe('cli:ada: looked it up (the order tracker said accepted-but-invisible)');
    expect(await epoch()).toMatchObject({ epoch: before.epoch + 1, settledAtMs: nowMs, holdReason: null });
    expect(await end(filled), 'the same again').toMatchObject({ kind: 'ended', changed: false });
    expect(await end('0.1'), 'something else').toMatchObject({ refusal: { code: 'order-ended' } });
    const told = (await alerts.raised()).filter((alert) => alert.kind === 'operator-action');
    expect(told).toMatchObject([{ symbol: SYMBOL, detail: { by: 'cli:ada', reason: 'looked it up', filledSize } }]);
    await run();
    expect((await stored()).status, 'the tracker leaves it alone').toBe(status);
  });

  it('is ended by nobody while the tracker may still find out, nor by another account or with an impossible size', async () => {
    const young = await givenUp(false);
    expect(await young.end('0')).toMatchObject({ refusal: { code: 'still-resolving' } });
    const { end, stored } = await givenUp();
    expect(await end('1.1')).toMatchObject({ refusal: { code: 'fill-too-large' } });
    expect(await end('0', { account: 'other' })).toMatchObject({ refusal: { code: 'unknown-order' } });
    expect((await stored()).status).toBe('open');
  });

  it('is not ended below what is stored of it', async () => {
    const { end, stored, orders, clock } = await givenUp();
    const { venueOrderId, clientOrderId } = await stored();
    const own = {
      clientOrderId,
      venueOrderId: venueOrderId!,
      side: 'buy',
      size: '0.3',
      venueTimeMs: clock.nowMs(),
    } as const;
    await orders.saveFills(EXCHANGE, ACCOUNT, [{ ...fill(own), ours: true }], clock.nowMs());
    expect(await end('0.2')).toMatchObject({ refusal: { code: 'fills-contradict', numbers: { knownFilled: '0.3' } } });
    expect(await end('0.3')).toMatchObject({ kind: 'ended', changed: true });
    expect(dec((await stored()).filledSize).toString()).toBe('0.3');
  });
});
