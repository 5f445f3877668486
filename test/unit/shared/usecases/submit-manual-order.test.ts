import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { rememberRefusals } from '#functions/api/remember-refusals.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import { manualOrderAnswer } from '#shared/messages/manual-order.ts';
import type { CycleRows, CycleSave, CycleSaved } from '#shared/ports/repositories/reconciliation-repository.ts';
import { type SubmitManualOrderInput, submitManualOrder } from '#shared/usecases/submit-manual-order.ts';
import { someSettings } from '#test/support/cycle.ts';
import { fifoEvent, orderRoom } from '#test/support/order-room.ts';
import { ACCOUNT, EXCHANGE, instrument, order, SYMBOL, TAG } from '#test/support/orders.ts';
import { ACCOUNT as ADDRESS, anAccountState, anObserverDocument } from '#test/support/system.ts';

const BODY = { symbol: 'BTC', side: 'buy', size: 1, type: 'market' };

/** The whole way: the queue is delivered to the gateway while the caller waits. */
async function desk() {
  const room = orderRoom();
  await room.start();
  await room.accounts.saveSnapshot(anAccountState(room.clock.nowMs(), { account: ACCOUNT }), '0', 0);
  const decisions: CycleDecision[] = [];
  const deliver = async () => {
    const bodies = room.orderQueue.messages.splice(0).map((message) => message.body);
    if (bodies.length > 0) await room.gateway(fifoEvent(...bodies) as SQSEvent);
  };
  const deps = {
    orders: room.orders,
    reconciliation: {
      readCycle: async (): Promise<CycleRows> => {
        const { epoch, settledAtMs, holdReason, exitAttempts, refusals } = await room.orders.epoch(
          EXCHANGE,
          ACCOUNT,
          SYMBOL,
        );
        const price = { last: { price: '100', venueTimeMs: room.clock.nowMs() }, mark: null };
        const state = { epoch, settledAtMs, holdReason, exitAttempts, refusals };
        const product = {
          instrument: instrument(),
          managed: true,
          leverage: null,
          managedSinceMs: null,
          takeover: null,
          booked: null,
          mismatchPending: false,
        };
        const row = { ...product, price, dataState: null, ...state };
        return {
          symbols: [row],
          orders: [],
          previous: [],
          latched: null,
          supervisorOkAtMs: null,
          runsToldUpToMs: null,
          activity: { ordersLastMinute: 0, realizedPnlTodayQuote: '0', feesTodayQuote: '0' },
        };
      },
      saveCycle: async ({ decisions: [decision], outboxBodies, idempotency }: CycleSave): Promise<CycleSaved> => {
        const intent = decision!.intent!;
        const { clientOrderId } = intent;
        const outcome = await room.orders.storeIntent(intent, outboxBodies.get(clientOrderId)!, idempotency!);
        if (outcome === 'stored') decisions.push(decision!);
        if (outcome === 'stored') return { stored: [clientOrderId], superseded: [] };
        return { stored: [], superseded: [{ clientOrderId, reason: outcome }] };
      },
    },
    accounts: room.accounts,
    observers: [{ id: 'a', documents: { get: async () => anObserverDocument('a', room.clock.nowMs()) } }],
    queue: room.orderQueue,
    refusedRequests: rememberRefusals(),
    clock: {
      nowMs: room.clock.nowMs,
      sleep: async (ms: number) => {
        room.pass(ms);
        await deliver();
      },
    },
    ids: room.ids,
  };
  const submit = async (over: Partial<SubmitManualOrderInput> = {}) => {
    const outcome = await submitManualOrder(deps, {
      exchange: EXCHANGE,
      account: ACCOUNT,
      address: ADDRESS,
      installationTag: TAG,
      useOwnTable: true,
      settings: someSettings(),
      idempotencyKey: 'key-1',
      body: BODY,
      correlationId: 'by-hand',
      waitMs: 1_000,
      ...over,
    });
    return manualOrderAnswer(outcome);
  };
  return { ...room, submit, decisions, deps };
}

