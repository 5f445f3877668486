import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createHandler } from '#functions/order-gateway/handler.ts';
import type { OrderIntent } from '#shared/core/orders/order.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { cancelOf, commandOf, fifoEvent, orderRoom } from '#test/support/order-room.ts';
import { ACCOUNT, EXCHANGE, intent, SYMBOL } from '#test/support/orders.ts';

async function open(change: Partial<OrderIntent> = {}) {
  const room = orderRoom();
  await room.start();
  const planned = await room.plan(change);
  const deliver = (...bodies: unknown[]) =>
    room.gateway(fifoEvent(...(bodies.length > 0 ? bodies : [commandOf(planned)])) as SQSEvent);
  const stored = async () => (await room.orders.find(planned.clientOrderId))!;
  const epoch = () => room.orders.epoch(EXCHANGE, ACCOUNT, SYMBOL);
  return { ...room, planned, deliver, stored, epoch };
}
const reduce = { orderClass: 'reduce', reduceOnly: true, side: 'sell' } as const;

describe('order gateway', () => {
  it('sends an approved order once, stores the answer, acknowledges and asks for tracking', async () => {
    const { deliver, stored, venue, orders, requestedJobs, clock } = await open();

    expect(await deliver()).toEqual({ batchItemFailures: [] });

    expect(venue.submits).toHaveLength(1);
    expect(await stored()).toMatchObject({
      status: 'partially-filled',
      filledSize: '1',
      averagePrice: '100',
      venueOrderId: '101',
      sentAtMs: clock.nowMs(),
    });
    expect(await orders.pendingOutbox(EXCHANGE, 0, 10)).toEqual([]);
    expect(requestedJobs()).toEqual(['order-tracker']);
  });

  it('sends nothing for a redelivery, whatever the order has become', async () => {
    const { deliver, venue, stored } = await open();
    await deliver();
    await deliver();
    expect(venue.submits).toHaveLength(1);
    expect((await stored()).status).toBe('partially-filled');
  });

  it('takes `sending` on a redelivery for a lost answer: unknown, acknowledged, tracked, never sent again', async () => {
    const { deliver, venue, orders, planned, stored, requestedJobs } = await open();
    await orders.send(planned.clientOrderId, 1);

    expect(await deliver()).toEqual({ batchItemFailures: [] });

    expect(venue.submits).toEqual([]);
    expect(await stored()).toMatchObject({ status: 'unknown', errorCode: 'answer-lost' });
    expect(await orders.pendingOutbox(EXCHANGE, 0, 10)).toEqual([]);
    expect(requestedJobs()).toEqual(['order-tracker']);
  });

  it.each([
    ['lose', 'unknown-timeout'],
    ['throw', 'unknown-bug'],
  ] as const)(
    'stores `unknown` when the answer to an order is lost (%s), and does not fail the message',
    async (behaviour, code) => {
      const { deliver, venue, stored, epoch, requestedJobs } = await open();
      venue.behaviour = behaviour;
      expect(await deliver()).toEqual({ batchItemFailures: [] });
      expect(await stored()).toMatchObject({ status: 'unknown', errorCode: code });
      expect((await epoch()).epoch).toBe(0);
      expect(requestedJobs()).toEqual(['order-tracker']);
    },
  );

  it('ends an order that the venue rejected and raises the epoch without moving settledAt', async () => {
    const { deliver, venue, stored, epoch, requestedJobs } = await open();
    venue.behaviour = 'reject';
    await deliver();
    expect(await stored()).toMatchObject({ status: 'rejected', errorCode: 'ioc-no-match' });
    expect(await epoch()).toMatchObject({ epoch: 1, settledAtMs: 0, exitAttempts: 0 });
    expect(requestedJobs()).toEqual([]);
  });

  it.each([
    ['fills more than was asked for', { filledSize: '1.5', averagePrice: '100' }],
    ['names an average price beyond the limit', { filledSize: '1', averagePrice: '1000' }],
  ])('does not believe an answer that %s', async (_, filled) => {
    const { deliver, venue, stored } = await open();
    venue.submitOrder = async () => ({ kind: 'accepted', venueOrderId: '7', state: 'filled', ...filled });
    await deliver();
    expect(await stored()).toMatchObject({ status: 'unknown', filledSize: '0', errorCode: 'unknown-malformed-reply' });
  });

  it('ends what has expired and sends nothing, whoever redrives the queue', async () => {
    const { deliver, pass, venue, stored, epoch } = await open();
    pass(30_000);
    await deliver();
    expect(venue.submits).toEqual([]);
    expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'expired' });
    expect((await epoch()).epoch).toBe(1);
  });

  it('sends until the last millisecond', async () => {
    const { deliver, pass, venue } = await open();
    pass(29_999);
    await deliver();
    expect(venue.submits).toHaveLength(1);
  });

  describe('gates', () => {
    it.each([
      ['RECONCILING', null],
      ['DEGRADED', null],
      ['LOCKED', 'close-only'],
      ['BOOTSTRAPPING', null],
    ] as const)('refuses an opening order in %s (%s) for good', async (state, mode) => {
      const { deliver, setState, venue, stored, epoch, alerts, telemetry } = await open();
      await setState(state, mode);
      await deliver();
      expect(venue.submits).toEqual([]);
      expect(await stored()).toMatchObject({ status: 'rejected', errorCode: 'state-forbids' });
      expect((await epoch()).epoch).toBe(1);
      expect(await alerts.raised()).toMatchObject([
        { kind: 'order-refused', detail: { code: 'state-forbids', state } },
      ]);
      expect(telemetry.counts.get(metrics.refusals)).toBe(1);
    });

    it('sends nothing of an epoch that has moved on since it was planned', async () => {
      const { deps, gatewayEnv, planned, venue, stored, alerts } = await open(reduce);
      const moved = async (...who: Parameters<typeof deps.orders.epoch>) => ({
        ...(await deps.orders.epoch(...who)),
        epoch: 1,
      });
      const orders = { ...deps.orders, epoch: moved };
      await createHandler({ ...deps, orders }, gatewayEnv)(fifoEvent(commandOf(planned)) as SQSEvent);
      expect(venue.submits).toEqual([]);
      expect(await stored()).toMatchObject({ status: 'rejected', errorCode: 'stale-epoch' });
      expect(await alerts.raised()).toMatchObject([{ kind: 'order-refused', detail: { epoch: 0, current: 1 } }]);
    });

    it('lets a reduction through where only opening is forbidden, and not where everything is', async () => {
      const closeOnly = await open(reduce);
      await closeOnly.setState('LOCKED', 'close-only');
      await closeOnly.deliver();
      expect(closeOnly.venue.submits).toHaveLength(1);

      const frozen = await open(reduce);
      await frozen.setState('LOCKED', 'freeze');
      await frozen.deliver();
      expect(frozen.venue.submits).toEqual([]);
    });

    it.each(['open', 'reduce'] as const)(
      'sees a lock that comes while the facts behind an order to %s are read',
      async (orderClass) => {
        const { deps, gatewayEnv, planned, venue, setState, stored } = await open(orderClass === 'open' ? {} : reduce);
        const facts = {
          read: async (...args: Parameters<typeof deps.facts.read>) => {
            await setState('LOCKED', 'freeze');
            return deps.facts.read(...args);
          },
        };
        await createHandler({ ...deps, facts }, gatewayEnv)(fifoEvent(commandOf(planned)) as SQSEvent);
        expect(venue.submits).toEqual([]);
        expect(await stored()).toMatchObject({ status: 'rejected', errorCode: 'state-forbids' });
      },
    );

    it('treats an unreadable state as an absent one', async () => {
      const { deps, gatewayEnv, planned, venue, stored } = await open();
      const systemState = { read: async () => Promise.reject(new Error('database is gone')) };
      await createHandler({ ...deps, systemState }, gatewayEnv)(fifoEvent(commandOf(planned)) as SQSEvent);
      expect(venue.submits).toEqual([]);
      expect(await stored()).toMatchObject({ status: 'rejected', errorCode: 'state-forbids' });
    });

    it('counts repeats of one refusal as one episode', async () => {
      const { deliver, plan, setState, alerts, gateway } = await open();
      await setState('LOCKED', 'freeze');
      await deliver();
      await gateway(fifoEvent(commandOf(await plan({ epoch: 1 }))) as SQSEvent);
      expect(await alerts.raised()).toMatchObject([{ count: 2 }]);
    });

    it('refuses with the numbers of the limit', async () => {
      const { deliver, limitFacts, stored } = await open();
      limitFacts.current = { ordersLastMinute: 60 };
      await deliver();
      expect(await stored()).toMatchObject({ status: 'rejected', errorCode: 'order-rate' });
      expect((await stored()).errorMessage).toContain('"maxOrdersPerMinute":60');
    });

    it('never stops a reduction by a limit', async () => {
      const { deliver, limitFacts, venue } = await open(reduce);
      limitFacts.current = { ordersLastMinute: 999, equityQuote: null, markPrice: null, lastPrice: null };
      await deliver();
      expect(venue.submits).toHaveLength(1);
    });

    it('opens nothing on HOLD, and still reduces', async () => {
      const held = await open();
      await held.orders.hold(EXCHANGE, ACCOUNT, SYMBOL, 'foreign-fill', 1);
      await held.deliver();
      expect(await held.stored()).toMatchObject({ status: 'rejected', errorCode: 'symbol-on-hold' });

      const exit = await open(reduce);
      await exit.orders.hold(EXCHANGE, ACCOUNT, SYMBOL, 'foreign-fill', 1);
      await exit.deliver();
      expect(exit.venue.submits).toHaveLength(1);
    });

    it('leaves the intent for the outbox while another holder has the lease', async () => {
      const { deliver, leases, clock, venue, stored, orders, pass } = await open();
      await leases.acquire(`writer:${EXCHANGE}:${ACCOUNT}`, 'another', clock.nowMs(), 5_000);
      expect(await deliver()).toEqual({ batchItemFailures: [] });
      expect(venue.submits).toEqual([]);
      expect((await stored()).status).toBe('intent');
      expect(await orders.pendingOutbox(EXCHANGE, 0, 10)).toHaveLength(1);

      pass(5_000);
      await deliver();
      expect(venue.submits).toHaveLength(1);
    });

    it('refuses an unknown instrument', async () => {
      const { deliver, limitFacts, stored } = await open();
      limitFacts.current = null;
      await deliver();
      expect(await stored()).toMatchObject({ errorCode: 'unknown-instrument' });
    });
  });

  describe('leverage', () => {
    it('is set before the first opening order of a symbol, and not again', async () => {
      const { deliver, venue, limitFacts, plan, orders, planned, gateway } = await open();
      limitFacts.current = { leverage: 3, isolated: true };
      await deliver();
      await orders.recordEnd(
        {
          ...planned,
          status: 'filled',
          filledSize: '1',
          averagePrice: null,
          venueEndedAtMs: 1,
          errorCode: null,
          errorMessage: null,
        },
        1,
      );
      await gateway(fifoEvent(commandOf(await plan({ epoch: 1 }))) as SQSEvent);
      expect(venue.submits).toHaveLength(2);
      expect(venue.leverages).toEqual([[SYMBOL, 3, true]]);
    });

    it('is not asked for by a reduction', async () => {
      const { deliver, venue } = await open(reduce);
      await deliver();
      expect(venue.leverages).toEqual([]);
    });

    it('that cannot be set refuses the order, and is tried again by the next', async () => {
      const { deliver, venue, stored, plan, gateway } = await open();
      venue.leverageError = new Error('Cannot decrease leverage');
      await deliver();
      expect(venue.submits).toEqual([]);
      expect(await stored()).toMatchObject({ status: 'rejected', errorCode: 'leverage-not-set' });
      venue.leverageError = null;
      await gateway(fifoEvent(commandOf(await plan({ epoch: 1 }))) as SQSEvent);
      expect(venue.submits).toHaveLength(1);
    });

    it.each(['lock', 'expiry', 'other writer'] as const)(
      'gives way to a %s that came while it was being set',
      async (what) => {
        const { deps, gatewayEnv, planned, venue, setState, pass, leases, clock, stored } = await open();
        const slow = Object.assign(Object.create(venue), {
          submitOrder: venue.submitOrder.bind(venue),
          setLeverage: async () => {
            if (what === 'lock') await setState('LOCKED', 'freeze');
            pass(what === 'expiry' ? 30_000 : 0);
            if (what !== 'other writer') return;
            pass(29_000);
            const later = clock.nowMs() + 60_000;
            await leases.acquire(`writer:${EXCHANGE}:${ACCOUNT}`, 'another', later, 60_000);
          },
        });
        await createHandler({ ...deps, venue: slow }, gatewayEnv)(fifoEvent(commandOf(planned)) as SQSEvent);
        expect(venue.submits).toEqual([]);
        expect((await stored()).status).toBe({ lock: 'rejected', expiry: 'expired', 'other writer': 'intent' }[what]);
      },
    );
  });

  describe('messages', () => {
    it('keeps what is no command for it, and does not retry it', async () => {
      const { deliver, deadLetters, planned, venue } = await open();
      const foreign = { ...commandOf(planned), exchange: 'other' };
      expect(await deliver('{', { v: 1 }, foreign)).toEqual({ batchItemFailures: [] });
      expect(venue.submits).toEqual([]);
      expect((await deadLetters.letters()).map((letter) => letter.error)).toMatchObject([
        'not JSON',
        expect.stringContaining('type'),
        'a command for other, not hyperliquid',
      ]);
    });

    it('sends nothing for an order that is not stored', async () => {
      const { deliver, venue, telemetry } = await open();
      expect(await deliver(commandOf(intent({ epoch: 9 })))).toEqual({ batchItemFailures: [] });
      expect(venue.submits).toEqual([]);
      expect(telemetry.counts.get(metrics.inputsDropped)).toBe(1);
    });

    it('fails a record, and all that follow it in its group, when the store cannot be read', async () => {
      const { deps, gatewayEnv, planned, venue, orders } = await open();
      const broken = { ...orders, find: async () => Promise.reject(new Error('SQLITE_BUSY')) };
      const handler = createHandler({ ...deps, orders: broken }, gatewayEnv);
      const event = fifoEvent(commandOf(planned), '{', commandOf(planned)) as SQSEvent;
      event.Records[2]!.attributes.MessageGroupId = 'another';
      expect(await handler(event)).toEqual({
        batchItemFailures: ['m0', 'm1', 'm2'].map((itemIdentifier) => ({ itemIdentifier })),
      });
      expect(venue.submits).toEqual([]);
    });

    it('does not fail the record when the answer of the venue cannot be stored', async () => {
      const { deps, gatewayEnv, planned, venue, orders, stored } = await open();
      const broken = { ...orders, recordAnswer: async () => Promise.reject(new Error('disk is full')) };
      const handler = createHandler({ ...deps, orders: broken }, gatewayEnv);
      expect(await handler(fifoEvent(commandOf(planned)) as SQSEvent)).toEqual({ batchItemFailures: [] });
      expect(venue.submits).toHaveLength(1);
      expect((await stored()).status).toBe('sending');
    });

    it('survives queues and alarms that refuse', async () => {
      const { deliver, runRequests, stored } = await open();
      runRequests.refuses = true;
      expect(await deliver()).toEqual({ batchItemFailures: [] });
      expect((await stored()).status).toBe('partially-filled');
    });
  });

  describe('cancel', () => {
    it('asks the venue, in any state, and leaves the end to the tracker', async () => {
      const { deliver, planned, venue, stored, setState, requestedJobs } = await open();
      venue.behaviour = 'rest';
      await deliver();
      await setState('LOCKED', 'freeze');
      await deliver(cancelOf(planned));
      expect(venue.cancels).toEqual([planned.clientOrderId]);
      expect((await stored()).status).toBe('open');
      expect(requestedJobs()).toEqual(['order-tracker', 'order-tracker']);
    });

    it('withdraws an intent without asking anybody', async () => {
      const { deliver, planned, venue, stored, epoch } = await open();
      await deliver(cancelOf(planned), commandOf(planned));
      expect(venue.cancels).toEqual([]);
      expect(venue.submits).toEqual([]);
      expect(await stored()).toMatchObject({ status: 'cancelled', errorCode: 'withdrawn' });
      expect((await epoch()).epoch).toBe(1);
    });

    it('does nothing for an order that ended, that is unknown, or when it is too old', async () => {
      const { deliver, planned, venue, pass } = await open();
      venue.behaviour = 'rest';
      await deliver();
      pass(30_000);
      await deliver(cancelOf(planned), cancelOf(intent({ epoch: 5 })));
      expect(venue.cancels).toEqual([]);
    });

    it('takes a cancel that worked for proof that a lost order had arrived', async () => {
      const { deliver, planned, venue, stored } = await open();
      venue.behaviour = 'rest-silently';
      await deliver();
      expect((await stored()).status).toBe('unknown');
      await deliver(cancelOf(planned));
      expect((await stored()).status).toBe('open');
    });
  });
});
