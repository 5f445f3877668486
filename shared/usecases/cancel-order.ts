import { isEnded, type Order } from '#shared/core/orders/order.ts';
import { writerLease } from '#shared/core/orders/writer-lease.ts';
import type { CancelCommand } from '#shared/messages/order-command.ts';
import { ORDER_TRACKER_JOB, runRequest } from '#shared/messages/reconciliation-messages.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { CancelOutcome, OrderVenue } from '#shared/ports/exchange.ts';
import type { LeasesRepository } from '#shared/ports/repositories/leases-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface CancelOrderDeps {
  readonly orders: Pick<OrdersRepository, 'find' | 'recordAnswer' | 'recordEnd'>;
  readonly leases: Pick<LeasesRepository, 'acquire'>;
  readonly venue: Pick<OrderVenue, 'cancelOrder'>;
  /** Queue `run-requests`. */
  readonly runRequests: WorkQueue;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export type CancelOrderOutcome =
  | { readonly kind: 'no-such-order' }
  | { readonly kind: 'already-ended'; readonly order: Order }
  /** The command is too old; whoever still wants the order gone asks again. */
  | { readonly kind: 'expired'; readonly order: Order }
  | { readonly kind: 'lease-held'; readonly order: Order }
  /** It was still an intent: nothing ever left the machine. */
  | { readonly kind: 'withdrawn'; readonly order: Order }
  /** The venue was asked. What became of the order is for the tracker to learn, with the venue's time. */
  | { readonly kind: 'asked'; readonly order: Order; readonly answer: CancelOutcome };

const ACKNOWLEDGED = {
  status: 'open',
  venueOrderId: null,
  filledSize: '0',
  averagePrice: null,
  errorCode: null,
  errorMessage: null,
} as const;

/** Cancels an order of ours; every system state permits it. A repeat does no harm. */
export async function cancelOrder(
  deps: CancelOrderDeps,
  input: {
    readonly command: CancelCommand;
    readonly settings: { readonly leaseHolder: string; readonly leaseTtlMs: number };
  },
): Promise<CancelOrderOutcome> {
  const { command, settings } = input;
  const order = await deps.orders.find(command.clientOrderId);
  if (!order) return { kind: 'no-such-order' };
  if (isEnded(order.status)) return { kind: 'already-ended', order };
  const nowMs = deps.clock.nowMs();
  if (nowMs >= command.expiresAtMs) return { kind: 'expired', order };

  if (order.status === 'intent') {
    const withdrawn = await deps.orders.recordEnd(
      {
        clientOrderId: order.clientOrderId,
        status: 'cancelled',
        filledSize: '0',
        averagePrice: null,
        venueEndedAtMs: null,
        errorCode: 'withdrawn',
        errorMessage: command.reason,
        onlyFrom: ['intent'],
      },
      nowMs,
    );
    if (withdrawn) return { kind: 'withdrawn', order };
  }
  const name = writerLease(order.exchange, order.account);
  const lease = await deps.leases.acquire(name, settings.leaseHolder, nowMs, settings.leaseTtlMs);
  if (!lease) return { kind: 'lease-held', order };

  const { account, symbol, clientOrderId, orderClass } = order;
  const answer = await deps.venue.cancelOrder(account, symbol, clientOrderId, orderClass).catch(
    (error: unknown): CancelOutcome => ({
      kind: 'unknown',
      message: (error instanceof Error ? error.message : String(error)).slice(0, 300),
    }),
  );
  try {
    // A cancel that worked proves that the venue had taken the order, whatever its status query says later.
    if (answer.kind === 'cancelled') await deps.orders.recordAnswer(clientOrderId, ACKNOWLEDGED, deps.clock.nowMs());
    const request = runRequest(ORDER_TRACKER_JOB, order.exchange, [symbol], `cancel: ${answer.kind}`, command.trace);
    await deps.runRequests.send([{ body: JSON.stringify(request) }]);
  } catch {
    // The tracker's schedule finds out as well, only later; the venue must not be asked twice because of it.
  }
  return { kind: 'asked', order, answer };
}
