import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import { openDataApiDatabase } from '#shared/adapters/sql/open-data-api-database.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import { newTakeProfitState } from '#shared/core/runs/take-profit.ts';
import { outboxBodies } from '#shared/messages/reconciliation-messages.ts';
import type { Lease } from '#shared/ports/repositories/leases-repository.ts';
import { newRunCache, stepRuns } from '#shared/usecases/step-runs.ts';
import { aCycle, aSymbol, aSystemState, CYCLE_NOW_MS, wants } from '#test/support/cycle.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { type DataApiUnderTest, noMariadb, RESOURCE_ARN, SECRET_ARN, startDataApi } from '#test/support/data-api.ts';
import { ACCOUNT, EXCHANGE, fill, intent, orderEnd, SYMBOL, T0 } from '#test/support/orders.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { aBundle, aNewRun, RUNS_START_MS } from '#test/support/run-builders.ts';
import { anAccountState } from '#test/support/system.ts';

const WRITERS = 6;
const all = <T>(work: (writer: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: WRITERS }, (_, writer) => work(writer)));

/**
 * What several Lambdas do to one database at once. SQLite has one writer; on MySQL all of this really runs at the same time, in
 * transactions that see one another's rows late and lock them early.
 */
describe.skipIf(noMariadb)('writers at the same time on MySQL', () => {
  let under: DataApiUnderTest;
  let db: Db;
  beforeAll(async () => {
    under = await startDataApi();
    const database = await under.newDatabase();
    const target = { resourceArn: RESOURCE_ARN, secretArn: SECRET_ARN, database };
    db = openDataApiDatabase({ client: under.client, clock: systemClock, ...target });
    await migrate(db as never);
  });
  afterAll(() => under?.end());

  it('give an epoch of a position to one order', async () => {
    const orders = plannedOrders(sqlCycleStores(db));
    const outcomes = await all((writer) => orders.storeIntent(intent({ decisionId: `d${writer}` }), '{}', null));

    expect(outcomes.toSorted()).toEqual(['stored', ...Array(WRITERS - 1).fill('taken')]);
    expect(await orders.pendingOutbox(EXCHANGE, T0, 10)).toHaveLength(1);
  });

  it('record one end of an order, and one next epoch', async () => {
    const orders = plannedOrders(sqlCycleStores(db));
    const order = intent({ symbol: 'END', decisionId: 'd' });
    await orders.storeIntent(order, '{}', null);
    const ended = await all(() => orders.recordEnd(orderEnd(order.clientOrderId, 'cancelled'), T0 + 1));

    expect(ended.filter(Boolean)).toHaveLength(1);
    expect(await orders.epoch(EXCHANGE, ACCOUNT, 'END')).toMatchObject({ epoch: 1 });
  });

  it('let one of them send an order', async () => {
    const orders = plannedOrders(sqlCycleStores(db));
    const order = intent({ symbol: 'SEND' });
    await orders.storeIntent(order, '{}', null);

    expect((await all(() => orders.send(order.clientOrderId, T0))).filter(Boolean)).toHaveLength(1);
  });

  it('let only the newest holder of the lease send, and nobody once a lock is stored', async () => {
    const { orders, leases, systemState, ...stores } = sqlCycleStores(db);
    const planned = plannedOrders({ orders, leases, systemState, ...stores });
    const exchange = 'sendguard';
    const intents = Array.from({ length: 12 }, (_, i) => intent({ exchange, symbol: `GUARD${i}` }));
    for (const order of intents) await planned.storeIntent(order, '{}', null);
    await systemState.compareAndSet(aSystemState({ exchange, version: 1 }), 0);
    const held: (Lease | null)[] = [];
    for (let i = 0; i < WRITERS; i += 1) held.push(await leases.acquire('guard', `h${i}`, T0 + i * 1_000, 1_000));
    const nowMs = T0 + (WRITERS - 1) * 1_000;

    const first = await all((writer) => orders.markSending(intents[0]!, held[writer]!, nowMs));
    expect(first).toEqual([...Array(WRITERS - 1).fill(false), true]);

    const lock = aSystemState({ exchange, state: 'LOCKED', lockMode: 'close-only', version: 2 });
    const newest = held.at(-1)!;
    await Promise.all([
      systemState.compareAndSet(lock, 1),
      ...intents.slice(1, 6).map((order) => orders.markSending(order, newest, nowMs)),
    ]);
    expect(await Promise.all(intents.slice(6).map((order) => orders.markSending(order, newest, nowMs)))).toEqual(
      Array(6).fill(false),
    );
  });

  it('store a fill once', async () => {
    const orders = plannedOrders(sqlCycleStores(db));
    const fills = Array.from({ length: 20 }, (_, i) => ({
      ...fill({ tradeId: `f${i}`, symbol: 'FILL' }),
      ours: false,
      holdReason: 'x',
    }));
    await all(() => orders.saveFills(EXCHANGE, ACCOUNT, fills, T0));

    expect(await orders.fillsSince(EXCHANGE, ACCOUNT, 0, 100)).toHaveLength(20);
  });

  it('give a lease to one holder, with one fence', async () => {
    const leases = sqlLeasesRepository(db);
    for (const [round, nowMs] of [0, 1_000, 2_000].entries()) {
      const held = (await all((writer) => leases.acquire('l', `h${writer}`, nowMs, 500))).filter(
        (lease) => lease !== null,
      );
      expect(
        held.map((lease) => lease.fence - held[0]!.fence),
        `round ${round}`,
      ).toEqual([0]);
    }
  });

  it('give a slot of a schedule to one of them', async () => {
    const jobs = sqlJobStateRepository(db, EXCHANGE);
    for (const slotMs of [10, 20]) {
      expect((await all(() => jobs.claimSlot('job', slotMs))).filter(Boolean)).toHaveLength(1);
    }
  });

  it('count every failure of a call', async () => {
    const breakers = new SqlBreakerRepository(db);
    await all(() => breakers.recordFailure(EXCHANGE, 'open', { failures: 100, windowMs: 60_000 }, T0));

    expect(await breakers.all(EXCHANGE)).toMatchObject([{ failures: WRITERS, state: 'closed' }]);
  });

  it('change the state of the system once, with one row of its audit', async () => {
    const states = sqlSystemStateRepository(db);
    for (const version of [1, 2]) {
      const outcomes = await all(() =>
        states.compareAndSet(aSystemState({ exchange: 'changed', version }), version - 1),
      );
      expect(
        outcomes.filter((outcome) => outcome === 'stored'),
        `version ${version}`,
      ).toHaveLength(1);
    }
    expect(await states.audit('changed', 10)).toHaveLength(2);
  });

  it('keep the newest snapshot of an account, whoever is last', async () => {
    const accounts = sqlAccountRepository(db);
    const position = (size: string) => ({
      symbol: SYMBOL,
      coin: 'BTC',
      size,
      entryPrice: null,
      valueQuote: '0',
      unrealizedPnlQuote: '0',
      marginUsedQuote: '0',
      liquidationPrice: null,
    });
    const at = (writer: number) => T0 + ((writer * 5) % WRITERS) * 1_000;
    const outcomes = await all((writer) =>
      accounts.saveSnapshot(
        anAccountState(at(writer), { account: ACCOUNT, positions: [position(String(at(writer)))] }),
        '0',
        T0,
      ),
    );

    const newest = T0 + (WRITERS - 1) * 1_000;
    expect(await accounts.latest(EXCHANGE, ACCOUNT)).toMatchObject({
      venueTimeMs: newest,
      positions: [{ size: String(newest) }],
    });
    expect(outcomes).toContain('stored');
  });

  it('step runs once for each tick, and never lose one to another', async () => {
    const runs = new SqlRunsRepository(db);
    await runs.createRuns('sim', [aNewRun(0), aNewRun(1)], RUNS_START_MS);
    const deps = { runs, cache: newRunCache() };
    await stepRuns(deps, { bundles: [aBundle([100, 101, 102])], livePnlAboveMicros: 0 });
    const [before] = await runs.loadCohorts('sim', ['BTC/USDC:USDC']);
    const saves = await all(() =>
      runs.saveCohorts('sim', [
        {
          cohort: { ...before!.cohort, lastTradeTimeMs: before!.cohort.lastTradeTimeMs + 1 },
          updates: [],
          touchAll: true,
          updatedAtMs: RUNS_START_MS + 1,
        },
      ]),
    );

    expect(saves.map((save) => save.kind).toSorted()).toEqual([...Array(WRITERS - 1).fill('conflict'), 'saved']);
    const [after] = await runs.loadCohorts('sim', ['BTC/USDC:USDC']);
    expect(after!.cohort.version).toBe(before!.cohort.version + 1);
  });

  it('store a take-profit state once', async () => {
    const runs = new SqlRunsRepository(db);
    const state = newTakeProfitState('sim', 'main');

    expect((await all(() => runs.saveTakeProfitState(state, null))).filter((saved) => saved !== null)).toHaveLength(1);
  });

  it('plan the same symbol in two cycles and store one of its orders', async () => {
    const stores = sqlCycleStores(db);
    const outcomes = await all((writer) => {
      const decisions = planCycle(aCycle([aSymbol({ epoch: 0, runs: wants(3) })], { cycleId: `cycle-${writer}` }));
      const trace = { correlationId: `c${writer}`, bornAtMs: CYCLE_NOW_MS };
      return stores.reconciliation.saveCycle({
        exchange: EXCHANGE,
        account: 'main',
        cycleId: `cycle-${writer}`,
        decisions,
        outboxBodies: outboxBodies(decisions, trace),
        trace,
        atMs: CYCLE_NOW_MS,
      });
    });

    expect(outcomes.flatMap((outcome) => outcome.stored)).toHaveLength(1);
    expect(outcomes.flatMap((outcome) => outcome.superseded)).toHaveLength(WRITERS - 1);
  });
});
