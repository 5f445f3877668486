import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { RECONCILIATION_JOB, runRequest } from '#shared/messages/reconciliation-messages.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { commandOf, fifoEvent, orderRoom, SCHEDULE } from '#test/support/order-room.ts';
import { ACCOUNT, EXCHANGE, SYMBOL, T0 } from '#test/support/orders.ts';
import { anAccountState } from '#test/support/system.ts';
import { idleAccount, trackedOrder } from '#test/support/tracked-order.ts';

const REQUEST = {
  Records: [
    {
      messageId: 'r1',
      body: JSON.stringify(
        runRequest('order-tracker', EXCHANGE, [SYMBOL], 'order accepted', { correlationId: 'c', bornAtMs: T0 }),
      ),
    },
  ],
};

describe('order tracker', () => {
  describe('what became of our orders', () => {
    it('ends a filled order with the time of the venue, stores its fills and asks for fresh sources', async () => {
      const { run, stored, epoch, orders, runRequests, requestedJobs, telemetry } = await trackedOrder('fill');
      await run();
      const { correlationId } = await stored();
      expect(telemetry.logs.map(({ event, fields }) => [event, fields.correlationId])).toEqual([
        [logEvents.orderAnswered, correlationId],
        [logEvents.orderEnded, correlationId],
        [logEvents.fillStored, correlationId],
      ]);
      expect(await stored()).toMatchObject({
        status: 'filled',
        filledSize: '1',
        averagePrice: '100',
        venueEndedAtMs: T0,
      });
      expect(await epoch()).toMatchObject({ epoch: 1, settledAtMs: T0 });
      expect(await orders.fillsSince(EXCHANGE, ACCOUNT, 0, 10)).toMatchObject([{ ours: true, size: '1' }]);
      expect(requestedJobs()).toEqual(['balance', 'observer', RECONCILIATION_JOB]);
      expect(runRequests.messages.map((message) => message.delaySeconds)).toEqual([undefined, undefined, 2]);
      const born = runRequests.messages.map(({ body }) => JSON.parse(body).trace.bornAtMs as number);
      // The tick behind the order decided nothing of what the cycle after it finds.
      expect(born[2]! - born[0]!, 'latency counts from when it is due').toBeGreaterThanOrEqual(2_000);
    });

    it('follows a resting order: open, partly filled with its average price, filled', async () => {
      const { run, stored, venue, planned, pass } = await trackedOrder('rest', { timeInForce: 'Gtc' });
      await run();
      expect((await stored()).status).toBe('open');
      venue.fillResting(planned.clientOrderId, '0.25');
      await run();
      expect(await stored()).toMatchObject({ status: 'partially-filled', filledSize: '0.25', averagePrice: '100' });
      pass(1_000);
      venue.fillResting(planned.clientOrderId);
      await run();
      expect(await stored()).toMatchObject({ status: 'filled', filledSize: '1' });
    });

    it('ends what was partly filled and cancelled, and counts the unfilled exit', async () => {
      const { run, stored, epoch } = await trackedOrder('partly', {
        orderClass: 'reduce',
        reduceOnly: true,
        side: 'sell',
      });
      await run();
      expect(await stored()).toMatchObject({ status: 'cancelled', filledSize: '0.5' });
      expect(await epoch()).toMatchObject({ epoch: 1, exitAttempts: 1 });
    });

    it('has an exit that keeps failing planned again later than one whose price still widens', async () => {
      const room = await trackedOrder(null);
      await room.orders.recordEnd(
        {
          clientOrderId: room.planned.clientOrderId,
          status: 'expired',
          filledSize: '0',
          averagePrice: null,
          venueEndedAtMs: null,
          errorCode: null,
          errorMessage: null,
        },
        T0,
      );
      const delays: (number | undefined)[] = [];
      for (let epoch = 1; epoch <= 6; epoch += 1) {
        const exit = await room.plan({ epoch, orderClass: 'reduce', reduceOnly: true, side: 'sell' });
        room.venue.behaviour = 'partly';
        await room.gateway(fifoEvent(commandOf(exit)) as SQSEvent);
        room.runRequests.messages.length = 0;
        room.pass(1_000);
        await room.run();
        const again = room.runRequests.messages.filter(({ body }) => JSON.parse(body).job === RECONCILIATION_JOB);
        delays.push(...again.map(({ delaySeconds }) => delaySeconds));
      }
      expect(delays).toEqual([2, 2, 2, 2, 30, 30]);
    });

    it('asks for the fills of an order whose symbol nobody manages any more: without them it would count as never accepted', async () => {
      const { run, venue, planned } = await trackedOrder('lose');
      await run();
      expect(venue.symbolsAsked).toContain(planned.symbol);
    });

    it('finds an order whose answer was lost, and one whose gateway died before it could store anything', async () => {
      const lost = await trackedOrder('fill-silently');
      await lost.run();
      expect(await lost.stored()).toMatchObject({ status: 'filled', filledSize: '1' });

      const died = await trackedOrder(null);
      await died.orders.send(died.planned.clientOrderId, T0);
      died.pass(4_000);
      await died.run();
      expect((await died.stored()).status).toBe('sending');
    });

    it('says never accepted only 5 s after the expiry, and raises the epoch then', async () => {
      const { run, stored, epoch, pass } = await trackedOrder('lose');
      pass(33_999);
      await run();
      expect((await stored()).status, 'exactly 5 s after the expiry').toBe('unknown');
      pass(1);
      await run();
      expect((await stored()).status).toBe('unknown');
      pass(1);
      await run();
      const { expiresAtMs } = await stored();
      expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'never-accepted' });
      expect(await epoch(), 'a source from before the expiry may still hide a fill').toMatchObject({
        epoch: 1,
        settledAtMs: expiresAtMs,
      });
    });

    it('leaves it to the clock of the venue when an order is over: ours may be a minute ahead', async () => {
      const { run, stored, pass, venue, lead } = await trackedOrder('arrive-late');
      lead.ms = 60_000;
      pass(60_000);
      await run();
      expect((await stored()).status, '31 s after its expiry by our clock, 29 s before it by the venue’s').toBe(
        'unknown',
      );
      venue.deliverLate();
      await run();
      expect(await stored()).toMatchObject({ status: 'filled', filledSize: '1' });
    });

    it('calls no order never accepted while the venue does not tell its time', async () => {
      const { trackerEnv, deps, stored, pass } = await trackedOrder('lose');
      const mute = async () => {
        throw new ExchangeError('timeout', 'no answer', { retryable: true, mayHaveReachedVenue: true });
      };
      const { createHandler } = await import('#functions/order-tracker/handler.ts');
      pass(600_000);
      await createHandler({ ...deps, venueClock: { venueTimeMs: mute } }, trackerEnv)(SCHEDULE);
      expect((await stored()).status).toBe('unknown');
      await createHandler(deps, trackerEnv)(SCHEDULE);
      expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'never-accepted' });
    });

    it('alarms at once for one of a clock that was ahead: its expiry lies a day away, and until then it may still arrive', async () => {
      const { run, stored, pass, alertKinds } = await trackedOrder('lose');
      pass(-86_400_000);
      await run();
      expect([(await stored()).status, await alertKinds()]).toEqual(['unknown', ['order-unresolved']]);
    });

    it('takes the time of a view of the account for the least that the venue’s clock shows, where it tells none', async () => {
      const { trackerEnv, deps, stored, pass, accounts, clock } = await trackedOrder('lose');
      const mute = async () => {
        throw new ExchangeError('rejected', 'unknown request', { retryable: false, mayHaveReachedVenue: true });
      };
      const { createHandler } = await import('#functions/order-tracker/handler.ts');
      const look = createHandler({ ...deps, venueClock: { venueTimeMs: mute } }, trackerEnv);
      const { expiresAtMs } = await stored();
      const seen = (atMs: number) =>
        accounts.saveSnapshot(anAccountState(atMs, { account: ACCOUNT }), '0', clock.nowMs());
      pass(600_000);
      await seen(expiresAtMs + 5_000);
      await look(SCHEDULE);
      expect((await stored()).status, 'it may still arrive').toBe('unknown');
      await seen(expiresAtMs + 5_001);
      await look(SCHEDULE);
      expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'never-accepted' });
    });

    it('does not take a late arrival for a lost order', async () => {
      const { run, stored, pass, venue } = await trackedOrder('arrive-late');
      await run();
      pass(20_000);
      venue.deliverLate();
      await run();
      expect((await stored()).status).toBe('filled');
    });

    it.each(['order', 'open', 'fills'] as const)('guesses nothing while reading %s fails', async (what) => {
      const { run, stored, pass, venue, telemetry } = await trackedOrder('lose');
      venue.down.add(what);
      pass(40_000);
      await run();
      expect((await stored()).status).toBe('unknown');
      expect(telemetry.logs.some((log) => log.level === 'warn')).toBe(true);
      venue.down.clear();
      await run();
      expect((await stored()).status).toBe('expired');
    });

    it('believes open orders when the status query denies a live order', async () => {
      const { run, stored, venue, planned, pass } = await trackedOrder('rest-silently', { timeInForce: 'Gtc' });
      venue.denied.add(planned.clientOrderId);
      pass(60_000);
      await run();
      expect((await stored()).status).toBe('open');
    });

    it('alarms when nobody knows for long what became of an order that the venue took', async () => {
      const { run, stored, venue, planned, pass, alertKinds } = await trackedOrder('rest', { timeInForce: 'Gtc' });
      await venue.cancelOrder(ACCOUNT, SYMBOL, planned.clientOrderId);
      venue.denied.add(planned.clientOrderId);
      pass(330_000);
      await run();
      expect((await stored()).status).toBe('open');
      expect(await alertKinds()).toEqual(['order-unresolved']);
    });
  });

  describe('outbox and cancels', () => {
    it('re-sends commands that nobody acknowledged, each attempt under its own deduplication id', async () => {
      const { run, planned, orderQueue, pass } = await trackedOrder(null);
      await run();
      pass(4_000);
      await run();
      expect(orderQueue.messages, 'left to the queue for 5 s').toHaveLength(1);
      pass(1_000);
      await run();
      expect(orderQueue.messages).toEqual(
        [0, 1].map((attempt) => ({
          body: JSON.stringify(commandOf(planned)),
          groupId: `${EXCHANGE}:${ACCOUNT}`,
          deduplicationId: `${planned.clientOrderId}:${attempt}`,
        })),
      );
    });

    it('ends what expired before it was sent, and leaves what was sent', async () => {
      const { run, stored, epoch, pass } = await trackedOrder(null);
      pass(30_000);
      await run();
      expect(await stored()).toMatchObject({ status: 'expired', errorCode: 'expired' });
      expect((await epoch()).epoch).toBe(1);

      const sent = await trackedOrder(null);
      await sent.orders.send(sent.planned.clientOrderId, T0);
      sent.pass(30_000);
      await sent.run();
      expect((await sent.stored()).status).toBe('sending');
      expect(await sent.orders.expiredOutbox(EXCHANGE, T0 + 99_000, 10)).toEqual([]);
    });

    it('tries again when the queue refused', async () => {
      const { run, orderQueue, orders } = await trackedOrder(null);
      orderQueue.refuses = true;
      await run();
      expect(await orders.pendingOutbox(EXCHANGE, 0, 10)).toMatchObject([{ attempts: 0, enqueuedAtMs: null }]);
      orderQueue.refuses = false;
      await run();
      expect(orderQueue.messages).toHaveLength(1);
    });

    it('has an order cancelled that rests past its expiry', async () => {
      const { run, planned, orderQueue, pass } = await trackedOrder('rest', { timeInForce: 'Gtc' });
      await run();
      expect(orderQueue.messages).toEqual([]);
      pass(31_000);
      await run();
      expect(orderQueue.messages.map((message) => JSON.parse(message.body))).toMatchObject([
        { type: 'cancel', clientOrderId: planned.clientOrderId, reason: 'rests past its expiry' },
      ]);
    });
  });

  describe('calls', () => {
    it('makes one call when nothing is at work, and none out of turn', async () => {
      const { run, tracker, venue, runRequests } = await idleAccount();
      for (let round = 0; round < 8; round += 1) expect(await run()).toBeLessThanOrEqual(1);
      const before = venue.reads;
      await tracker(REQUEST);
      expect(venue.reads).toBe(before);
      expect(runRequests.messages).toEqual([]);
    });

    it('asks only for the status of an order that rests as it did, out of turn', async () => {
      const { run, tracker, venue } = await trackedOrder('rest', { timeInForce: 'Gtc' });
      await run();
      const before = venue.reads;
      await tracker(REQUEST);
      expect(venue.reads - before).toBe(1);
    });

    it('answers a whole batch with one run, and hands back what is no job', async () => {
      const { tracker, venue } = await trackedOrder('fill');
      const before = venue.reads;
      const records = [...REQUEST.Records, { messageId: 'r2', body: '{' }, { ...REQUEST.Records[0]!, messageId: 'r3' }];
      expect(await tracker({ Records: records })).toEqual({ batchItemFailures: [{ itemIdentifier: 'r2' }] });
      expect(venue.reads - before).toBe(2);
    });

    it('lets orders take turns when there are more than it may ask for', async () => {
      const { trackerEnv, deps, plan, gateway, venue, pass, orders } = await trackedOrder(null);
      const { createHandler } = await import('#functions/order-tracker/handler.ts');
      const small = createHandler(deps, { ...trackerEnv, LOOKUPS_MAX: 2 });
      venue.behaviour = 'fill';
      const planned = [];
      for (const symbol of ['A/USDC:USDC', 'B/USDC:USDC', 'C/USDC:USDC', 'D/USDC:USDC', 'E/USDC:USDC'])
        planned.push(await plan({ symbol }));
      await gateway(fifoEvent(...planned.map(commandOf)) as SQSEvent);
      for (let round = 0; round < 5; round += 1) {
        pass(1_000);
        await small(SCHEDULE);
      }
      for (const { clientOrderId } of planned) expect((await orders.find(clientOrderId))?.status).toBe('filled');
    });
  });

  describe('failures', () => {
    it('fails and says so in its heartbeat when the store is gone', async () => {
      const { deps, trackerEnv, jobs } = await trackedOrder(null);
      const { createHandler } = await import('#functions/order-tracker/handler.ts');
      const orders = { ...deps.orders, working: async () => Promise.reject(new Error('database is gone')) };
      const handler = createHandler({ ...deps, orders }, trackerEnv);
      await expect(handler(SCHEDULE)).rejects.toThrow('database is gone');
      expect((await jobs.all()).find((job) => job.job === 'order-tracker')?.lastError).toContain('database is gone');
    });

    it('waits for the installation tag', async () => {
      const room = orderRoom();
      await expect(room.tracker(SCHEDULE)).rejects.toThrow('no installation tag');
    });
  });
});
