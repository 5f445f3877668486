import { describe, expect, it } from 'vitest';
import type { EndStatus } from '#shared/core/orders/order.ts';
import { ACCOUNT, EXCHANGE, intent, orderEnd, SYMBOL, T0 } from '#test/support/orders.ts';
import type { PlannedOrders } from '#test/support/planned-orders.ts';

const BODY = JSON.stringify({ trace: { correlationId: 'c', bornAtMs: T0 - 5 } });
const ETH = 'ETH/USDC:USDC';

const answer = (
  status: 'open' | 'partially-filled' | 'unknown',
  filledSize = '0',
  venueOrderId: string | null = '77',
) => ({
  status,
  venueOrderId,
  filledSize,
  averagePrice: filledSize === '0' ? null : '101',
  errorCode: null,
  errorMessage: null,
});

/** What every store of orders promises. */
export function ordersRepositoryContract(name: string, create: () => Promise<PlannedOrders>): void {
  describe(`orders repository: ${name}`, () => {
    describe('an intent', () => {
      it('is stored with its outbox row', async () => {
        const repository = await create();
        const stored = intent({ reduceOnly: true, orderClass: 'reduce', timeInForce: 'Gtc', size: '0.5' });

        expect(await repository.storeIntent(stored, BODY, null)).toBe('stored');

        expect(await repository.find(stored.clientOrderId)).toEqual({
          ...stored,
          status: 'intent',
          venueOrderId: null,
          filledSize: '0',
          averagePrice: null,
          errorCode: null,
          errorMessage: null,
          sentAtMs: null,
          answeredAtMs: null,
          endedAtMs: null,
          venueEndedAtMs: null,
        });
        expect(await repository.pendingOutbox(EXCHANGE, T0, 10)).toEqual([
          {
            clientOrderId: stored.clientOrderId,
            exchange: EXCHANGE,
            account: ACCOUNT,
            body: BODY,
            createdAtMs: T0,
            expiresAtMs: stored.expiresAtMs,
            enqueuedAtMs: null,
            attempts: 0,
          },
        ]);
      });

      it('is stored when the same decision comes again, and taken for another one', async () => {
        const repository = await create();
        const first = intent();
        await repository.storeIntent(first, BODY, null);

        expect(await repository.storeIntent(first, BODY, null)).toBe('stored');
        expect(await repository.storeIntent(intent({ decisionId: 'other', size: '9' }), BODY, null)).toBe('taken');

        expect((await repository.find(first.clientOrderId))?.size).toBe('1');
        expect(await repository.pendingOutbox(EXCHANGE, T0, 10)).toHaveLength(1);
      });

      it('is that of one of two planners who store at once', async () => {
        const repository = await create();
        const answers = await Promise.all([
          repository.storeIntent(intent({ decisionId: 'a' }), BODY, null),
          repository.storeIntent(intent({ decisionId: 'b' }), BODY, null),
        ]);
        expect(answers.toSorted()).toEqual(['stored', 'taken']);
      });

      it('is refused on an epoch that is not the current one', async () => {
        const repository = await create();
        const first = intent();
        await repository.storeIntent(first, BODY, null);
        await repository.recordEnd(orderEnd(first.clientOrderId, 'expired'), T0);

        const ahead = intent({ epoch: 2 });
        expect(await repository.storeIntent(ahead, BODY, null)).toBe('stale-epoch');
        expect(await repository.storeIntent(intent({ decisionId: 'late' }), BODY, null)).toBe('stale-epoch');
        expect(await repository.find(ahead.clientOrderId)).toBeNull();
        expect(await repository.storeIntent(intent({ epoch: 1 }), BODY, null)).toBe('stored');
      });

      it('is found by its idempotency key, which is unique', async () => {
        const repository = await create();
        const first = intent();
        await repository.storeIntent(first, BODY, { key: 'k1', requestHash: 'h1' });

        const found = await repository.findByIdempotencyKey('k1');
        expect(found?.order.clientOrderId).toBe(first.clientOrderId);
        expect(found?.requestHash).toBe('h1');
        expect(await repository.findByIdempotencyKey('k2')).toBeNull();
        const other = intent({ symbol: ETH });
        expect(await repository.storeIntent(other, BODY, { key: 'k1', requestHash: 'h1' })).toBe('taken');
        expect(await repository.find(other.clientOrderId)).toBeNull();
      });
    });

    describe('sending and answers', () => {
      it('marks sending once', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        await repository.storeIntent(intent(), BODY, null);

        const answers = await Promise.all([
          repository.send(clientOrderId, T0 + 1),
          repository.send(clientOrderId, T0 + 1),
        ]);

        expect(answers.toSorted()).toEqual([false, true]);
        expect(await repository.find(clientOrderId)).toMatchObject({ status: 'sending', sentAtMs: T0 + 1 });
        expect(await repository.send(intent({ symbol: ETH }).clientOrderId, T0)).toBe(false);
      });

      it('keeps the answer and never lets a fill shrink', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        await repository.storeIntent(intent(), BODY, null);
        await repository.send(clientOrderId, T0 + 1);

        await repository.recordAnswer(clientOrderId, answer('partially-filled', '0.4'), T0 + 2);
        await repository.recordAnswer(clientOrderId, answer('open', '0.10', null), T0 + 3);

        expect(await repository.find(clientOrderId)).toMatchObject({
          status: 'partially-filled',
          venueOrderId: '77',
          filledSize: '0.4',
          averagePrice: '101',
          answeredAtMs: T0 + 2,
        });
      });

      it('ignores an answer to an intent, to an ended order and to nobody', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        await repository.storeIntent(intent(), BODY, null);
        await repository.recordAnswer(clientOrderId, answer('open'), T0);
        expect((await repository.find(clientOrderId))?.status).toBe('intent');

        await repository.recordEnd(orderEnd(clientOrderId, 'rejected'), T0);
        await repository.recordAnswer(clientOrderId, answer('open'), T0);
        expect((await repository.find(clientOrderId))?.status).toBe('rejected');

        await repository.recordAnswer(intent({ symbol: ETH }).clientOrderId, answer('open'), T0);
      });
    });

    describe('recordEnd', () => {
      it('ends, acknowledges and raises the epoch exactly once', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        await repository.storeIntent(intent(), BODY, null);
        await repository.send(clientOrderId, T0 + 1);
        const filled = orderEnd(clientOrderId, 'filled', {
          filledSize: '1',
          averagePrice: '99.5',
          venueEndedAtMs: T0 + 9,
        });

        const first = await Promise.all([
          repository.recordEnd(filled, T0 + 10),
          repository.recordEnd(orderEnd(clientOrderId, 'cancelled', { venueEndedAtMs: T0 + 99 }), T0 + 10),
        ]);

        expect(first.toSorted()).toEqual([false, true]);
        expect(await repository.recordEnd(filled, T0 + 11)).toBe(false);
        expect((await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).epoch).toBe(1);
        expect(await repository.working(EXCHANGE, ACCOUNT)).toEqual([]);
        expect(await repository.pendingOutbox(EXCHANGE, T0, 10)).toEqual([]);
      });

      it('stores what ended it and when', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        await repository.storeIntent(intent(), BODY, null);
        await repository.send(clientOrderId, T0 + 1);
        await repository.recordEnd(
          orderEnd(clientOrderId, 'cancelled', {
            filledSize: '0.25',
            averagePrice: '99.5',
            venueEndedAtMs: T0 + 9,
            errorCode: 'why',
            errorMessage: 'because',
          }),
          T0 + 10,
        );
        expect(await repository.find(clientOrderId)).toMatchObject({
          status: 'cancelled',
          filledSize: '0.25',
          averagePrice: '99.5',
          venueEndedAtMs: T0 + 9,
          endedAtMs: T0 + 10,
          answeredAtMs: T0 + 10,
          errorCode: 'why',
          errorMessage: 'because',
        });
      });

      it('moves settledAt to the later venue time and leaves it when the venue never saw the order', async () => {
        const repository = await create();
        const ends: [EndStatus, number | null, number][] = [
          ['filled', T0 + 50, T0 + 50],
          ['cancelled', T0 + 40, T0 + 50],
          ['expired', null, T0 + 50],
          ['filled', T0 + 60, T0 + 60],
        ];
        for (const [epoch, [status, venueEndedAtMs, settledAtMs]] of ends.entries()) {
          const next = intent({ epoch });
          await repository.storeIntent(next, BODY, null);
          await repository.send(next.clientOrderId, T0);
          await repository.recordEnd(orderEnd(next.clientOrderId, status, { venueEndedAtMs }), T0);
          expect(await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).toMatchObject({ epoch: epoch + 1, settledAtMs });
        }
      });

      it('counts exits that found nothing within their price, in a row', async () => {
        const repository = await create();
        const reduce = { orderClass: 'reduce', reduceOnly: true } as const;
        const steps = [
          { sent: true, over: reduce, status: 'rejected', filledSize: '0', code: 'ioc-no-match', attempts: 1 },
          { sent: false, over: reduce, status: 'rejected', filledSize: '0', code: 'price-stale', attempts: 1 },
          { sent: true, over: reduce, status: 'cancelled', filledSize: '0.9', code: 'cancelled', attempts: 2 },
          { sent: true, over: reduce, status: 'rejected', filledSize: '0', code: 'venue-closed', attempts: 2 },
          { sent: true, over: reduce, status: 'filled', filledSize: '1', code: null, attempts: 0 },
          { sent: true, over: reduce, status: 'expired', filledSize: '0', code: 'never-accepted', attempts: 0 },
          { sent: true, over: reduce, status: 'rejected', filledSize: '0', code: 'ioc-no-match', attempts: 1 },
          { sent: true, over: {}, status: 'rejected', filledSize: '0', code: 'ioc-no-match', attempts: 0 },
        ] as const;
        for (const [epoch, step] of steps.entries()) {
          const next = intent({ epoch, ...step.over });
          await repository.storeIntent(next, BODY, null);
          if (step.sent) await repository.send(next.clientOrderId, T0);
          const { filledSize, code: errorCode } = step;
          await repository.recordEnd(orderEnd(next.clientOrderId, step.status, { filledSize, errorCode }), T0);
          const after = await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL);
          expect(after.exitAttempts, `after step ${epoch}`).toBe(step.attempts);
        }
      });

      it('counts refusals in a row, puts the symbol on HOLD after five, and forgets them with a release', async () => {
        const repository = await create();
        let epoch = 0;
        const end = async (status: EndStatus, errorCode: string | null, sent = true) => {
          const next = intent({ epoch });
          epoch += 1;
          await repository.storeIntent(next, BODY, null);
          if (sent) await repository.send(next.clientOrderId, T0);
          const filledSize = status === 'filled' ? '1' : '0';
          await repository.recordEnd(orderEnd(next.clientOrderId, status, { filledSize, errorCode }), T0 + epoch);
          const { refusals, holdReason, heldAtMs } = await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL);
          return [refusals.count, refusals.code, refusals.atMs, holdReason, heldAtMs];
        };
        const none = [0, null, null];
        const margin = 'insufficient-margin';
        const held = 'refused-repeatedly';

        expect(await end('rejected', margin)).toEqual([1, margin, T0 + 1, null, null]);
        expect(await end('expired', 'never-accepted'), 'says nothing').toEqual([1, margin, T0 + 1, null, null]);
        expect(await end('rejected', 'price-stale', false), 'is ours').toEqual([1, margin, T0 + 1, null, null]);
        expect(await end('rejected', 'key-refused'), 'counts').toEqual([2, 'key-refused', T0 + 4, null, null]);
        expect(await end('rejected', 'ioc-no-match'), 'was looked at').toEqual([...none, null, null]);
        for (let i = 0; i < 5; i += 1) await end('rejected', 'key-refused');
        expect(await end('rejected', 'key-refused'), 'a closed door is no HOLD').toEqual([
          6,
          'key-refused',
          T0 + 11,
          null,
          null,
        ]);
        expect(await end('filled', null)).toEqual([...none, null, null]);
        for (let i = 0; i < 4; i += 1) expect((await end('rejected', margin))[3]).toBeNull();
        expect(await end('rejected', margin)).toEqual([5, margin, T0 + 17, held, T0 + 17]);
        expect(await end('rejected', margin)).toEqual([6, margin, T0 + 18, held, T0 + 17]);
        expect(await end('filled', null), 'stays on HOLD').toEqual([...none, held, T0 + 17]);
        await end('rejected', margin);
        await repository.release(EXCHANGE, ACCOUNT, SYMBOL, T0 + 30);
        expect(await end('rejected', margin)).toEqual([1, margin, T0 + 21, null, null]);
        await repository.adopt(EXCHANGE, ACCOUNT, SYMBOL, T0 + 40);
        expect((await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).refusals).toEqual({
          count: 0,
          code: null,
          atMs: null,
        });
      });

      it('leaves an order alone whose status is not in onlyFrom', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        await repository.storeIntent(intent(), BODY, null);
        await repository.send(clientOrderId, T0);

        expect(await repository.recordEnd(orderEnd(clientOrderId, 'expired', { onlyFrom: ['intent'] }), T0)).toBe(
          false,
        );

        expect((await repository.find(clientOrderId))?.status).toBe('sending');
        expect((await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).epoch).toBe(0);
        expect(await repository.pendingOutbox(EXCHANGE, T0, 10)).toHaveLength(1);
      });

      it('does not touch other symbols, nor orders it does not know', async () => {
        const repository = await create();
        await repository.storeIntent(intent(), BODY, null);
        const eth = intent({ symbol: ETH });
        await repository.storeIntent(eth, BODY, null);
        await repository.recordEnd(orderEnd(eth.clientOrderId, 'expired'), T0);

        expect(await repository.recordEnd(orderEnd(`0x${'0'.repeat(32)}`, 'expired'), T0)).toBe(false);

        expect(await repository.epochs(EXCHANGE, ACCOUNT)).toMatchObject([{ symbol: ETH, epoch: 1 }]);
        expect(await repository.epoch(EXCHANGE, ACCOUNT, SYMBOL)).toMatchObject({ epoch: 0, settledAtMs: 0 });
      });
    });

    describe('outbox', () => {
      it('counts attempts, and drops rows that are acknowledged or expired', async () => {
        const repository = await create();
        const eth = intent({ symbol: ETH, createdAtMs: T0 - 1, expiresAtMs: T0 + 5 });
        await repository.storeIntent(intent(), BODY, null);
        await repository.storeIntent(eth, BODY, null);
        await repository.markEnqueued([eth.clientOrderId, intent().clientOrderId], T0 + 1);
        await repository.markEnqueued([eth.clientOrderId], T0 + 2);
        await repository.markEnqueued([], T0 + 3);

        const pending = await repository.pendingOutbox(EXCHANGE, T0 + 4, 10);
        expect(pending.map((row) => [row.clientOrderId, row.attempts, row.enqueuedAtMs])).toEqual([
          [eth.clientOrderId, 2, T0 + 2],
          [intent().clientOrderId, 1, T0 + 1],
        ]);
        expect(await repository.pendingOutbox(EXCHANGE, T0 + 4, 1)).toHaveLength(1);
        expect(await repository.pendingOutbox('other', T0 + 4, 10)).toEqual([]);
        expect(await repository.expiredOutbox(EXCHANGE, T0 + 4, 10)).toEqual([]);

        expect(await repository.expiredOutbox(EXCHANGE, T0 + 5, 10)).toEqual([
          { clientOrderId: eth.clientOrderId, status: 'intent' },
        ]);
        await repository.ackOutbox(eth.clientOrderId, T0 + 6);
        await repository.ackOutbox(intent().clientOrderId, T0 + 6);
        expect(await repository.expiredOutbox(EXCHANGE, T0 + 60_000, 10)).toEqual([]);
        expect(await repository.pendingOutbox(EXCHANGE, T0, 10)).toEqual([]);
      });
    });

    describe('queries', () => {
      it('lists working orders oldest first and recent ones newest first', async () => {
        const repository = await create();
        const newer = intent({ createdAtMs: T0 + 5 });
        const older = intent({ symbol: ETH, createdAtMs: T0 + 1 });
        await repository.storeIntent(newer, BODY, null);
        await repository.storeIntent(older, BODY, null);

        const ids = (list: readonly { clientOrderId: string }[]) => list.map((o) => o.clientOrderId);
        expect(ids(await repository.working(EXCHANGE, ACCOUNT))).toEqual([older.clientOrderId, newer.clientOrderId]);
        expect(await repository.working(EXCHANGE, 'other')).toEqual([]);
      });

      it('knows its own orders by either id, ended or not', async () => {
        const repository = await create();
        const { clientOrderId } = intent();
        const foreign = `0x${'f'.repeat(32)}`;
        await repository.storeIntent(intent(), BODY, null);
        await repository.send(clientOrderId, T0);
        await repository.recordAnswer(clientOrderId, answer('open', '0', '77'), T0);
        await repository.recordEnd(orderEnd(clientOrderId, 'filled', { filledSize: '1' }), T0);

        const byClient = await repository.ownOrders(EXCHANGE, ACCOUNT, {
          clientOrderIds: [clientOrderId, foreign],
          venueOrderIds: [],
        });
        const byVenue = await repository.ownOrders(EXCHANGE, ACCOUNT, {
          clientOrderIds: [],
          venueOrderIds: ['77', '78'],
        });
        const none = await repository.ownOrders(EXCHANGE, 'other', {
          clientOrderIds: [clientOrderId],
          venueOrderIds: ['77'],
        });

        for (const own of [byClient, byVenue]) {
          const asked = { symbol: SYMBOL, side: 'buy', size: '1' };
          expect([...own.clientOrderIds]).toEqual([[clientOrderId, asked]]);
          expect([...own.venueOrderIds]).toEqual([['77', asked]]);
        }
        expect(none.clientOrderIds.size + none.venueOrderIds.size).toBe(0);
      });
    });
  });
}
