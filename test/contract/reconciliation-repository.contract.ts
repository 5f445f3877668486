import { describe, expect, it } from 'vitest';
import { NO_REFUSALS } from '#shared/core/orders/refusals.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import { newCohort } from '#shared/core/runs/cohort.ts';
import { newTakeProfitState } from '#shared/core/runs/take-profit.ts';
import { outboxBodies } from '#shared/messages/reconciliation-messages.ts';
import type { CycleSave, CycleSaved } from '#shared/ports/repositories/reconciliation-repository.ts';
import { aCycle, agreed, aSymbol, CYCLE_NOW_MS as NOW, wants } from '#test/support/cycle.ts';
import type { CycleStores } from '#test/support/cycle-stores.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';
import { fill, intent, orderEnd } from '#test/support/orders.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { anAccountState } from '#test/support/system.ts';

const EXCHANGE = 'hyperliquid';
const ACCOUNT = 'main';
const BTC = 'BTC/USDC:USDC';
const ETH = 'ETH/USDC:USDC';
const JOBS = { supervisorJob: 'run-supervisor', trackerJob: 'order-tracker' };
const QUERY = { exchange: EXCHANGE, account: ACCOUNT, ...JOBS, nowMs: NOW };
const TRACE = { correlationId: 'corr-1', bornAtMs: NOW - 8 };
const btc = anInstrument('BTC', { ...lots(3) });

const tick = (symbol: string, price: string) => ({
  exchange: EXCHANGE,
  symbol,
  tradeId: `t-${price}`,
  price,
  size: '1',
  side: 'buy' as const,
  venueTimeMs: NOW - 500,
});

