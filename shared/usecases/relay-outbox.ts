import { isDue } from '#shared/core/age.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import { NO_REFUSALS, planAgainMs } from '#shared/core/orders/refusals.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { OrdersRepository, OutboxRow } from '#shared/ports/repositories/orders-repository.ts';
import { QueueError, type WorkQueue } from '#shared/ports/work-queue.ts';

export interface RelayOutboxDeps {
  readonly orders: Pick<
    OrdersRepository,
    'pendingOutbox' | 'expiredOutbox' | 'markEnqueued' | 'ackOutbox' | 'recordEnd' | 'find'
  >;
  /** FIFO queue `orders`. */
  readonly queue: WorkQueue;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface RelayOutboxInput {
  readonly exchange: string;
  /** Rows put on the queue, and expired rows looked at, in one pass. */
  readonly batchSize: number;
  /** A row that was put on the queue is left to it for this long. */
  readonly resendAfterMs: number;
}

export interface RelayOutboxFacts {
  readonly sent: readonly ClientOrderId[];
  /** Ended, because they expired before anything was sent. */
  readonly expired: readonly ClientOrderId[];
  /** Symbols of those of them that were to reduce: nobody else plans these exits again before the schedule does. */
  readonly expiredExits: readonly string[];
  /** Expired commands of orders that were sent: the tracker asks what became of them. */
  readonly orphaned: readonly ClientOrderId[];
  /** The queue would not take them: the next pass tries again. */
  readonly queueError: string | null;
}

/**
 * Puts unacknowledged commands on the queue again until they are acknowledged or expire, and ends what expired unsent
 * (architecture, rule 3.4). Any number of relays may run at once: the queue drops repeats and the gateway executes once.
 */
export async function relayOutbox(deps: RelayOutboxDeps, input: RelayOutboxInput): Promise<RelayOutboxFacts> {
  const nowMs = deps.clock.nowMs();
  const expired = await endExpired(deps, input, nowMs);
  const pending = await deps.orders.pendingOutbox(input.exchange, nowMs, input.batchSize);
  const due = pending.filter((row) => row.enqueuedAtMs === null || isDue(row.enqueuedAtMs, nowMs, input.resendAfterMs));
  const none = { sent: [], ...expired, queueError: null };
  if (due.length === 0) return none;
  try {
    await deps.queue.send(due.map(toMessage));
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    return { ...none, queueError: error.message };
  }
  const sent = due.map((row) => row.clientOrderId);
  await deps.orders.markEnqueued(sent, nowMs);
  return { ...none, sent };
}

/** A repeat within five minutes is dropped by the queue unless its attempt differs. */
const toMessage = (row: OutboxRow) => ({
  body: row.body,
  groupId: `${row.exchange}:${row.account}`,
  deduplicationId: `${row.clientOrderId}:${row.attempts}`,
});

async function endExpired(
  deps: RelayOutboxDeps,
  input: RelayOutboxInput,
  nowMs: EpochMs,
): Promise<Pick<RelayOutboxFacts, 'expired' | 'expiredExits' | 'orphaned'>> {
  const expired: ClientOrderId[] = [];
  const expiredExits: string[] = [];
  const orphaned: ClientOrderId[] = [];
  for (const { clientOrderId, status } of await deps.orders.expiredOutbox(input.exchange, nowMs, input.batchSize)) {
    const ended =
      status === 'intent' &&
      (await deps.orders.recordEnd(
        {
          clientOrderId,
          status: 'expired',
          filledSize: '0',
          averagePrice: null,
          venueEndedAtMs: null,
          errorCode: 'expired',
          errorMessage: 'expired before it was sent',
          // The gateway may have sent it since we looked.
          onlyFrom: ['intent'],
        },
        nowMs,
      ));
    if (ended) {
      expired.push(clientOrderId);
      const order = await deps.orders.find(clientOrderId);
      if (
        order !== null &&
        planAgainMs(order, { exitAttempts: 0, holdReason: null, refusals: NO_REFUSALS }, 0) !== null
      ) {
        expiredExits.push(order.symbol);
      }
    } else {
      await deps.orders.ackOutbox(clientOrderId, nowMs);
      orphaned.push(clientOrderId);
    }
  }
  return { expired, expiredExits, orphaned };
}
