import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderGatewayEnvSchema } from '#functions/order-gateway/env.ts';
import { createHandler as createGateway } from '#functions/order-gateway/handler.ts';
import { orderTrackerEnvSchema } from '#functions/order-tracker/env.ts';
import { createHandler as createTracker } from '#functions/order-tracker/handler.ts';
import { manualOrder } from '#local/exchange-simulator/server/control.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import { sqlDeadLetters } from '#shared/adapters/sql/dead-letters.ts';
import { type Db, openSqlite } from '#shared/adapters/sql/open-database.ts';
import { sqlOrderFactsReader } from '#shared/adapters/sql/order-facts-reader.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { dec } from '#shared/core/decimal.ts';
import { clientOrderId } from '#shared/core/orders/client-order-id.ts';
import type { OrderIntent } from '#shared/core/orders/order.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { orderAt } from '#test/support/exchange-under-test.ts';
import { hyperliquidOnSimulator } from '#test/support/hyperliquid-on-simulator.ts';
import { commandOf, fifoEvent, recordingQueue, SCHEDULE } from '#test/support/order-room.ts';
import { EXCHANGE, TAG } from '#test/support/orders.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const SYMBOL = 'BTC/USDC:USDC';
const HIP3 = 'XYZ-CL/USDC:USDC';

/** Gateway and tracker over SQLite and the real adapter, against the simulator's own ledger. */
async function everything() {
  const { simulator, hyperliquid, clock } = hyperliquidOnSimulator();
  const { orderVenue: venue, accountReader: reader, marketData, venueClock } = hyperliquid;
  if (!venue) throw new Error('built without secrets');
  const db: Db = await openSqlite({ path: ':memory:' });
  const orders = plannedOrders(sqlCycleStores(db));
  const systemState = sqlSystemStateRepository(db);
  const installation = sqlInstallationRepository(db);
  const accounts = sqlAccountRepository(db);
  const deps = {
    orders,
    venue,
    reader,
    venueClock,
    accounts,
    instruments: sqlInstrumentsRepository(db),
    systemState,
    installation,
    facts: sqlOrderFactsReader(db, { maxLeverage: 10, hip3Leverage: 5 }),
    leases: sqlLeasesRepository(db),
    jobs: sqlJobStateRepository(db, 'hyperliquid'),
    control: systemControl({ systemState, installation, marker: null }),
    alerts: sqlAlerts(db, clock),
    deadLetters: sqlDeadLetters(db, clock),
    orderQueue: recordingQueue(),
    runRequests: recordingQueue(),
    clock,
    ids: seededIds(1),
    telemetry: new RecordingTelemetry(),
  };
  const instruments = sqlInstrumentsRepository(db);
  const prices = sqlPricesRepository(db);
  await instruments.replaceAll(EXCHANGE, (await marketData.loadInstruments()).rows, clock.nowMs());
  await instruments.manageNew(EXCHANGE, [SYMBOL, HIP3], clock.nowMs());
  await installation.ensureTag(TAG);
  const changedAtMs = clock.nowMs();
  const healthy = {
    exchange: EXCHANGE,
    state: 'HEALTHY',
    lockMode: null,
    reason: 'test',
    changedBy: 'test',
    changedAtMs,
    approved: true,
    version: 1,
  } as const;
  await systemState.compareAndSet(healthy, 0);

  /** What balance, price producer and market data would have stored by now. */
  const refresh = async () => {
    simulator.advance(simulator.nowMs() + 1_000);
    const state = await reader.fetchAccountState('main');
    await accounts.saveSnapshot({ ...state, exchange: EXCHANGE, account: 'main' }, '0', clock.nowMs());
    const marks = (await marketData.fetchMarkPrices()).rows.filter((mark) => [SYMBOL, HIP3].includes(mark.symbol));
    await prices.saveTicks(
      marks.map(({ symbol, markPrice: price }) => ({
        exchange: EXCHANGE,
        symbol,
        price,
        size: '1',
        side: 'buy' as const,
        tradeId: `${clock.nowMs()}${symbol}`,
        venueTimeMs: clock.nowMs(),
      })),
      clock.nowMs(),
    );
    await prices.saveMarkPrices(
      EXCHANGE,
      marks.map((mark) => ({ ...mark, observedAtMs: clock.nowMs() })),
    );
  };
  const exchange = {
    marketData,
    accountReader: reader,
    orderVenue: venue,
    account: 'main',
    symbols: [SYMBOL, HIP3] as const,
    subAccounts: [],
    nowMs: clock.nowMs,
    pass: async () => {},
    close: async () => {},
  };
  /** An order of about 500 quote units at `offset` of the mark price, stored as a planner does. */
  const plan = async (side: 'buy' | 'sell', offset: number, change: Partial<OrderIntent> = {}) => {
    const symbol = change.symbol ?? SYMBOL;
    const { epoch } = await orders.epoch(EXCHANGE, 'main', symbol);
    const content = await orderAt(exchange, symbol, side, offset, 500, change);
    const intent: OrderIntent = {
      ...content,
      epoch,
      clientOrderId: clientOrderId(TAG, { ...content, symbol, epoch, leg: 0 }),
    };
    expect(await orders.storeIntent(intent, JSON.stringify(commandOf(intent)), null)).toBe('stored');
    return intent;
  };
  const gateway = createGateway(deps, orderGatewayEnvSchema.parse({ EXCHANGE, LIMITS: '{}', LEASE_HOLDER: 'g' }));
  const tracker = createTracker(deps, orderTrackerEnvSchema.parse({ EXCHANGE, ACCOUNT: 'main' }));
  const send = (intent: OrderIntent) => gateway(fifoEvent(commandOf(intent)) as SQSEvent);
  const track = async (ms = 1_000) => {
    simulator.advance(simulator.nowMs() + ms);
    await tracker(SCHEDULE);
  };
  const position = async (symbol = SYMBOL) => {
    const { positions } = await reader.fetchAccountState('main');
    return positions.find((p) => p.symbol === symbol)?.size ?? '0';
  };
  const close = async () => {
    await hyperliquid.close();
    await db.destroy();
  };
  await track();
  await refresh();
  return { ...deps, db, simulator, refresh, plan, send, track, position, close };
}

