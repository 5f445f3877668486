import type { SQSEvent } from 'aws-lambda';
import type { OrderIntent } from '#shared/core/orders/order.ts';
import { commandOf, fifoEvent, orderRoom, SCHEDULE } from './order-room.ts';
import type { Behaviour } from './order-venue-double.ts';
import { ACCOUNT, EXCHANGE, SYMBOL } from './orders.ts';

/** An order that the gateway sent to a venue that behaves so (null: still an intent), one second ago, and the tracker. */
export async function trackedOrder(behaviour: Behaviour | null = null, change: Partial<OrderIntent> = {}) {
  const room = orderRoom();
  await room.start();
  const run = async () => {
    const before = room.venue.reads;
    await room.tracker(SCHEDULE);
    return room.venue.reads - before;
  };
  // The first run remembers since when fills concern us, and reads all open orders.
  await run();
  // It has also asked the gateway to look at the key.
  room.orderQueue.messages.length = 0;
  const planned = await room.plan(change);
  if (behaviour) {
    room.venue.behaviour = behaviour;
    await room.gateway(fifoEvent(commandOf(planned)) as SQSEvent);
    room.runRequests.messages.length = 0;
  }
  room.pass(1_000);
  const stored = async () => (await room.orders.find(planned.clientOrderId))!;
  const epoch = (symbol = SYMBOL) => room.orders.epoch(EXCHANGE, ACCOUNT, symbol);
  const alertKinds = async () => (await room.alerts.raised()).map((alert) => alert.kind);
  return { ...room, run, planned, stored, epoch, alertKinds };
}

/** The same account after its order was filled and tracked. */
export async function idleAccount() {
  const room = await trackedOrder('fill');
  await room.run();
  room.runRequests.messages.length = 0;
  room.pass(1_000);
  return room;
}