describe('submitManualOrder', () => {
  it('sends through intent, outbox and gateway, and answers with the outcome', async () => {
    const { submit, venue, decisions, orders } = await desk();
    const answer = await submit();
    expect(answer).toMatchObject({ httpStatus: 200, body: { status: 'accepted', exchange_order_id: '101' } });
    expect(venue.submits).toEqual([answer.body.client_order_id]);
    expect(decisions).toMatchObject([{ kind: 'order', code: 'manual-open', desiredSize: '1', actualSize: '0' }]);
    const stored = await orders.find(venue.submits[0]!);
    expect(stored).toMatchObject({ symbol: SYMBOL, epoch: 0, limitPrice: '100.5', decisionId: decisions[0]?.id });
  });

  it('gives the same order for the same key and body, however the numbers are written', async () => {
    const { submit, venue } = await desk();
    const first = await submit();
    const again = await submit({ body: { ...BODY, size: '1.0' } });
    expect(again).toEqual(first);
    expect(venue.submits).toHaveLength(1);
  });

  it('refuses another body under the same key', async () => {
    const { submit, venue } = await desk();
    await submit();
    expect(await submit({ body: { ...BODY, size: 2 } })).toMatchObject({
      httpStatus: 409,
      body: { code: 'idempotency-conflict' },
    });
    expect(venue.submits).toHaveLength(1);
  });

  it('refuses another body under the key of a request that was refused, and tries the same one again', async () => {
    const { submit, venue } = await desk();
    const offLot = { ...BODY, size: '1.123456789' };
    expect(await submit({ body: offLot })).toMatchObject({ httpStatus: 422, body: { code: 'off-lot' } });

    expect(await submit()).toMatchObject({ httpStatus: 409, body: { code: 'idempotency-conflict' } });
    expect(await submit({ body: offLot })).toMatchObject({ httpStatus: 422, body: { code: 'off-lot' } });
    expect(venue.submits).toEqual([]);

    expect(await submit({ idempotencyKey: 'key-2' })).toMatchObject({ httpStatus: 200 });
  });

  it('makes one order of two equal requests at once, and of two different ones', async () => {
    const same = await desk();
    const [a, b] = await Promise.all([same.submit(), same.submit()]);
    expect(a?.body.client_order_id).toBe(b?.body.client_order_id);
    expect(same.venue.submits).toHaveLength(1);

    const different = await desk();
    const answers = await Promise.all([different.submit(), different.submit({ idempotencyKey: 'key-2' })]);
    expect(answers.map((answer) => answer.httpStatus).toSorted()).toEqual([200, 409]);
    expect(different.venue.submits).toHaveLength(1);
  });

  it('answers while another order of the symbol is at work', async () => {
    const { submit } = await desk();
    await submit();
    expect(await submit({ idempotencyKey: 'key-2' })).toMatchObject({
      httpStatus: 409,
      body: { code: 'order-in-flight' },
    });
  });

  it.each([
    ['reject', 422, 'rejected', 'ioc-no-match'],
    ['lose', 504, 'unknown', 'unknown-timeout'],
    ['rest', 200, 'accepted', null],
  ] as const)('answers %s with %i', async (behaviour, httpStatus, status, code) => {
    const { submit, venue } = await desk();
    venue.behaviour = behaviour;
    expect(await submit()).toMatchObject({ httpStatus, body: { status, code } });
  });

  it('answers 202 when nothing came within the wait, also when the queue refuses, and keeps the order for the relay', async () => {
    const { submit, orderQueue, orders } = await desk();
    orderQueue.refuses = true;
    expect(await submit({ waitMs: 100 })).toMatchObject({ httpStatus: 202, body: { status: 'pending' } });
    expect(await orders.pendingOutbox(EXCHANGE, 0, 10)).toMatchObject([{ attempts: 0 }]);
  });

  it('passes the gates of every order', async () => {
    const { submit, setState, venue } = await desk();
    await setState('LOCKED', 'close-only');
    expect(await submit()).toMatchObject({ httpStatus: 422, body: { status: 'rejected', code: 'state-forbids' } });
    expect(venue.submits).toEqual([]);
  });

  it('refuses what it cannot know', async () => {
    const { submit, deps } = await desk();
    deps.observers[0]!.documents.get = async () => Promise.reject(new Error('observer is down'));
    expect(await submit()).toMatchObject({ httpStatus: 422, body: { status: 'refused', code: 'no-quorum' } });
    expect(await submit({ idempotencyKey: 'key-2', body: { ...BODY, symbol: 'NOPE' } })).toMatchObject({
      body: { code: 'unknown-symbol' },
    });
  });

  it.each([
    [{ ...BODY, side: 'BUY' }, 'side'],
    [{ ...BODY, size: -1 }, 'size'],
    [{ ...BODY, size: '1e3' }, 'size'],
    [{ ...BODY, size: Number.POSITIVE_INFINITY }, 'size'],
    [{ ...BODY, type: 'limit' }, 'price'],
    [{ ...BODY, reduceOnly: true }, 'reduceOnly'],
    [null, 'body'],
    ['x'.repeat(10_000), 'body'],
  ])('says what is wrong with %j', async (body, where) => {
    const { submit, orders } = await desk();
    const answer = await submit({ body });
    expect(answer).toMatchObject({ httpStatus: 422, body: { code: 'invalid' } });
    expect(answer.body.message).toContain(where);
    expect(await orders.working(EXCHANGE, ACCOUNT)).toEqual([]);
  });
});

describe('manualOrderAnswer', () => {
  it.each([
    ['intent', 202, 'pending'],
    ['sending', 202, 'pending'],
    ['unknown', 504, 'unknown'],
    ['open', 200, 'accepted'],
    ['partially-filled', 200, 'accepted'],
    ['filled', 200, 'filled'],
    ['cancelled', 200, 'cancelled'],
    ['rejected', 422, 'rejected'],
    ['expired', 503, 'expired'],
  ] as const)('answers an order that is %s with %i %s', (status, httpStatus, word) => {
    const answer = manualOrderAnswer({ kind: 'order', order: order({ status }) });
    expect(answer).toMatchObject({ httpStatus, body: { status: word } });
  });
});
