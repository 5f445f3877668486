import { SqsSchema } from '@aws-lambda-powertools/parser/schemas';
import { describe, expect, it } from 'vitest';
import type { ReconciliationDeps } from '#functions/reconciliation/deps.ts';
import { reconciliationEnvSchema } from '#functions/reconciliation/env.ts';
import { createHandler } from '#functions/reconciliation/handler.ts';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { sqsEvent } from '#local/emulators/sqs-envelope.ts';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { orderCommandSchema } from '#shared/messages/order-command.ts';
import { runRequest } from '#shared/messages/reconciliation-messages.ts';
import type { QueueMessage } from '#shared/ports/work-queue.ts';
import { SOURCES_RETRY } from '#shared/usecases/follow-up-cycle.ts';
import { aSystemState } from '#test/support/cycle.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { anInstrument, manageAsOurs } from '#test/support/instruments.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { ACCOUNT as ADDRESS, anAccountState, anObserverDocument } from '#test/support/system.ts';

const NOW = Date.UTC(2026, 5, 10, 12);
const BTC = 'BTC/USDC:USDC';
const SCHEDULE = scheduleEvent({ job: 'reconciliation', cadenceMs: 900_000 }, NOW, 1);
const trace = { correlationId: 'corr-7', bornAtMs: NOW - 20 };
const ask = (symbols: readonly string[] | null, reason = 'direction 3', attempt = 1, from = trace) =>
  JSON.stringify(runRequest('reconciliation', 'hyperliquid', symbols, reason, from, attempt));
const batch = (...bodies: readonly string[]) =>
  sqsEvent(
    'run-requests',
    bodies.map((body, n) => ({ messageId: `m${n}`, body, receiveCount: 1, sentAtMs: NOW })),
  );

/** BTC and ETH under a living supervisor without runs; every source sees 2 BTC, so that they must be sold. */
async function platform() {
  const clock = manualClock(NOW);
  const db = memoryDatabase();
  const stores = sqlCycleStores(db);
  const documents = memoryObserverDocuments();
  const leases = sqlLeasesRepository(db);
  const systemState = sqlSystemStateRepository(db);
  const telemetry = new RecordingTelemetry();
  const alerts = storedAlerts(clock, db);
  const queues = { orders: [] as QueueMessage[], requests: [] as QueueMessage[], delayed: [] as QueueMessage[] };
  const queue = (to: QueueMessage[]) => ({
    send: async (messages: readonly QueueMessage[]) => void to.push(...messages),
  });
  await systemState.compareAndSet(aSystemState({ version: 1 }), 0);
  await stores.instruments.replaceAll('hyperliquid', [anInstrument('BTC'), anInstrument('ETH', { assetId: 1 })], NOW);
  await manageAsOurs(stores.instruments, 'hyperliquid', [BTC, 'ETH/USDC:USDC'], NOW - 3_600_000);
  await stores.jobs.recordOk('run-supervisor', NOW);
  const tick = { exchange: 'hyperliquid', symbol: BTC, tradeId: 't', size: '1', side: 'buy' as const };
  await stores.prices.saveTicks([{ ...tick, price: '100', venueTimeMs: NOW - 100 }], NOW);
  const position = {
    symbol: BTC,
    coin: 'BTC',
    size: '2',
    entryPrice: '100',
    valueQuote: '200',
    unrealizedPnlQuote: '0',
    marginUsedQuote: '20',
    liquidationPrice: null,
  };
  const see = async (venueTimeMs: number) => {
    await stores.accounts.saveSnapshot(
      anAccountState(venueTimeMs, { account: 'main', positions: [position] }),
      '0',
      NOW,
    );
    const document = anObserverDocument('observer-1', venueTimeMs);
    const seen = {
      ...document.positions[ADDRESS]!,
      assetPositions: [{ type: 'oneWay', position: { coin: 'BTC', szi: '2' } }],
    };
    await documents.put({ ...document, positions: { [ADDRESS]: seen } });
  };
  const deps: ReconciliationDeps = {
    ...stores,
    systemState,
    leases,
    observers: [{ id: 'observer-1', documents }],
    ids: seededIds(1),
    clock,
    orderQueue: queue(queues.orders),
    runRequests: queue(queues.requests),
    delayedRequests: queue(queues.delayed),
    installation: { tag: async () => '0a1b2c3d' },
    alerts,
    telemetry,
  };
  const env = reconciliationEnvSchema.parse({
    EXCHANGE: 'hyperliquid',
    ACCOUNT: 'main',
    ADDRESS,
    RECONCILIATION_ENGINE: '{"rebalance_frequency":900}',
    QUORUM: '{}',
    LIMITS: '{}',
    CALENDAR: 'always',
    SUPERVISOR_MAX_AGE_MS: '660000',
  });
  return { deps, env, handler: createHandler(deps, env), stores, leases, queues, telemetry, alerts, see };
}
const bodies = (messages: readonly QueueMessage[]) => messages.map((m) => JSON.parse(m.body));

