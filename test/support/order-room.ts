import { orderGatewayEnvSchema } from '#functions/order-gateway/env.ts';
import { createHandler as createGateway } from '#functions/order-gateway/handler.ts';
import { orderTrackerEnvSchema } from '#functions/order-tracker/env.ts';
import { createHandler as createTracker } from '#functions/order-tracker/handler.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import type { OrderIntent } from '#shared/core/orders/order.ts';
import type { LockMode, SystemStateName } from '#shared/core/system/system-state.ts';
import type { GatewayCommand } from '#shared/messages/order-command.ts';
import type { OrderFacts } from '#shared/ports/order-facts.ts';
import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { storedDeadLetters } from '#test/support/stored-dead-letters.ts';
import { sqlCycleStores } from './cycle-stores.ts';
import { manualClock } from './manual-clock.ts';
import { OrderVenueDouble } from './order-venue-double.ts';
import { ACCOUNT, EXCHANGE, instrument, intent, T0, TAG } from './orders.ts';
import { plannedOrders } from './planned-orders.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export interface RecordingQueue extends WorkQueue {
  readonly messages: QueueMessage[];
  refuses: boolean;
}

export function recordingQueue(): RecordingQueue {
  const messages: QueueMessage[] = [];
  return {
    messages,
    refuses: false,
    async send(list) {
      if (this.refuses) throw new QueueError('the queue refuses', true);
      messages.push(...list);
    },
  };
}

/** The body that the outbox holds for an intent. */
export const commandOf = (order: OrderIntent): GatewayCommand & { type: 'order' } => ({
  v: 1,
  type: 'order',
  exchange: order.exchange,
  account: order.account,
  symbol: order.symbol,
  clientOrderId: order.clientOrderId,
  expiresAtMs: order.expiresAtMs,
  trace: { correlationId: order.correlationId, bornAtMs: order.createdAtMs - 3 },
});

export const cancelOf = (order: OrderIntent, expiresAtMs = order.expiresAtMs): GatewayCommand & { type: 'cancel' } => ({
  ...commandOf(order),
  type: 'cancel',
  reason: 'contradicted by a newer target',
  expiresAtMs,
});

/** A Lambda event as SQS FIFO sends it. */
export const fifoEvent = (...bodies: unknown[]) => ({
  Records: bodies.map((body, index) => ({
    messageId: `m${index}`,
    receiptHandle: `r${index}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(T0),
      SenderId: 'AIDA',
      ApproximateFirstReceiveTimestamp: String(T0),
      SequenceNumber: `1884949698598428006${index}`,
      MessageGroupId: `${EXCHANGE}:${ACCOUNT}`,
      MessageDeduplicationId: `d${index}`,
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:orders.fifo',
    awsRegion: 'eu-west-1',
  })),
});

export const SCHEDULE = {
  v: 1,
  type: 'schedule',
  job: 'order-tracker',
  scheduledTime: '2026-01-01T00:00:00.000Z',
  executionId: 'e',
};

/** Gateway and tracker over a database in memory; a test may replace a dependency to make it fail. */
export function orderRoom() {
  const clock = manualClock(T0);
  /** How far our clock is ahead of the venue's. */
  const lead = { ms: 0 };
  const venue = new OrderVenueDouble(() => clock.nowMs() - lead.ms);
  const db = memoryDatabase();
  const systemState = sqlSystemStateRepository(db);
  const installation = sqlInstallationRepository(db);
  const orderQueue = recordingQueue();
  const runRequests = recordingQueue();
  const alerts = storedAlerts(clock, db);
  const orders = plannedOrders(sqlCycleStores(db));
  const facts: { current: Partial<OrderFacts> | null } = { current: {} };
  const deps = {
    orders,
    venue,
    reader: venue,
    venueClock: { venueTimeMs: async () => clock.nowMs() - lead.ms },
    facts: {
      read: async (_exchange: string, _account: string, symbol: string, nowMs: number): Promise<OrderFacts | null> =>
        facts.current === null
          ? null
          : {
              nowMs,
              lastPrice: { price: '100', venueTimeMs: nowMs },
              markPrice: { price: '100', timeMs: nowMs },
              positionSize: '0',
              equityQuote: '10000',
              marginUsedQuote: '0',
              ordersLastMinute: 0,
              realizedPnlTodayQuote: '0',
              feesTodayQuote: '0',
              instrument: instrument({ symbol }),
              leverage: 5,
              isolated: false,
              ...facts.current,
            },
    },
    systemState,
    leases: sqlLeasesRepository(db),
    accounts: sqlAccountRepository(db),
    instruments: sqlInstrumentsRepository(db),
    jobs: sqlJobStateRepository(db, EXCHANGE),
    installation,
    control: systemControl({ systemState, installation, marker: null }),
    deadLetters: storedDeadLetters(clock, db),
    orderQueue,
    runRequests,
    alerts,
    clock,
    ids: seededIds(1),
    telemetry: new RecordingTelemetry(),
  };
  const gatewayEnv = orderGatewayEnvSchema.parse({ EXCHANGE, LIMITS: '{}', LEASE_HOLDER: 'gateway-1' });
  const trackerEnv = orderTrackerEnvSchema.parse({ EXCHANGE, ACCOUNT });

  const setState = async (state: SystemStateName, lockMode: LockMode | null = null) => {
    const current = await systemState.read(EXCHANGE);
    const version = (current?.version ?? 0) + 1;
    const why = { reason: 'test', changedBy: 'test', changedAtMs: clock.nowMs(), approved: true };
    await systemState.compareAndSet({ exchange: EXCHANGE, state, lockMode, ...why, version }, version - 1);
  };
  /** Stores an intent with its outbox row, as a planner does. */
  const plan = async (change: Partial<OrderIntent> = {}) => {
    const nowMs = clock.nowMs();
    const planned = intent({ createdAtMs: nowMs, expiresAtMs: nowMs + 30_000, ...change });
    const stored = await orders.storeIntent(planned, JSON.stringify(commandOf(planned)), null);
    if (stored !== 'stored') throw new Error(`the intent is ${stored}`);
    return planned;
  };
  return {
    ...deps,
    deps,
    limitFacts: facts,
    lead,
    start: async () => {
      await setState('HEALTHY');
      await installation.ensureTag(TAG);
    },
    setState,
    plan,
    pass: (ms: number) => clock.set(clock.nowMs() + ms),
    gateway: createGateway(deps, gatewayEnv),
    gatewayEnv,
    tracker: createTracker(deps, trackerEnv),
    trackerEnv,
    requestedJobs: () => runRequests.messages.map((message) => (JSON.parse(message.body) as { job: string }).job),
  };
}