describe('orders on the exchange simulator', () => {
  let room: Awaited<ReturnType<typeof everything>>;
  beforeEach(async () => {
    room = await everything();
  });
  afterEach(() => room.close());
  const orderOf = async (intent: OrderIntent) => (await room.orders.find(intent.clientOrderId))!;

  it.each([SYMBOL, HIP3])(
    'opens and closes a position in %s, each in its own epoch, every fill stored',
    async (symbol) => {
      const opening = await room.plan('buy', 1.02, { symbol });
      await room.send(opening);
      await room.track();
      expect(await orderOf(opening)).toMatchObject({ status: 'filled', filledSize: opening.size, errorCode: null });
      expect(await room.position(symbol)).toBe(opening.size);

      await room.refresh();
      const closing = await room.plan('sell', 0.98, {
        symbol,
        size: opening.size,
        orderClass: 'reduce',
        reduceOnly: true,
      });
      await room.send(closing);
      await room.track();

      expect(await orderOf(closing)).toMatchObject({ status: 'filled' });
      expect(await room.position(symbol)).toBe('0');
      const fills = await room.orders.fillsSince(EXCHANGE, 'main', 0, 100);
      expect(fills.every((fill) => fill.ours)).toBe(true);
      const net = fills.reduce((sum, f) => (f.side === 'buy' ? sum.plus(f.size) : sum.minus(f.size)), dec(0));
      expect(net.toFixed()).toBe('0');
      const epoch = await room.orders.epoch(EXCHANGE, 'main', symbol);
      expect(epoch).toMatchObject({
        epoch: 2,
        holdReason: null,
        exitAttempts: 0,
        leverageSet: symbol === HIP3 ? 5 : 10,
      });
      expect(epoch.settledAtMs).toBe((await orderOf(closing)).venueEndedAtMs);
      const totals = await room.orders.dayTotals(EXCHANGE, 'main', room.clock.nowMs());
      expect(dec(totals.feesQuote).gt(0)).toBe(true);
    },
  );

  it('ends an immediate order that nobody would fill, and counts the unfilled exit', async () => {
    const opening = await room.plan('buy', 1.02);
    await room.send(opening);
    await room.track();
    await room.refresh();
    const exit = await room.plan('sell', 1.04, { size: opening.size, orderClass: 'reduce', reduceOnly: true });
    await room.send(exit);
    await room.track();
    expect(await orderOf(exit)).toMatchObject({ status: 'rejected', filledSize: '0' });
    expect(await room.orders.epoch(EXCHANGE, 'main', SYMBOL)).toMatchObject({ epoch: 2, exitAttempts: 1 });
    expect(await room.position()).toBe(opening.size);
  });

  it('learns what became of an order whose answer was lost after it had been executed', async () => {
    room.simulator.installFaults([
      { id: 'f', kind: 'http-5xx', afterExecution: true, match: { path: '/exchange', type: 'order' } },
    ]);
    const intent = await room.plan('buy', 1.02);
    await room.send(intent);
    expect(await orderOf(intent)).toMatchObject({ status: 'unknown' });
    await room.send(intent);
    room.simulator.installFaults([]);
    await room.track();
    expect(await orderOf(intent)).toMatchObject({ status: 'filled', filledSize: intent.size });
    expect(await room.position(), 'executed once').toBe(intent.size);
  });

  it('says never accepted of an order that was lost on its way, only after its expiry', async () => {
    room.simulator.installFaults([{ id: 'f', kind: 'http-5xx', match: { path: '/exchange', type: 'order' } }]);
    const intent = await room.plan('buy', 1.02);
    await room.send(intent);
    room.simulator.installFaults([]);
    await room.track(20_000);
    expect(await orderOf(intent)).toMatchObject({ status: 'unknown' });
    await room.track(20_000);
    expect(await orderOf(intent)).toMatchObject({ status: 'expired', errorCode: 'never-accepted' });
    expect(await room.position()).toBe('0');
  });

  it('is not misled by a status query that denies a live order', async () => {
    const intent = await room.plan('buy', 0.97, { timeInForce: 'Gtc' });
    await room.send(intent);
    room.simulator.installFaults([{ id: 'f', kind: 'unknown-oid' }]);
    await room.track(60_000);
    expect((await orderOf(intent)).status).toBe('open');
  });

  it('holds the symbol that somebody else traded, and nothing else', async () => {
    const content = await room.plan('buy', 1.02, { symbol: HIP3 });
    const user = TEST_SIGNERS.mainMaster.address;
    manualOrder(room.simulator.world, { user, coin: 'xyz:CL', side: 'buy', size: '1', reduceOnly: false });
    await room.track();
    expect(await room.orders.epoch(EXCHANGE, 'main', HIP3)).toMatchObject({ holdReason: 'foreign-fill' });
    expect((await room.orders.epoch(EXCHANGE, 'main', SYMBOL)).holdReason).toBeNull();
    await room.refresh();
    await room.send(content);
    expect(await orderOf(content)).toMatchObject({ status: 'rejected', errorCode: 'symbol-on-hold' });
  });

  it('sends nothing more once the venue shows an order under our own tag that has no row', async () => {
    const content = await room.plan('buy', 1.02, { symbol: HIP3 });
    const lost = clientOrderId(TAG, { ...content, account: 'another life' });
    await room.venue.submitOrder({ ...content, clientOrderId: lost } as never);
    await room.track();
    await room.refresh();
    await room.send(content);
    expect(await orderOf(content)).toMatchObject({ status: 'rejected', errorCode: 'state-forbids' });
  });
});
