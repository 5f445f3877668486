import type { ClientOrderId, OrderIntent } from '#shared/core/orders/order.ts';
import { writerLease } from '#shared/core/orders/writer-lease.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { LeasesRepository } from '#shared/ports/repositories/leases-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { CycleSave, ReconciliationRepository } from '#shared/ports/repositories/reconciliation-repository.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import { aSystemState } from './cycle.ts';

export interface PlannedOrders extends OrdersRepository {
  /** Stores an intent with its decision and its outbox row, as a cycle does that decided nothing else. */
  storeIntent(
    intent: OrderIntent,
    outboxBody: string,
    idempotency: CycleSave['idempotency'] | null,
  ): Promise<'stored' | 'taken' | 'stale-epoch'>;
  /** intent → sending, as by a gateway of a HEALTHY system that has the account's lease for this moment. */
  send(clientOrderId: ClientOrderId, atMs: EpochMs): Promise<boolean>;
}

/** Orders have a beginning only by a planner: for tests that begin with one. */
export const plannedOrders = (stores: {
  readonly orders: OrdersRepository;
  readonly reconciliation: Pick<ReconciliationRepository, 'saveCycle'>;
  readonly leases: LeasesRepository;
  readonly systemState: SystemStateRepository;
}): PlannedOrders => ({
  ...stores.orders,
  async send(clientOrderId, atMs) {
    const order = await stores.orders.find(clientOrderId);
    if (!order) return false;
    const { exchange, account } = order;
    await stores.systemState.compareAndSet(aSystemState({ exchange, version: 1 }), 0);
    const lease = await stores.leases.acquire(writerLease(exchange, account), 'gateway-1', atMs, 1);
    return lease !== null && stores.orders.markSending(order, lease, atMs);
  },
  async storeIntent(intent, outboxBody, idempotency) {
    const { exchange, account, clientOrderId, correlationId, createdAtMs } = intent;
    const { superseded } = await stores.reconciliation.saveCycle({
      exchange,
      account,
      cycleId: `cycle-${intent.decisionId}`,
      decisions: [decisionOf(intent)],
      outboxBodies: new Map([[clientOrderId, outboxBody]]),
      trace: { correlationId, bornAtMs: createdAtMs },
      ...(idempotency ? { idempotency } : {}),
      atMs: createdAtMs,
    });
    return superseded[0]?.reason ?? 'stored';
  },
});

const decisionOf = (intent: OrderIntent): CycleDecision => ({
  id: intent.decisionId,
  symbol: intent.symbol,
  epoch: intent.epoch,
  kind: 'order',
  code: 'open',
  message: 'planned by a test',
  desiredSize: null,
  actualSize: null,
  inputs: {},
  repeats: false,
  episodeCount: 1,
  intent,
  cancels: [],
  wantsFreshSources: false,
  alarm: null,
});