/** What every store of cycles promises. */
export function reconciliationRepositoryContract(name: string, create: () => Promise<CycleStores>): void {
  describe(`reconciliation repository: ${name}`, () => {
    async function platform(): Promise<CycleStores> {
      const stores = await create();
      await stores.instruments.replaceAll(EXCHANGE, [btc, anInstrument('ETH', { assetId: 1 })], NOW);
      await stores.instruments.manageNew(EXCHANGE, [BTC, ETH], NOW);
      return stores;
    }
    const read = (stores: CycleStores) => stores.reconciliation.readCycle(QUERY);
    const plan = (change: Parameters<typeof aSymbol>[0] = {}, cycleId = 'cycle-1') =>
      planCycle(aCycle([aSymbol({ epoch: 0, ...change })], { cycleId }));
    const save = (
      stores: CycleStores,
      decisions: readonly CycleDecision[],
      atMs = NOW,
      more: Pick<CycleSave, 'idempotency'> = {},
    ): Promise<CycleSaved> =>
      stores.reconciliation.saveCycle({
        ...more,
        exchange: EXCHANGE,
        account: ACCOUNT,
        cycleId: 'cycle-1',
        decisions,
        outboxBodies: outboxBodies(decisions, TRACE),
        trace: TRACE,
        atMs,
      });

    describe('readCycle', () => {
      it('gives products by symbol with nothing known about them', async () => {
        const stores = await platform();
        await stores.instruments.manage(EXCHANGE, ETH, 3, NOW);
        await stores.instruments.unmanage(EXCHANGE, ETH);

        const rows = await read(stores);

        const unknown = {
          managedSinceMs: NOW,
          price: null,
          dataState: null,
          epoch: 0,
          settledAtMs: 0,
          holdReason: null,
          exitAttempts: 0,
          refusals: NO_REFUSALS,
          booked: null,
          mismatchPending: false,
        };
        expect(rows).toEqual({
          symbols: [
            { instrument: btc, managed: true, leverage: null, takeover: 'unchecked', ...unknown },
            {
              instrument: anInstrument('ETH', { assetId: 1 }),
              managed: false,
              leverage: 3,
              takeover: null,
              ...unknown,
            },
          ],
          orders: [],
          previous: [],
          latched: null,
          supervisorOkAtMs: null,
          runsToldUpToMs: null,
          activity: { ordersLastMinute: 0, realizedPnlTodayQuote: '0', feesTodayQuote: '0' },
        });
      });

      it('gives where the fills of each symbol lead, unless a human has adopted the position since', async () => {
        const stores = await platform();
        const buy = { ...fill({ symbol: BTC, size: '0.5', startPosition: '1', venueTimeMs: NOW - 900 }), ours: true };
        const sell = { ...fill({ symbol: ETH, tradeId: 't2', side: 'sell', venueTimeMs: NOW - 800 }), ours: true };
        for (const symbol of [BTC, ETH]) await stores.orders.recordLeverage(EXCHANGE, ACCOUNT, symbol, 3, NOW);
        await stores.orders.saveFills(EXCHANGE, ACCOUNT, [buy, sell], NOW);
        await stores.orders.adopt(EXCHANGE, ACCOUNT, ETH, NOW - 800);

        const { symbols } = await read(stores);
        expect(symbols.map((row) => row.booked)).toEqual([{ size: '1.5', atMs: NOW - 900 }, null]);
      });

      it('gives the symbols whose position the order tracker is watching', async () => {
        const stores = await platform();
        const breaks = { [ETH]: { tradeId: 't', expectedSize: '1', startPosition: '0', atMs: NOW } };
        await stores.jobs.recordOk('order-tracker', NOW, { sinceMs: 1, openOrdersAtMs: 1, mismatches: {}, breaks });
        expect((await read(stores)).symbols.map((row) => row.mismatchPending)).toEqual([false, true]);
      });

      it('gives prices, data state and epoch of each symbol', async () => {
        const stores = await platform();
        await stores.prices.saveTicks([tick(BTC, '100.5')], NOW);
        await stores.prices.saveMarkPrices(EXCHANGE, [{ symbol: BTC, markPrice: '100.25', observedAtMs: NOW - 4_000 }]);
        await stores.runs.saveCohorts(EXCHANGE, [
          {
            cohort: { ...newCohort(EXCHANGE, BTC), dataState: 'data-gap', lastTradeTimeMs: NOW },
            updates: [],
            updatedAtMs: NOW,
            touchAll: true,
          },
        ]);
        const order = intent({ account: ACCOUNT, symbol: BTC, orderClass: 'reduce', reduceOnly: true });
        await plannedOrders(stores).storeIntent(order, '{}', null);
        await plannedOrders(stores).send(order.clientOrderId, NOW - 900);
        await stores.orders.recordEnd(
          orderEnd(order.clientOrderId, 'cancelled', { venueEndedAtMs: NOW - 700, errorCode: 'cancelled' }),
          NOW,
        );
        const refused = intent({ account: ACCOUNT, symbol: ETH });
        await plannedOrders(stores).storeIntent(refused, '{}', null);
        await plannedOrders(stores).send(refused.clientOrderId, NOW - 900);
        await stores.orders.recordEnd(
          orderEnd(refused.clientOrderId, 'rejected', { errorCode: 'margin-tier' }),
          NOW - 5,
        );
        await stores.orders.hold(EXCHANGE, ACCOUNT, BTC, 'foreign-fill', NOW);

        const { symbols } = await read(stores);

        expect(symbols[0]).toMatchObject({
          price: { last: { price: '100.5', venueTimeMs: NOW - 500 }, mark: { price: '100.25', timeMs: NOW - 4_000 } },
          dataState: 'data-gap',
          epoch: 1,
          settledAtMs: NOW - 700,
          holdReason: 'foreign-fill',
          exitAttempts: 1,
        });
        const refusals = { count: 1, code: 'margin-tier', atMs: NOW - 5 };
        expect(symbols[1]).toMatchObject({ price: null, epoch: 1, holdReason: null, refusals });
      });

      it('leaves out a symbol that was released to the operator', async () => {
        const stores = await platform();
        await stores.instruments.releaseToOperator(EXCHANGE, ETH, NOW);

        expect((await read(stores)).symbols.map((s) => s.instrument.symbol)).toEqual([BTC]);
      });

      it('gives orders that work, and those that ended after the account snapshot', async () => {
        const stores = await platform();
        await stores.accounts.saveSnapshot(anAccountState(NOW - 5_000, { account: ACCOUNT }), '0', NOW);
        const order = async (epoch: number, symbol: string, endedAtMs: number | null) => {
          const made = intent({
            account: ACCOUNT,
            symbol,
            epoch,
            createdAtMs: NOW - 20_000,
            expiresAtMs: NOW + 10_000,
          });
          await plannedOrders(stores).storeIntent(made, '{}', null);
          await plannedOrders(stores).send(made.clientOrderId, NOW - 19_000);
          const filled = { filledSize: '1', averagePrice: '100', venueEndedAtMs: endedAtMs };
          if (endedAtMs !== null) await stores.orders.recordEnd(orderEnd(made.clientOrderId, 'filled', filled), NOW);
          return made.clientOrderId;
        };
        await order(0, BTC, NOW - 6_000);
        const unseen = await order(1, BTC, NOW - 4_000);
        const working = await order(0, ETH, null);

        const { orders, activity } = await read(stores);

        expect(new Set(orders.map((o) => o.clientOrderId))).toEqual(new Set([unseen, working]));
        expect(orders.find((o) => o.clientOrderId === unseen)).toEqual({
          clientOrderId: unseen,
          symbol: BTC,
          orderClass: 'open',
          side: 'buy',
          size: '1',
          filledSize: '1',
          limitPrice: '100',
          status: 'filled',
          epoch: 1,
        });
        expect(activity.ordersLastMinute).toBe(3);
      });

      it('gives the latch, the heartbeat and the money of today', async () => {
        const stores = await platform();
        const state = { ...newTakeProfitState(EXCHANGE, ACCOUNT), latched: 'drawdown' as const, latchedAtMs: NOW };
        await stores.runs.saveTakeProfitState(state, null);
        await stores.jobs.recordOk('run-supervisor', NOW - 60_000, { toldUpToMs: NOW - 70_000 });
        const today = Date.UTC(2026, 5, 10);
        await stores.orders.saveFills(
          EXCHANGE,
          ACCOUNT,
          [
            { ...fill({ tradeId: 'a', venueTimeMs: today, closedPnlQuote: '-3.5', feeQuote: '0.25' }), ours: true },
            { ...fill({ tradeId: 'b', venueTimeMs: today + 1, closedPnlQuote: '1', feeQuote: '0.125' }), ours: true },
            { ...fill({ tradeId: 'c', venueTimeMs: today - 1, closedPnlQuote: '-99', feeQuote: '9' }), ours: true },
          ],
          NOW,
        );

        expect(await read(stores)).toMatchObject({
          latched: 'drawdown',
          supervisorOkAtMs: NOW - 60_000,
          runsToldUpToMs: NOW - 70_000,
          activity: { realizedPnlTodayQuote: '-2.5', feesTodayQuote: '0.375' },
        });
      });
    });

    describe('saveCycle', () => {
      it('stores intent, outbox and decision together', async () => {
        const stores = await platform();
        const decisions = plan();
        const order = decisions[0]!.intent!;

        expect(await save(stores, decisions)).toEqual({ stored: [order.clientOrderId], superseded: [] });

        expect(await stores.orders.find(order.clientOrderId)).toMatchObject({ ...order, status: 'intent' });
        const [row] = await stores.orders.pendingOutbox(EXCHANGE, NOW, 10);
        expect(row).toMatchObject({ clientOrderId: order.clientOrderId, expiresAtMs: order.expiresAtMs, attempts: 0 });
        expect(JSON.parse(row!.body)).toEqual({
          v: 1,
          type: 'order',
          exchange: EXCHANGE,
          account: ACCOUNT,
          symbol: BTC,
          clientOrderId: order.clientOrderId,
          expiresAtMs: order.expiresAtMs,
          trace: TRACE,
        });
        const [stored] = await stores.decisions();
        expect(stored).toMatchObject({
          id: order.decisionId,
          kind: 'order',
          code: 'open',
          episodeCount: 1,
          createdAtMs: NOW,
        });
        expect(stored?.inputs).toEqual(JSON.parse(JSON.stringify(decisions[0]!.inputs)));
      });

      it('stores an order by hand with its key, and no second one under that key', async () => {
        const stores = await platform();
        const [first] = plan();
        const [second] = planCycle(
          aCycle([aSymbol({ epoch: 0, instrument: anInstrument('ETH', { assetId: 1 }) })], { cycleId: 'second' }),
        );
        const idempotency = { key: 'k1', requestHash: 'h1' };
        const { clientOrderId } = first!.intent!;

        expect((await save(stores, [first!], NOW, { idempotency })).stored).toEqual([clientOrderId]);
        const again = await save(stores, [second!], NOW + 1, { idempotency });

        expect(again.superseded).toEqual([{ clientOrderId: second!.intent!.clientOrderId, reason: 'taken' }]);
        const found = await stores.orders.findByIdempotencyKey('k1');
        expect([found?.order.clientOrderId, found?.requestHash]).toEqual([clientOrderId, 'h1']);
        expect((await stores.decisions()).map((d) => d.kind).sort()).toEqual(['order', 'superseded']);
      });

      it('records the loser of an epoch as superseded and leaves the winner alone', async () => {
        const stores = await platform();
        const [winner] = plan();
        const [loser] = plan({ runs: wants(10) }, 'cycle-2');
        await save(stores, [winner!]);

        const saved = await save(stores, [loser!], NOW + 5);

        expect(saved).toEqual({
          stored: [],
          superseded: [{ clientOrderId: loser!.intent!.clientOrderId, reason: 'taken' }],
        });
        expect(await stores.orders.find(winner!.intent!.clientOrderId)).toMatchObject({ size: '4.05' });
        expect(await stores.orders.pendingOutbox(EXCHANGE, NOW, 10)).toHaveLength(1);
        expect((await stores.decisions()).map((d) => [d.kind, d.code])).toEqual([
          ['order', 'open'],
          ['superseded', 'taken'],
        ]);
      });

      it('stores nothing for an epoch that ended while the cycle was planned', async () => {
        const stores = await platform();
        const first = plan()[0]!;
        await save(stores, [first]);
        await plannedOrders(stores).send(first.intent!.clientOrderId, NOW);
        const filled = { filledSize: '4.05', averagePrice: '100', venueEndedAtMs: NOW + 1 };
        await stores.orders.recordEnd(orderEnd(first.intent!.clientOrderId, 'filled', filled), NOW + 2);
        const late = planCycle(
          aCycle([aSymbol({ epoch: 0, runs: wants(0), sources: agreed('9') })], { cycleId: 'late' }),
        );
        const ahead = planCycle(aCycle([aSymbol({ epoch: 5 })], { cycleId: 'ahead' }));

        expect((await save(stores, late)).superseded.map((s) => s.reason)).toEqual(['stale-epoch']);
        expect((await save(stores, ahead)).superseded.map((s) => s.reason)).toEqual(['stale-epoch']);

        expect(await stores.orders.find(ahead[0]!.intent!.clientOrderId)).toBeNull();
        expect((await stores.decisions()).filter((d) => d.kind === 'superseded')).toHaveLength(2);
      });

      it('counts a refusal that repeats in the row of its episode, with the newest numbers', async () => {
        const stores = await platform();
        const refusal = (previous: Parameters<typeof aSymbol>[0] = {}, cycleId = 'c1') =>
          plan({ holdReason: 'foreign-fill', ...previous }, cycleId);
        await save(stores, refusal());
        const [before] = (await read(stores)).previous;
        await save(stores, refusal({ previous: before!, runs: wants(10) }, 'c2'), NOW + 1_000);

        const stored = await stores.decisions();

        expect(before).toEqual({
          id: 'c1-0',
          symbol: BTC,
          kind: 'refusal',
          code: 'on-hold',
          epoch: 0,
          episodeCount: 1,
        });
        expect(stored).toHaveLength(1);
        expect(stored[0]).toMatchObject({ id: 'c1-0', episodeCount: 2, createdAtMs: NOW, lastAtMs: NOW + 1_000 });
        expect(stored[0]?.inputs).toMatchObject({ desired: { direction: 10 } });
        expect((await read(stores)).previous[0]?.episodeCount).toBe(2);
      });

      it('knows the last decision about a position that nobody manages', async () => {
        const stores = await platform();
        const doge = 'DOGE/USDC:USDC';
        const position = {
          symbol: doge,
          coin: 'DOGE',
          size: '5',
          entryPrice: null,
          valueQuote: '1',
          unrealizedPnlQuote: '0',
          marginUsedQuote: '1',
          liquidationPrice: null,
        };
        await stores.accounts.saveSnapshot(anAccountState(NOW, { account: ACCOUNT, positions: [position] }), '0', NOW);
        const foreign = [{ symbol: doge, source: 'own-table', size: '5', venueTimeMs: NOW, previous: null }];
        await save(stores, planCycle(aCycle([], { foreign })));

        expect((await read(stores)).previous).toMatchObject([{ symbol: doge, code: 'unmanaged-position' }]);
      });

      it('stores many symbols at once, winners and losers apart', async () => {
        const stores = await platform();
        const [taken] = plan();
        await save(stores, [taken!]);
        const both = planCycle(
          aCycle(
            [
              aSymbol({ epoch: 0 }),
              aSymbol({ epoch: 0, instrument: anInstrument('ETH', { ...lots(3), assetId: 1 }) }),
              aSymbol({ epoch: 0, instrument: anInstrument('SOL', { ...lots(3) }), dataState: 'data-gap' }),
            ],
            { cycleId: 'many' },
          ),
        );

        const saved = await save(stores, both, NOW + 1);

        expect(saved.stored).toEqual([both[1]!.intent!.clientOrderId]);
        expect(saved.superseded).toEqual([{ clientOrderId: both[0]!.intent!.clientOrderId, reason: 'taken' }]);
        expect((await stores.decisions()).filter((d) => d.id.startsWith('many')).map((d) => d.kind)).toEqual([
          'superseded',
          'order',
          'refusal',
        ]);
      });
    });
  });
}