describe('reconciliation handler', () => {
  it('is given envelopes that AWS would send', () => {
    expect(SqsSchema.safeParse(batch(ask(null))).success).toBe(true);
  });

  it('puts the order of a scheduled cycle on its queue', async () => {
    const { handler, see, queues, stores, telemetry } = await platform();
    await see(NOW - 3_000);

    expect(await handler(SCHEDULE)).toEqual({ batchItemFailures: [] });

    expect(queues.orders).toMatchObject([{ groupId: 'hyperliquid:main' }]);
    const command = orderCommandSchema.parse(bodies(queues.orders)[0]);
    expect(command).toMatchObject({ type: 'order', symbol: BTC, expiresAtMs: NOW + 30_000 });
    expect(await stores.orders.find(command.clientOrderId)).toMatchObject({
      side: 'sell',
      size: '2',
      reduceOnly: true,
    });
    expect((await stores.jobs.all()).find((j) => j.job === 'reconciliation')).toMatchObject({ detail: { orders: 1 } });
    expect(telemetry.logs.map((l) => [l.event, l.fields.code])).toEqual([
      ['decision.recorded', 'exit'],
      ['decision.recorded', 'aligned'],
    ]);
    const chains = telemetry.logs.map((line) => line.fields.correlationId);
    expect(chains, 'the chain that its schedule began').toEqual(chains.map(() => command.trace.correlationId));
  });

  it('answers a batch of requests with one cycle of their symbols, under the oldest trace', async () => {
    const { handler, see, stores, queues } = await platform();
    await see(NOW - 3_000);
    const older = { correlationId: 'corr-1', bornAtMs: NOW - 90 };

    await handler(batch(ask([BTC]), ask([BTC], 'direction 4', 1, older)));

    expect((await stores.decisions()).map((d) => d.symbol)).toEqual([BTC]);
    expect(bodies(queues.orders)).toMatchObject([{ trace: older }]);
  });

  it('plans everything when one of the requests asks for it', async () => {
    const { handler, see, stores } = await platform();
    await see(NOW - 3_000);

    await handler(batch(ask([BTC]), ask(null)));

    expect(await stores.decisions()).toHaveLength(2);
  });

  it('asks for fresh sources and another look when they are too old, and once per episode', async () => {
    const { handler, see, queues } = await platform();
    await see(NOW - 400_000);

    await handler(SCHEDULE);
    await handler(SCHEDULE);

    expect(bodies(queues.requests).map((b) => b.job)).toEqual(['balance', 'observer', 'balance', 'observer']);
    expect(bodies(queues.delayed)).toMatchObject([
      { reason: SOURCES_RETRY, attempt: 1, symbols: [BTC, 'ETH/USDC:USDC'] },
    ]);

    await handler(batch(queues.delayed[0]!.body));
    expect(queues.delayed[1]).toMatchObject({ delaySeconds: 4 });
  });

  it('leaves a busy account to a later message, a bounded number of times', async () => {
    const { handler, leases, queues, stores } = await platform();
    await leases.acquire('reconciliation:hyperliquid:main', 'other', NOW, 60_000);

    await handler(SCHEDULE);
    await handler(batch(ask([BTC], 'direction 3', 10)));
    expect(queues.delayed).toEqual([]);

    await handler(batch(ask([BTC], 'direction 3', 9)));
    expect(bodies(queues.delayed)).toMatchObject([{ symbols: [BTC], attempt: 10 }]);
    expect(await stores.decisions()).toEqual([]);
  });

  it('logs the first refusal of an episode only', async () => {
    const { handler, telemetry } = await platform();

    await handler(SCHEDULE);
    await handler(SCHEDULE);

    expect(telemetry.logs).toHaveLength(2);
    expect(telemetry.counts.get('refusals_total')).toBe(4);
  });

  it('names a malformed message and serves the others', async () => {
    const { handler, see, stores } = await platform();
    await see(NOW - 3_000);

    expect(await handler(batch('{', ask([BTC])))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(await stores.decisions()).toHaveLength(1);
  });

  it('throws, and notes why, when it cannot plan', async () => {
    const { deps, env, stores } = await platform();
    const handler = createHandler({ ...deps, installation: { tag: async () => null } }, env);

    await expect(handler(SCHEDULE)).rejects.toThrow('no installation tag');
    await expect(handler({})).rejects.toThrow('not a job');
    expect((await stores.jobs.all()).find((j) => j.job === 'reconciliation')?.lastError).toContain(
      'no installation tag',
    );
  });

  it('does not start without exactly one sizing', async () => {
    const { deps, env } = await platform();
    const both = { ...env.RECONCILIATION_ENGINE, risk_pos_percentage: 0.01 };

    expect(() => createHandler(deps, { ...env, RECONCILIATION_ENGINE: both })).toThrow('exactly one');
  });
});
