import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { KeyCheckCommand } from '#shared/messages/order-command.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { cancelOf, commandOf, fifoEvent, orderRoom, SCHEDULE } from '#test/support/order-room.ts';
import { ACCOUNT, EXCHANGE, T0 } from '#test/support/orders.ts';

const JOB = SYSTEM_JOBS.tradingKey(ACCOUNT);
const DAY = 86_400_000;
const WORDS = 'User or API Wallet 0xab does not exist.';

async function open() {
  const room = orderRoom();
  await room.start();
  const send = async (...bodies: unknown[]) => {
    expect(await room.gateway(fifoEvent(...bodies) as SQSEvent)).toEqual({ batchItemFailures: [] });
  };
  const trace = { correlationId: 'c', bornAtMs: T0 };
  const look: KeyCheckCommand = {
    v: 1,
    type: 'check-key',
    exchange: EXCHANGE,
    account: ACCOUNT,
    expiresAtMs: T0 + 30_000,
    trace,
  };
  const row = async () => (await room.deps.jobs.all()).find(({ job }) => job === JOB);
  const alerts = async () => (await room.alerts.raised()).map(({ kind, severity }) => [kind, severity]);
  return { ...room, send, look, row, alerts };
}

describe('the trading key', () => {
  it('is looked at by the gateway alone, which stores what the venue knows of it', async () => {
    const { send, look, row, alerts, venue } = await open();
    await send(look);
    expect([await row(), await alerts()]).toEqual([expect.objectContaining({ lastOkMs: T0, lastError: null }), []]);
    venue.keyCheck = { kind: 'refused', reason: '0xab is no agent of any account' };
    await send(look);
    expect((await row())?.lastError).toBe('0xab is no agent of any account');
    expect(await alerts()).toEqual([['trading-key-refused', 'critical']]);
    venue.keyCheck = { kind: 'unknown', reason: 'no answer' };
    await send(look);
    expect((await row())?.lastError, 'nobody knows better').toBe('0xab is no agent of any account');
    venue.keyCheck = { kind: 'ok', validUntilMs: T0 + 8 * DAY };
    await send(look);
    expect([(await row())?.lastError, (await alerts()).length]).toEqual([null, 1]);
    venue.keyCheck = { kind: 'ok', validUntilMs: T0 + 6 * DAY };
    await send(look);
    expect(await alerts()).toContainEqual(['trading-key-expiring', 'warning']);
    expect((await row())?.detail).toEqual({ validUntilMs: T0 + 6 * DAY });
  });

  it.each(['key-refused', 'configuration'] as const)(
    'that cannot sign an order (%s) is an alert of its own',
    async (code) => {
      const { send, row, alerts, venue, plan } = await open();
      venue.submitOrder = async () => ({ kind: 'rejected', code, message: WORDS });
      await send(commandOf(await plan()));
      expect([(await row())?.lastError, await alerts()]).toEqual([WORDS, [['trading-key-refused', 'critical']]]);
    },
  );

  it('that the venue refuses for a leverage or a cancel is one, too', async () => {
    const leverage = await open();
    leverage.venue.leverageError = new ExchangeError('key-refused', WORDS, {
      retryable: false,
      mayHaveReachedVenue: true,
    });
    await leverage.send(commandOf(await leverage.plan()));
    expect(await leverage.alerts()).toContainEqual(['trading-key-refused', 'critical']);
    const cancel = await open();
    const planned = await cancel.plan();
    cancel.venue.behaviour = 'rest';
    await cancel.send(commandOf(planned));
    cancel.venue.cancelOrder = async () => ({ kind: 'unknown', message: WORDS, code: 'key-refused' });
    await cancel.send(cancelOf(planned));
    expect([(await cancel.row())?.lastError, await cancel.alerts()]).toEqual([
      WORDS,
      [['trading-key-refused', 'critical']],
    ]);
  });

  it('is asked about by the tracker: at once by a new process, then each quarter of an hour, each minute while it is refused', async () => {
    const { tracker, orderQueue, look, send, venue, pass } = await open();
    const asked = async (ms: number) => {
      pass(ms);
      await tracker(SCHEDULE);
      return orderQueue.messages.splice(0).filter(({ body }) => JSON.parse(body).type === 'check-key').length;
    };
    expect(await asked(0)).toBe(1);
    await send(look);
    expect([await asked(60_000), await asked(839_999), await asked(1)]).toEqual([0, 0, 1]);
    venue.keyCheck = { kind: 'refused', reason: WORDS };
    await send(look);
    expect([await asked(59_999), await asked(1), await asked(30_000), await asked(30_000)]).toEqual([0, 1, 0, 1]);
  });

  it('holds no exit up while the venue does not answer about it, nor long after anybody asked', async () => {
    const { send, look, venue, plan, pass, row, clock } = await open();
    let asked = 0;
    venue.checkKey = () => {
      asked += 1;
      return new Promise(() => {});
    };
    clock.setTimer = (delayMs, fn) => {
      pass(delayMs);
      fn();
      return { cancel: () => {} };
    };
    const exit = await plan({ orderClass: 'reduce', side: 'sell', reduceOnly: true });
    await send(look, commandOf(exit));
    expect([venue.submits, clock.nowMs()]).toEqual([[exit.clientOrderId], T0 + 5_000]);
    pass(25_000);
    await send(look);
    expect([asked, await row()], 'it expired in the queue').toEqual([1, undefined]);
  });

  it('that cannot be noted does not bring the order again', async () => {
    const { send, venue, plan, deps, telemetry } = await open();
    deps.jobs.recordError = async () => {
      throw new Error('the database is away');
    };
    venue.submitOrder = async () => ({ kind: 'rejected', code: 'key-refused', message: WORDS });
    await send(commandOf(await plan()));
    expect(telemetry.logs.some(({ fields }) => String(fields.error).includes('the database is away'))).toBe(true);
  });
});
