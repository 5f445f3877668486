import { describe, expect, it } from 'vitest';
import { relayOutbox } from '#shared/usecases/relay-outbox.ts';
import { orderRoom } from '#test/support/order-room.ts';
import { EXCHANGE } from '#test/support/orders.ts';

const INPUT = { exchange: EXCHANGE, batchSize: 100, resendAfterMs: 5_000 };

async function expiredIntent() {
  const room = orderRoom();
  await room.start();
  const planned = await room.plan();
  room.clock.set(planned.expiresAtMs + 1);
  const stored = async () => (await room.orders.find(planned.clientOrderId))!;
  return { ...room, planned, stored, deps: { orders: room.orders, queue: room.orderQueue, clock: room.clock } };
}

describe('relayOutbox', () => {
  it('ends what expired before it was sent', async () => {
    const { deps, planned, stored } = await expiredIntent();
    expect(await relayOutbox(deps, INPUT)).toMatchObject({ expired: [planned.clientOrderId], orphaned: [] });
    expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'expired' });
  });

  it('leaves alone what a gateway sent between the look and the end: its fate is asked for', async () => {
    const { deps, orders, planned, stored, clock } = await expiredIntent();
    const expiredOutbox = async (...args: Parameters<typeof orders.expiredOutbox>) => {
      const seen = await orders.expiredOutbox(...args);
      await orders.send(planned.clientOrderId, clock.nowMs());
      return seen;
    };
    const raced = { ...deps, orders: { ...orders, expiredOutbox } };
    expect(await relayOutbox(raced, INPUT)).toMatchObject({ expired: [], orphaned: [planned.clientOrderId] });
    expect(await stored()).toMatchObject({ status: 'sending', endedAtMs: null });
    expect(await orders.pendingOutbox(EXCHANGE, 0, 10)).toEqual([]);
  });
});
