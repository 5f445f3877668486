import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '#shared/core/orders/order.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { commandOf, fifoEvent, orderRoom, type RecordingQueue } from '#test/support/order-room.ts';
import { ACCOUNT, EXCHANGE, SYMBOL } from '#test/support/orders.ts';

const reduce = { orderClass: 'reduce', reduceOnly: true, side: 'sell' } as const;

/** Seconds until each reconciliation that was asked for. */
const delays = (room: { readonly runRequests: RecordingQueue }) =>
  room.runRequests.messages.map(({ body, delaySeconds }) => [JSON.parse(body).job, delaySeconds ?? 0]);

describe('order gateway after a refusal', () => {
  it('has an exit that found nothing within its price planned again at once while the price widens, later after that', async () => {
    const room = orderRoom();
    await room.start();
    room.venue.behaviour = 'reject';
    for (let epoch = 0; epoch < 6; epoch += 1) {
      await room.gateway(fifoEvent(commandOf(await room.plan({ ...reduce, epoch }))) as SQSEvent);
    }
    expect((await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).exitAttempts).toBe(6);
    expect(delays(room)).toEqual([0, 0, 0, 0, 30, 30].map((seconds) => ['reconciliation', seconds]));
    expect((await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).holdReason).toBeNull();
  });

  it.each(['refuse', 'turn-away'] as const)(
    'has an exit that meets %s planned again, later each time',
    async (behaviour) => {
      const room = orderRoom();
      await room.start();
      room.venue.behaviour = behaviour;
      for (let epoch = 0; epoch < 6; epoch += 1) {
        await room.gateway(fifoEvent(commandOf(await room.plan({ ...reduce, epoch }))) as SQSEvent);
      }
      expect((await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).exitAttempts, 'the step of the ladder is kept').toBe(
        0,
      );
      expect(delays(room)).toEqual([2, 4, 8, 16, 30, 30].map((seconds) => ['reconciliation', seconds]));
    },
  );

  it('has an exit that its own gates refused planned again soon, and not with the next schedule', async () => {
    const room = orderRoom();
    await room.start();
    await room.setState('LOCKED', 'freeze');
    await room.gateway(fifoEvent(commandOf(await room.plan(reduce))) as SQSEvent);
    expect(room.venue.submits).toEqual([]);
    expect(delays(room)).toEqual([['reconciliation', 30]]);
    await room.gateway(fifoEvent(commandOf(await room.plan({ epoch: 1 }))) as SQSEvent);
    expect(delays(room), 'an entry can wait').toHaveLength(1);
  });

  it('has an entry that was refused planned again when its wait is over, until the symbol is on HOLD', async () => {
    const room = orderRoom();
    await room.start();
    for (const behaviour of ['refuse', 'reject'] as const) {
      room.venue.behaviour = behaviour;
      for (let i = 0; i < 5; i += 1) {
        const { epoch } = await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL);
        await room.gateway(fifoEvent(commandOf(await room.plan({ epoch }))) as SQSEvent);
      }
    }
    expect(delays(room)).toEqual([15, 30, 60, 120].map((seconds) => ['reconciliation', seconds]));
  });

  it('puts a symbol whose orders are refused again and again on HOLD, quotes the venue, and still sends exits', async () => {
    const room = orderRoom();
    await room.start();
    room.venue.behaviour = 'refuse';
    const send = async (epoch: number, change: Partial<OrderIntent> = {}) => {
      const planned = await room.plan({ epoch, ...change });
      await room.gateway(fifoEvent(commandOf(planned)) as SQSEvent);
      return (await room.orders.find(planned.clientOrderId))?.errorCode;
    };
    const hold = async () => (await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).holdReason;
    for (let epoch = 0; epoch < 4; epoch += 1) await send(epoch);
    expect([await hold(), (await room.alerts.raised()).length]).toEqual([null, 0]);
    await send(4);
    expect(await hold()).toBe('refused-repeatedly');
    expect(await room.alerts.raised()).toMatchObject([
      { kind: 'refused-repeatedly', severity: 'critical', symbol: SYMBOL, count: 1 },
    ]);
    expect((await room.alerts.raised())[0]?.message).toContain('Insufficient margin to place order.');
    expect(await send(5)).toBe('symbol-on-hold');
    room.venue.behaviour = 'fill';
    expect(await send(6, reduce), 'protection stays').toBeNull();
    expect(await hold(), 'a human must look').toBe('refused-repeatedly');
  });

  it('puts a symbol on HOLD whose leverage is refused again and again, not one whose leverage could not be asked for', async () => {
    for (const [kind, hold] of [
      ['rejected', 'refused-repeatedly'],
      ['timeout', null],
    ] as const) {
      const room = orderRoom();
      await room.start();
      room.venue.leverageError = new ExchangeError(kind, 'updateLeverage: Invalid leverage value', {
        retryable: false,
        mayHaveReachedVenue: true,
      });
      for (let epoch = 0; epoch < 5; epoch += 1) {
        await room.gateway(fifoEvent(commandOf(await room.plan({ epoch }))) as SQSEvent);
      }
      expect((await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).holdReason).toBe(hold);
      const raised = (await room.alerts.raised()).filter((alert) => alert.kind === 'refused-repeatedly');
      expect(raised.map((alert) => alert.message.includes('Invalid leverage value'))).toEqual(hold ? [true] : []);
    }
  });

  it('puts nothing on HOLD for a door that is closed to every symbol', async () => {
    const room = orderRoom();
    await room.start();
    room.venue.behaviour = 'turn-away';
    for (let epoch = 0; epoch < 9; epoch += 1) {
      await room.gateway(fifoEvent(commandOf(await room.plan({ epoch }))) as SQSEvent);
    }
    expect(await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).toMatchObject({
      holdReason: null,
      refusals: { count: 9 },
    });
  });

  it('asks for an exit again that expired before it was sent', async () => {
    const room = orderRoom();
    await room.start();
    const planned = await room.plan(reduce);
    room.pass(30_000);
    await room.gateway(fifoEvent(commandOf(planned)) as SQSEvent);
    expect(delays(room)).toEqual([['reconciliation', 2]]);
  });

  it('asks for an exit again that no book saw, also after exits that one refused', async () => {
    const room = orderRoom();
    await room.start();
    room.venue.behaviour = 'reject';
    await room.gateway(fifoEvent(commandOf(await room.plan({ ...reduce, epoch: 0 }))) as SQSEvent);
    room.venue.behaviour = 'turn-away';
    await room.gateway(fifoEvent(commandOf(await room.plan({ ...reduce, epoch: 1 }))) as SQSEvent);
    expect((await room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL)).exitAttempts).toBe(1);
    expect(delays(room)).toEqual([0, 2].map((seconds) => ['reconciliation', seconds]));
  });
});
