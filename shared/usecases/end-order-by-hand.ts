import { endByHand, type HandEnd } from '#shared/core/orders/end-by-hand.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import { type Refusal, refusal } from '#shared/core/refusal.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';

export interface EndOrderByHandDeps {
  readonly orders: Pick<OrdersRepository, 'find' | 'orderFills' | 'recordEnd' | 'epoch'>;
  readonly alerts: Alerts;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface EndOrderByHandInput extends HandEnd {
  readonly exchange: string;
  readonly account: string;
  readonly clientOrderId: ClientOrderId;
}

export type EndOrderByHandOutcome =
  | {
      readonly kind: 'ended';
      readonly symbol: string;
      /** False: it had ended like that before. */
      readonly changed: boolean;
      /** What was done and what follows, as the rest of a sentence that begins with the symbol. */
      readonly what: string;
      /** Reason of the HOLD that the symbol is on. */
      readonly hold: string | null;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Ends an order that the order tracker has given up on, by a human's word about what it traded; it keeps its symbol from every other
 * order, exits included, until then. Who and why stand with the order and among the alerts. Nothing is sent to the venue.
 */
export async function endOrderByHand(
  deps: EndOrderByHandDeps,
  input: EndOrderByHandInput,
): Promise<EndOrderByHandOutcome> {
  const { exchange, account, clientOrderId, by, reason } = input;
  const order = await deps.orders.find(clientOrderId);
  if (order === null || order.exchange !== exchange || order.account !== account) {
    return { kind: 'refused', refusal: refusal('unknown-order', 'no order of that id is stored') };
  }
  const { symbol, venueOrderId, status } = order;
  const ids = { clientOrderIds: [clientOrderId], venueOrderIds: venueOrderId === null ? [] : [venueOrderId] };
  const fills = await deps.orders.orderFills(exchange, account, ids);
  const nowMs = deps.clock.nowMs();
  const ended = endByHand(order, fills, input, nowMs);
  if (ended.kind === 'refused') return ended;
  const changed =
    ended.kind === 'end' && (await deps.orders.recordEnd({ clientOrderId, ...ended.end, onlyFrom: [status] }, nowMs));
  if (ended.kind === 'end' && !changed) {
    return { kind: 'refused', refusal: refusal('order-moved', 'the order tracker learned of it at the same moment') };
  }
  const { filledSize, status: end } = ended.kind === 'end' ? ended.end : order;
  const done = `order ${clientOrderId} counts as ${end}, ${filledSize} of ${order.size} traded`;
  if (changed) {
    await deps.alerts.raise({
      id: `ended-by-hand:${clientOrderId}`,
      kind: 'operator-action',
      severity: 'warning',
      exchange,
      symbol,
      message: `${symbol}: ${done} (${by}: ${reason})`,
      detail: { action: 'resolve', clientOrderId, filledSize, size: order.size, was: order.errorCode, by, reason },
    });
  }
  const { holdReason: hold } = await deps.orders.epoch(exchange, account, symbol);
  const next =
    hold === null
      ? 'the account is read again, then the symbol is planned; a position that no stored fill leads to puts it on HOLD'
      : `exits go out again; nothing is opened before \`3t adopt ${symbol}\` or release, it is on HOLD (${hold})`;
  return { kind: 'ended', symbol, changed, what: `${done}: ${next}`, hold };
}
