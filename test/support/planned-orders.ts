import type { OrderIntent } from '#shared/core/orders/order.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { CycleSave, ReconciliationRepository } from '#shared/ports/repositories/reconciliation-repository.ts';

export interface PlannedOrders extends OrdersRepository {
  /** Stores an intent with its decision and its outbox row, as a cycle does that decided nothing else. */
  storeIntent(
    intent: OrderIntent,
    outboxBody: string,
    idempotency: CycleSave['idempotency'] | null,
  ): Promise<'stored' | 'taken' | 'stale-epoch'>;
}

/** Orders have a beginning only by a planner: for tests that begin with one. */
export const plannedOrders = (stores: {
  readonly orders: OrdersRepository;
  readonly reconciliation: Pick<ReconciliationRepository, 'saveCycle'>;
}): PlannedOrders => ({
  ...stores.orders,
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
