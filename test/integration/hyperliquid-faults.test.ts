import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import { runOnClock } from '#local/exchange-simulator/run-on-clock.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { TEST_ACCOUNTS, TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { installVirtualGlobals } from '#local/virtual-time/virtual-globals.ts';
import {
  createHyperliquid,
  type HyperliquidOptions,
} from '#shared/adapters/exchange/hyperliquid/create-hyperliquid.ts';
import { readAccountForObserver } from '#shared/adapters/exchange/hyperliquid/observer-reader.ts';
import type { Exchange } from '#shared/adapters/exchange/wire/exchange.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { dec, decimalText } from '#shared/core/decimal.ts';
import { type ExchangeUnderTest, orderAt, positionOf } from '#test/support/exchange-under-test.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const T0 = 1_700_000_030_000;
const SYMBOL = 'BTC/USDC:USDC';
const HIP3 = 'XYZ-CL/USDC:USDC';
const ADDRESS = TEST_ACCOUNTS[0]?.address as string;

/** The real adapter against the simulator with scripted faults, all of it in market time. */
describe('HyperLiquid with faults', () => {
  let clock: VirtualClock;
  let simulator: ExchangeSimulator;
  let hyperliquid: Exchange;
  let exchange: ExchangeUnderTest;
  let stop: () => void;

  beforeEach(() => {
    clock = new VirtualClock(T0);
    const restore = installVirtualGlobals(clock);
    simulator = new ExchangeSimulator({ mode: 'clock', nowMs: () => clock.nowMs(), historyMinutes: 10 });
    const running = runOnClock(simulator, clock);
    hyperliquid = createHyperliquid({
      exchange: 'hyperliquid',
      httpUrl: 'http://simulator.test',
      accounts: [{ name: 'main', address: ADDRESS, tradingKeySecret: 'agent' }],
      dexes: ['xyz'],
      secrets: { get: async () => TEST_SIGNERS.mainAgent.privateKey },
      instruments: null,
      clock,
      telemetry: new RecordingTelemetry(),
      alerts: { raise: async () => {} },
      breakers: new SqlBreakerRepository(memoryDatabase()),
      fetch: createSimulatorFetch(simulator) as HyperliquidOptions['fetch'],
      proxies: { urlPrefixes: [], origin: null },
      signingSource: 'a',
      resilience: { weightPerMinute: 1_000_000 },
    });
    stop = () => {
      running.stop();
      restore();
    };
    const { marketData, accountReader, orderVenue } = hyperliquid;
    if (orderVenue === null) throw new Error('built without secrets');
    exchange = {
      marketData,
      accountReader,
      orderVenue,
      account: 'main',
      symbols: [SYMBOL, HIP3],
      subAccounts: ['native', 'xyz'],
      nowMs: () => clock.nowMs(),
      pass: (ms) => clock.advanceBy(ms),
      close: () => hyperliquid.close(),
    };
  });
  afterEach(() => stop());

  const faults = (...list: Fault[]) => simulator.faults.install(list);
  const onOrder = { path: '/exchange', type: 'order' } as const;
  /** Lets market time pass until the call has ended. */
  async function finish<T>(call: Promise<T>): Promise<T> {
    let ended = false;
    const done = call.finally(() => {
      ended = true;
    });
    for (let i = 0; i < 600 && !ended; i += 1) await clock.advanceBy(100);
    return done;
  }
  const submit = async (change = {}) => {
    const order = await orderAt(exchange, SYMBOL, 'buy', 1.02, 200, change);
    const outcome = await finish(exchange.orderVenue.submitOrder(order));
    return { order, outcome };
  };
  const look = (order: { clientOrderId: `0x${string}` }) =>
    finish(exchange.accountReader.fetchOrder('main', 'BTC/USDC:USDC', order.clientOrderId));

  it('does not know what became of an order that was executed behind a 502', async () => {
    faults({ id: 'f', kind: 'http-5xx', status: 502, afterExecution: true, match: onOrder, nth: 1 });
    const { order, outcome } = await submit();
    expect(outcome).toMatchObject({ kind: 'unknown', errorKind: 'unavailable' });
    expect(await look(order)).toMatchObject({ kind: 'found', order: { status: 'filled' } });
    expect(await positionOf(exchange, SYMBOL), 'executed once').toBe(order.size);
  });

  it('does not know what became of an order that was accepted in silence, after 10 seconds', async () => {
    faults({ id: 'f', kind: 'accept-then-timeout', resetAfterMs: 60_000, match: onOrder, nth: 1 });
    const before = clock.nowMs();
    const { order, outcome } = await submit();
    expect(outcome).toMatchObject({ kind: 'unknown', errorKind: 'timeout' });
    expect(clock.nowMs() - before).toBeLessThanOrEqual(10_200);
    expect(await look(order)).toMatchObject({ kind: 'found', order: { status: 'filled' } });
  });

  it('does not know what became of an order whose connection broke', async () => {
    faults({ id: 'f', kind: 'accept-then-timeout', match: onOrder, nth: 1 });
    expect((await submit()).outcome).toMatchObject({ kind: 'unknown', errorKind: 'network' });
  });

  it('leaves an order that arrives after its expiry unexecuted: the signed expiry does it', async () => {
    faults({ id: 'f', kind: 'arrive-late', delayMs: 35_000, match: onOrder, nth: 1 });
    const { order, outcome } = await submit();
    expect(outcome).toMatchObject({ kind: 'unknown', errorKind: 'timeout' });
    await clock.advanceBy(40_000);
    expect(await look(order)).toEqual({ kind: 'not-found' });
    expect(await positionOf(exchange, SYMBOL)).toBe('0');
  });

  it('knows that an order met by 429 was not executed', async () => {
    faults({ id: 'f', kind: 'http-429', retryAfterSeconds: 5, match: onOrder, nth: 1 });
    const { order, outcome } = await submit();
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'rate-limited' });
    expect(await look(order)).toEqual({ kind: 'not-found' });
  });

  it('knows an order that the venue refused in words that are written down, and asks about any other', async () => {
    const documented = 'Only post-only orders allowed immediately after a network upgrade';
    faults({ id: 'f', kind: 'refuse-action', text: documented, match: onOrder, nth: 1 });
    const refused = await submit();
    expect(refused.outcome).toEqual({ kind: 'rejected', code: 'venue-closed', message: documented });
    expect(await look(refused.order)).toEqual({ kind: 'not-found' });
    faults({ id: 'f', kind: 'refuse-action', text: 'Order already exists', match: onOrder, nth: 1 });
    expect((await submit()).outcome).toMatchObject({ kind: 'unknown', message: 'Order already exists' });
  });

  it('knows that an order signed by a dead agent was not executed', async () => {
    faults({ id: 'f', kind: 'dead-agent', match: onOrder, nth: 1 });
    const { order, outcome } = await submit();
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'key-refused' });
    expect((outcome as { message: string }).message).toContain(TEST_SIGNERS.mainAgent.address);
    expect(await look(order)).toEqual({ kind: 'not-found' });
  });

  it('says why an order ended in the words of its own answer when it has to ask later', async () => {
    faults({ id: 'f', kind: 'http-5xx', afterExecution: true, match: onOrder, nth: 1 });
    const order = await orderAt(exchange, SYMBOL, 'buy', 0.9, 200);
    expect(await finish(exchange.orderVenue.submitOrder(order))).toMatchObject({ kind: 'unknown' });
    expect(await look(order)).toMatchObject({ kind: 'found', order: { status: 'rejected', endCode: 'ioc-no-match' } });
  });

  it('lets the sixth exit out after the answers of five that were executed were lost', async () => {
    const reduce = { orderClass: 'reduce', reduceOnly: true } as const;
    for (const resetAfterMs of [0, 60_000]) {
      const entry = await submit();
      faults({ id: 'f', kind: 'accept-then-timeout', resetAfterMs, match: onOrder, nth: 1, count: 5 });
      const size = decimalText(dec(entry.order.size).div(10).toDecimalPlaces(5, 1));
      for (let i = 0; i < 5; i += 1) {
        const exit = await orderAt(exchange, SYMBOL, 'sell', 0.98, 400, { ...reduce, size });
        expect(await finish(exchange.orderVenue.submitOrder(exit))).toMatchObject({ kind: 'unknown' });
      }
      const last = await orderAt(exchange, SYMBOL, 'sell', 0.98, 400, reduce);
      expect(await finish(exchange.orderVenue.submitOrder(last))).toMatchObject({ kind: 'accepted', state: 'filled' });
      expect(await positionOf(exchange, SYMBOL)).toBe('0');
    }
  });

  it('lets an exit out some seconds after the venue refused five of them', async () => {
    await submit();
    faults({ id: 'f', kind: 'http-5xx', status: 503, match: onOrder, nth: 1, count: 5 });
    const reduce = { orderClass: 'reduce', reduceOnly: true } as const;
    const exit = async () => {
      const order = await orderAt(exchange, SYMBOL, 'sell', 0.98, 400, reduce);
      return finish(exchange.orderVenue.submitOrder(order));
    };
    for (let i = 0; i < 5; i += 1) expect(await exit()).toMatchObject({ kind: 'unknown' });
    expect(await exit()).toMatchObject({ kind: 'rejected', code: 'breaker-open' });
    await clock.advanceBy(5_000);
    expect(await exit()).toMatchObject({ kind: 'accepted', state: 'filled' });
  });

  it('does not retry, nor count as a fault of the network, a mistake of our own', async () => {
    const broken = { ...(await orderAt(exchange, SYMBOL, 'buy', 1.02, 200)), decisionId: undefined as never };
    for (let i = 0; i < 6; i += 1) {
      const outcome = await finish(exchange.orderVenue.submitOrder(broken));
      expect(outcome).toMatchObject({ kind: 'unknown', errorKind: 'bug' });
    }
    expect((await submit()).outcome).toMatchObject({ kind: 'accepted' });
  });

  it('still lets an exit out when entries have failed until their breaker opened', async () => {
    const entry = await submit();
    faults({ id: 'f', kind: 'http-5xx', match: onOrder, nth: 1, count: 5 });
    for (let i = 0; i < 5; i += 1) expect((await submit()).outcome).toMatchObject({ kind: 'unknown' });
    expect((await submit()).outcome).toMatchObject({ kind: 'rejected', code: 'breaker-open' });
    const exit = await orderAt(exchange, SYMBOL, 'sell', 0.98, 400, { orderClass: 'reduce', reduceOnly: true });
    expect(await finish(exchange.orderVenue.submitOrder(exit))).toMatchObject({
      kind: 'accepted',
      filledSize: entry.order.size,
    });
  });

  it('reads an account as incomplete, by both of its readers, while a dex fails', async () => {
    faults({ id: 'f', kind: 'dex-failure', match: { dex: 'xyz' } });
    const state = await finish(exchange.accountReader.fetchAccountState('main'));
    expect(state).toMatchObject({ complete: false, subAccounts: [{ complete: true }, { complete: false }] });
    expect(await finish(observe())).toMatchObject({ complete: false });
  });

  it('reads an account as incomplete, by both of its readers, while the venue ignores which dex was asked for', async () => {
    expect((await submit()).outcome).toMatchObject({ kind: 'accepted' });
    faults({ id: 'f', kind: 'dex-ignored' });
    const state = await finish(exchange.accountReader.fetchAccountState('main'));
    expect(state).toMatchObject({ complete: false, subAccounts: [{ complete: true }, { complete: false }] });
    expect(await finish(observe())).toMatchObject({ complete: false });
  });

  it('shows the age of a lagging answer to each reader by itself', async () => {
    faults({ id: 'f', kind: 'snapshot-lag', lagMs: 20_000, match: { observer: 'observer-1' } });
    await clock.advanceBy(30_000);
    const state = await finish(exchange.accountReader.fetchAccountState('main'));
    expect(clock.nowMs() - state.venueTimeMs).toBeLessThanOrEqual(200);
    const seen = await finish(observe());
    expect(clock.nowMs() - seen.venue_time_ms).toBeGreaterThanOrEqual(20_000);
    expect(seen.complete).toBe(true);
  });

  it('agrees with the observer about a position, to the lot', async () => {
    const { order } = await submit();
    const hip3 = await orderAt(exchange, HIP3, 'sell', 0.98, 300);
    await finish(exchange.orderVenue.submitOrder(hip3));
    const seen = await finish(observe());
    const sizes = Object.fromEntries(seen.assetPositions.map(({ position }) => [position.coin, Number(position.szi)]));
    expect(sizes).toEqual({ BTC: Number(order.size), 'xyz:CL': -Number(hip3.size) });
    const state = await finish(exchange.accountReader.fetchAccountState('main'));
    expect(state.positions.map((p) => [p.coin, Number(p.size)])).toEqual(Object.entries(sizes));
  });

  const observe = () =>
    readAccountForObserver({
      url: 'http://simulator.test',
      address: ADDRESS,
      dexes: ['xyz'],
      observerId: 'observer-1',
      fetch: createSimulatorFetch(simulator) as HyperliquidOptions['fetch'],
      timeoutMs: 10_000,
    });
});
